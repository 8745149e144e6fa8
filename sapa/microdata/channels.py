"""How many of a service's respondents came through each channel, and who was put its special items.

The report prints an online share for some services; for the others any split is allowed. Of the allowed
splits the one is taken that lets most criteria print both figures; among equals the one nearest to the
survey's 34.7% online.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Final

import numpy as np

from sapa.microdata.lattice import attains
from sapa.microdata.targets import Figures, Form, Interval, Service
from sapa.published import printed, table
from sapa.scheme_2020 import LIST_OF_CHANNEL, USERS_ONLY, items_of, questionnaire

PAYMENT_ITEMS: Final = 2  # the first items of the costs criterion


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
        Online share as printed (or 100 less the printed office share), empty where none is.
    allowed
        Number of splits that the printed share allows; zero when no whole split prints it.
    attained, judged
        Criteria whose two figures the split lets print, of those put to the whole channel.
    free_n, free_attained
        The split that would be taken were no share printed, and what it attains.
    """

    service: str
    n: tuple[int, ...]
    paid: bool
    printed: str
    allowed: int
    attained: int
    judged: int
    free_n: tuple[int, ...]
    free_attained: int


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
        groups["costs"] = groups["costs"][PAYMENT_ITEMS:]
    return groups


def users_only(channel: str, criterion: str) -> bool:
    """Whether the criterion's items are put to their users: complainers, users of the assistant."""
    return (LIST_OF_CHANNEL[channel], criterion) in USERS_ONLY


def split(service: Service) -> Split:
    """Split of a service over its channels.

    >>> from sapa.microdata.targets import targets
    >>> next(split(s) for s in targets() if s.service == "s49").n
    (93, 11)
    """
    share = _printed_share(service.service)
    every: list[tuple[int, ...]] = [(service.n,)]
    if len(service.forms) > 1:
        every = [(service.n - k, k) for k in range(1, service.n)]
    allowed = [n for n in every if len(n) == 1 or _prints(n, share)]
    n, paid, attained = _best(service, allowed or every)
    free_n, _, free_attained = _best(service, every)
    judged = sum(len(_judged(form)) for form in service.forms)
    return Split(service.service, n, paid, share, len(allowed), attained, judged, free_n, free_attained)


def _prints(n: tuple[int, ...], share: str) -> bool:
    """Whether the online share of a split prints as `share`, with as many decimals."""
    unit = 10.0 ** -len(share.partition(".")[2])
    return not share or Interval.of(float(share), unit).holds(100 * n[-1] / sum(n))


def _best(service: Service, candidates: list[tuple[int, ...]]) -> tuple[tuple[int, ...], bool, int]:
    """Split and payment under which most criteria attain; of equals free, then nearest to 34.7% online."""

    def merit(choice: tuple[tuple[int, ...], bool]) -> tuple[int, bool, float]:
        n, paid = choice
        return _attained(service, n, paid), not paid, -abs(n[-1] / service.n - _overall_online())

    n, paid = max(product(candidates, (False, True)), key=merit)
    return n, paid, _attained(service, n, paid)


def _attained(service: Service, n: tuple[int, ...], paid: bool) -> int:
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
        if not users_only(form.channel, criterion)
        and not np.isnan(figures.mean.printed + figures.share.printed)
    }


@cache
def _printed_shares() -> dict[str, str]:
    """Online shares as printed; where only the office share is, the rest of it with the same decimals."""
    rows = printed("service_sections").set_index("service_id")
    shares = {}
    for service, online, office in rows[["online_share_pct", "office_share_pct"]].itertuples():
        digits = len(office.partition(".")[2])
        shares[service] = online or (f"{100 - float(office):.{digits}f}" if office else "")
    return shares


def _printed_share(service: str) -> str:
    return _printed_shares()[service]


@cache
def _overall_online() -> float:
    rows = table("demographics").set_index(["category", "level"])["pct"]
    return float(rows["channel", "online on own"]) / 100
