"""Solved questionnaires as groups of people."""

from functools import cache

import numpy as np

from sapa.microdata.cells import complaints
from sapa.microdata.channels import users_only
from sapa.microdata.counts import solve
from sapa.microdata.people import Group
from sapa.microdata.targets import target
from sapa.microdata.vectors import count_vectors
from sapa.scheme_2020 import items_of, questionnaire


@cache
def form_group(service: str, channel: str) -> Group:
    """Counts of every item of a service's questionnaire, as one group of people.

    Criteria that the report gives no figure apply to nobody; feedback then applies to the printed
    complainers, who rated nothing.

    >>> group = form_group("s49", "online")
    >>> group.size, group.counts[13].tolist()
    (11, [0, 1, 0, 1, 8])
    """
    solution, forms = solve(service), target(service).forms
    size = dict(zip((form.channel for form in forms), solution.split.n, strict=True))[channel]
    items = items_of(channel)
    asked, raters, fives, sums = (np.zeros(len(items), dtype=np.int64) for _ in range(4))
    shared = np.full(len(items), -1)
    mine = [counts for counts in solution.counts if counts.channel == channel]
    for label, found in enumerate(mine):
        at = [items.index(item) for item in found.cell.items]
        asked[at] = found.cell.asked
        raters[at], fives[at], sums[at] = found.raters, found.fives, found.sums
        if users_only(channel, found.cell.criterion):
            shared[at] = label
    if all(found.cell.criterion != "feedback" for found in mine):
        feedback = (questionnaire()["criterion"].loc[list(items)] == "feedback").to_numpy()
        asked[feedback], shared[feedback] = complaints(service).get(channel, 0), len(mine)
    return Group(size, asked, count_vectors(raters, fives, sums), shared)
