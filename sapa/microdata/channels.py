"""How many of a service's respondents came through each channel, and who was put its special items.

The report prints an online share for some services; for the others any split is allowed. Of the allowed
splits the one is taken that lets most criteria print both figures; among equals the one nearest to the
survey's 34.7% online.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pandas as pd

from sapa.microdata.lattice import attains
from sapa.microdata.targets import Figures, Form, Service
from sapa.published import printed, table
from sapa.scheme_2020 import items_of, questionnaire

COSTS_FREE, COSTS_PAID = 2, 4
ASSISTANT_USE: Final = 4 / 11  # Table 3: 4 of 11 online recipients rated the assistant (3.25 = 13/4)
USERS_ONLY: Final = (("online", "staff_or_assistant"), ("online", "feedback"))


@dataclass(frozen=True, slots=True)
class Split:
    """Respondents by channel of one service.

    Attributes
    ----------
    n
        Respondents of each channel, in the order of the service's forms.
    paid
        Whether the two payment items were put to them.
    printed
        Online share as printed, empty where none is.
    allowed
        Number of splits that the printed share allows; zero when no whole split prints it.
    attainable, cells
        Criteria whose two figures the split lets print, of those judged.
    """

    service: str
    n: tuple[int, ...]
    paid: bool
    printed: str
    allowed: int
    attainable: int
    cells: int


@cache
def asked_items(channel: str, *, paid: bool) -> dict[str, tuple[str, ...]]:
    """Items that a channel's list puts, by criterion; the two payment items only where the service is paid.

    >>> asked_items("online", paid=False)["costs"]
    ('p20', 'p21')
    """
    criterion = questionnaire()["criterion"].to_dict()
    groups: dict[str, tuple[str, ...]] = {}
    for item in items_of(channel):
        groups[criterion[item]] = (*groups.get(criterion[item], ()), item)
    if "costs" in groups and not paid:
        groups["costs"] = groups["costs"][COSTS_PAID - COSTS_FREE :]
    return groups


def users_only(form: Form, criterion: str) -> bool:
    """Whether the criterion's items are put to their users: complainers, users of the assistant."""
    return criterion == "feedback" or (form.channel, criterion) in USERS_ONLY


def split(service: Service) -> Split:
    """Split of a service over its channels.

    >>> from sapa.microdata.targets import targets
    >>> next(split(s) for s in targets() if s.service == "s49").n
    (93, 11)
    """
    share = _printed_share(service.service)
    allowed = _allowed(service.n, share) if len(service.forms) > 1 else [(service.n,)]
    candidates = allowed or _allowed(service.n, "")
    n, paid, attained = _best(service, candidates)
    judged = sum(len(_judged(form)) for form in service.forms)
    return Split(service.service, n, paid, share, len(allowed), attained, judged)


def _best(service: Service, candidates: list[tuple[int, ...]]) -> tuple[tuple[int, ...], bool, int]:
    """Split and payment under which most criteria attain; among equals free, then nearest to the survey's share."""

    def merit(choice: tuple[tuple[int, ...], bool]) -> tuple[int, bool, float]:
        n, paid = choice
        return _attainable(service, n, paid), not paid, -abs(n[-1] / service.n - _overall_online())

    n, paid = max(((n, paid) for n in candidates for paid in (False, True)), key=merit)
    return n, paid, _attainable(service, n, paid)


def _allowed(n: int, share: str) -> list[tuple[int, int]]:
    """Whole splits (other, online) whose online share prints as `share`, with as many decimals."""
    if not share:
        return [(n - k, k) for k in range(1, n)]
    unit = 10.0 ** -len(share.partition(".")[2])
    return [
        (n - k, k)
        for k in range(1, n)
        if float(share) - unit / 2 - 1e-9 <= 100 * k / n < float(share) + unit / 2 - 1e-9
    ]


def _attainable(service: Service, n: tuple[int, ...], paid: bool) -> int:
    return sum(
        _cell(people, len(asked_items(form.channel, paid=paid)[criterion]), figures)
        for form, people in zip(service.forms, n, strict=True)
        for criterion, figures in _judged(form).items()
    )


@cache
def _cell(people: int, items: int, figures: Figures) -> bool:
    return attains(people, items, figures)


def _judged(form: Form) -> dict[str, Figures]:
    """Criteria put to the whole channel with both figures printed."""
    return {
        criterion: figures
        for criterion, figures in form.criteria.items()
        if not users_only(form, criterion) and not np.isnan(figures.mean.printed + figures.share.printed)
    }


@cache
def _printed_shares() -> pd.Series:
    return printed("service_sections").set_index("service_id")["online_share_pct"]


def _printed_share(service: str) -> str:
    return str(_printed_shares()[service])


@cache
def _overall_online() -> float:
    rows = table("demographics").set_index(["category", "level"])["pct"]
    return float(rows["channel", "online on own"]) / 100
