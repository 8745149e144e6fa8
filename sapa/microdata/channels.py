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

from sapa.microdata.attainable import attains
from sapa.microdata.targets import Figures, Form, Interval, Service, target
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


@cache
def split(name: str) -> Split:
    """Split of a service over its channels.

    >>> split("s49").n
    (93, 11)
    """
    service = target(name)
    share = _printed_shares()[name]
    every: list[tuple[int, ...]] = [(service.n,)]
    if len(service.forms) > 1:
        every = [(service.n - k, k) for k in range(1, service.n)]
    merit = {choice: _merit(service, *choice) for choice in product(every, (False, True))}
    allowed = [n for n in every if len(n) == 1 or _prints(n, share)]
    n, paid = max(product(allowed or every, (False, True)), key=lambda choice: merit[choice])
    free = max(merit, key=lambda choice: merit[choice])
    judged = sum(len(_judged(form)) for form in service.forms)
    return Split(name, n, paid, share, len(allowed), merit[n, paid][0], judged, free[0], merit[free][0])


def _prints(n: tuple[int, ...], share: str) -> bool:
    """Whether the online share of a split prints as `share`, with as many decimals."""
    unit = 10.0 ** -len(share.partition(".")[2])
    return not share or Interval.of(float(share), unit).holds(100 * n[-1] / sum(n))


def _merit(service: Service, n: tuple[int, ...], paid: bool) -> tuple[int, bool, float]:
    """Criteria attained; of equals a free service, then the split nearest to 34.7% online."""
    attained = sum(_attained(service.service, h, people, paid) for h, people in enumerate(n))
    return attained, not paid, -abs(n[-1] / service.n - _overall_online())


@cache
def _attained(service: str, position: int, people: int, paid: bool) -> int:
    """Criteria of one form that so many people let print."""
    form = target(service).forms[position]
    return sum(
        _attains(service, position, criterion, people, len(asked_items(form.channel, paid=paid)[criterion]))
        for criterion in _judged(form)
    )


@cache
def _attains(service: str, position: int, criterion: str, people: int, items: int) -> bool:
    return attains(people, items, target(service).forms[position].criteria[criterion], rounded=True)


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


@cache
def _overall_online() -> float:
    rows = table("demographics").set_index(["category", "level"])["pct"]
    return float(rows["channel", "online on own"]) / 100
