"""Synthetic respondents who re-publish the 2020 report."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from estimators.ratings import NOT_ASKED
from sapa.microdata.cells import complaints
from sapa.microdata.channels import users_only
from sapa.microdata.counts import solve
from sapa.microdata.people import Group, order
from sapa.microdata.placement import ASSUMPTION, placement_2020
from sapa.microdata.targets import Service, target, targets
from sapa.microdata.vectors import count_vectors
from sapa.scheme_2020 import items_of, questionnaire

Progress = Callable[[float, str], None]
ATTRS: Final = {
    "title": "Synthetic respondents who re-publish the 2020 report",
    "corrections": "on",
    "placement": ASSUMPTION,
}


def synthetic_2020(
    *, rho: float = 0.5, rng: np.random.Generator | int | None = None, progress: Progress | None = None
) -> xr.Dataset:
    """Synthetic microdata of the 2020 monitoring whose scores print as the report's.

    Parameters
    ----------
    rho
        Correlation of a person's latent scores on two items, in [0, 1). It orders fixed counts: no margin
        depends on it or on `rng`.
    rng
        Generator or seed of the deal.
    progress
        Called with the share done, in 0..1, and what is being done.

    Returns
    -------
    Dataset over ``respondent`` (9,181) and ``item`` (54): ``service``, ``region``, ``channel`` along
    respondent and ``ratings`` int8 with the codes of :mod:`estimators.ratings`; ``criterion`` along item.

    Raises
    ------
    ValueError
        When `rho` is outside [0, 1).

    Examples
    --------
    >>> data = synthetic_2020(rng=1)
    >>> dict(data.sizes)
    {'respondent': 9181, 'item': 54}
    """
    if not 0 <= rho < 1:
        raise ValueError(f"rho must lie in [0, 1), got {rho}: it is a correlation of normal scores")
    generator = np.random.default_rng(rng)
    tell = progress or (lambda share, what: None)
    parts = []
    for done, service in enumerate(targets()):
        tell(done / len(targets()), f"respondents of {service.service}")
        parts.append(_respondents(service, rho, generator))
    tell(1.0, "respondents of every service")
    return _dataset(parts, rho)


@dataclass(frozen=True, slots=True)
class _Part:
    """People of one service: ids and ratings (n, 54)."""

    service: str
    region: NDArray[np.str_]
    channel: NDArray[np.str_]
    ratings: NDArray[np.int8]


def _respondents(service: Service, rho: float, rng: np.random.Generator) -> _Part:
    places = placement_2020().loc[service.service]
    region = rng.permutation(np.repeat(places.index.to_numpy(dtype=str), places))
    split = solve(service.service).split
    channel = np.repeat([form.channel for form in service.forms], split.n)
    ratings = np.full((service.n, len(questionnaire())), NOT_ASKED, dtype=np.int8)
    for form in service.forms:
        here = np.flatnonzero(channel == form.channel)
        columns = questionnaire().index.get_indexer(list(items_of(form.channel)))
        ratings[np.ix_(here, columns)] = order(form_group(service.service, form.channel), rho=rho, rng=rng)
    return _Part(service.service, region, channel, ratings)


@cache
def form_group(service: str, channel: str) -> Group:
    """Counts of every item of a questionnaire, as one group of people."""
    solution = solve(service)
    form = next(f for f in target(service).forms if f.channel == channel)
    size = dict(zip((f.channel for f in target(service).forms), solution.split.n, strict=True))[channel]
    items = list(items_of(channel))
    asked = np.zeros(len(items), dtype=np.int64)
    raters, fives, sums = (np.zeros(len(items), dtype=np.int64) for _ in range(3))
    shared = np.full(len(items), -1)
    for label, found in enumerate(c for c in solution.counts if c.channel == channel):
        at = [items.index(item) for item in found.cell.items]
        asked[at] = found.cell.asked
        raters[at], fives[at], sums[at] = found.raters, found.fives, found.sums
        if users_only(channel, found.cell.criterion):
            shared[at] = label
    silent = complaints(service).get(channel, 0)
    feedback = [k for k, item in enumerate(items) if questionnaire().at[item, "criterion"] == "feedback"]
    if "feedback" not in form.criteria and silent:
        asked[feedback], shared[feedback] = silent, len(items)
    return Group(size, asked, count_vectors(raters, fives, sums), shared)


def _dataset(parts: list[_Part], rho: float) -> xr.Dataset:
    items = questionnaire()
    return xr.Dataset(
        {
            "service": ("respondent", np.repeat([p.service for p in parts], [len(p.region) for p in parts])),
            "region": ("respondent", np.concatenate([p.region for p in parts])),
            "channel": ("respondent", np.concatenate([p.channel for p in parts])),
            "ratings": (("respondent", "item"), np.concatenate([p.ratings for p in parts])),
        },
        coords={
            "respondent": np.arange(sum(len(p.region) for p in parts)),
            "item": items.index.to_numpy(dtype=str),
            "criterion": ("item", items["criterion"].to_numpy(dtype=str)),
        },
        attrs=ATTRS | {"rho": rho},
    )
