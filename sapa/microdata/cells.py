"""The cells of a questionnaire: each criterion with its items, the people asked and what prints."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from sapa.microdata.attainable import attains
from sapa.microdata.channels import Split, asked_items, split, users_only
from sapa.microdata.lattice import apportion
from sapa.microdata.targets import Figures, Form, target
from sapa.published import table
from sapa.scheme_2020 import LIST_OF_CHANNEL

ITEM_BY_ITEM: Final = "s49"  # the service that Tables 2-3 print item by item
ASSISTANT_USE: Final = 4 / 11  # Table 3: 4 of the 11 online recipients rated the assistant (3.25 = 13/4)


@dataclass(frozen=True, slots=True)
class Cell:
    """Criterion of one questionnaire before its counts are chosen.

    Attributes
    ----------
    asked
        People whom every item of the criterion was put to.
    each
        Printed figures of the items themselves (Tables 2-3), empty elsewhere.
    """

    criterion: str
    items: tuple[str, ...]
    asked: int
    figures: Figures
    each: tuple[Figures, ...] = ()


def cells(form: Form, n: int, chosen: Split) -> list[Cell]:
    """Cells of a questionnaire answered by n people.

    >>> service = target("s49")
    >>> [(cell.criterion, cell.asked) for cell in cells(service.forms[1], 11, split("s49"))][:2]
    [('staff_or_assistant', 4), ('access', 11)]
    """
    items = asked_items(form.channel, paid=chosen.paid)
    return [
        Cell(
            criterion,
            items[criterion],
            asked(form, criterion, n, figures),
            figures,
            _each(form, items[criterion]),
        )
        for criterion, figures in form.criteria.items()
    ]


def asked(form: Form, criterion: str, n: int, figures: Figures) -> int:
    """People of n to whom a criterion's items apply.

    All of them, but: complainers are the smallest number that prints both figures and is at least the
    channel's printed complaints; users of the assistant are the number, of those that print both figures,
    nearest to the share of Table 3.
    """
    if criterion == "feedback":
        least = max(1, complaints(form.service).get(form.channel, 0))
        return next((k for k in range(least, n + 1) if attains(k, 2, figures, rounded=True)), least)
    if not users_only(form.channel, criterion):
        return n
    usual = ASSISTANT_USE * n
    nearest = sorted(range(1, n + 1), key=lambda users: (abs(users - usual), users))
    return next(
        (k for rounded in (False, True) for k in nearest if attains(k, 3, figures, rounded=rounded)),
        nearest[0],
    )


@cache
def complaints(service: str) -> dict[str, int]:
    """Printed complaints of a service by channel, in proportion to the channels' respondents.

    Channels without feedback figures have none. Where no channel has any, all channels share them: these
    people complained and rated nothing.

    >>> complaints("s24"), complaints("s21")
    ({'online': 9}, {'office': 2, 'online': 2})
    """
    percent = _complaint_percents()[service]
    if not percent > 0:
        return {}
    printed = target(service)
    n = dict(zip((form.channel for form in printed.forms), split(service).n, strict=True))
    rated = [form.channel for form in printed.forms if "feedback" in form.criteria] or list(n)
    total = round(percent / 100 * printed.n)
    parts = apportion(total, np.array([n[channel] for channel in rated]))
    return dict(zip(rated, parts.tolist(), strict=True))


@cache
def _complaint_percents() -> dict[str, float]:
    rows = table("service_sections")
    return dict(zip(rows["service_id"], rows["complaint_pct"].astype(float), strict=True))


def _each(form: Form, items: tuple[str, ...]) -> tuple[Figures, ...]:
    if form.service != ITEM_BY_ITEM:
        return ()
    printed = _item_figures(form.channel)
    return tuple(printed[item] for item in items)


@cache
def _item_figures(channel: str) -> dict[str, Figures]:
    """Item figures of Table 2 or 3."""
    name = LIST_OF_CHANNEL[channel]
    rows = table(f"scoring_example_{name}").query("criterion != ''")
    return {
        f"{name[0]}{int(row.item_no):02d}": Figures.of(row.mean_score, row.satisfaction_pct)
        for row in rows.itertuples(index=False)
    }
