"""Bounds by cases: a figure prints or misses by half a unit at least, and each case has its own prices.

Prices of all placements together mix answers of a region that print with answers that miss. Where they do,
the figure is asked: placements in which it prints, and those in which it does not, are bounded apart, and the
lower of the two bounds holds for all (branch and price; Barnhart et al. 1998).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.bound import Answer, Priced, best_prices, bound, in_box
from sapa.microdata.programme import Part

Floats = NDArray[np.float64]
Figure = tuple[int, int]  # region, and 0 for its mean or 1 for satisfaction
CASES: Final = 12
WIDE: Final = 2.0  # units of error that prices may change by where mixed answers are looked for
MIXED: Final = 0.001


@dataclass(frozen=True, slots=True)
class Case:
    """Placements in which some figures print and some do not, and prices that bound them.

    Attributes
    ----------
    missed
        By figure: whether it does not print.
    price : (6 C,) float
    """

    missed: Mapping[Figure, bool]
    price: Floats


def exhaustive(cases: Sequence[Mapping[Figure, bool]]) -> bool:
    """Whether every placement falls under a case.

    >>> exhaustive([{}]), exhaustive([{(0, 0): True}, {(0, 0): False}])
    (True, True)
    >>> exhaustive([{(0, 0): True}, {(0, 0): False, (3, 1): True}])
    False
    """
    if not all(cases):
        return bool(cases)
    if not cases:
        return False
    asked = next(iter(cases[0]))
    return all(
        exhaustive(
            [
                {figure: told for figure, told in case.items() if figure != asked}
                for case in cases
                if case.get(asked, missed) == missed
            ]
        )
        for missed in (False, True)
    )


def bound_by_cases(found: Sequence[Part], total: Floats, cases: Sequence[Case]) -> float:
    """Least total error, or less, of all placements that fall under the cases."""
    return min(bound(given(found, case.missed), total, case.price) for case in cases)


def given(found: Sequence[Part], missed: Mapping[Figure, bool]) -> list[Part]:
    """Programmes of regions whose figures print, or need not, as told."""
    told = list(found)
    for (region, figure), value in missed.items():
        part = told[region]
        low, high = part.low.copy(), part.high.copy()
        low[part.missed[figure]] = high[part.missed[figure]] = float(value)
        told[region] = replace(part, low=low, high=high)
    return told


def best_cases(
    found: Sequence[Part], total: Floats, price: Floats, *, goal: float, steps: int, most: int = CASES
) -> tuple[tuple[Case, ...], float]:
    """Cases, at most `most`, of a larger bound than that of prices alone, and the bound.

    The case of the lowest bound is split by the figure whose answers are most mixed, until all reach `goal`.
    """
    cases: list[tuple[Mapping[Figure, bool], Priced]] = [
        ({}, best_prices(found, total, price, goal=goal, steps=steps))
    ]
    while len(cases) < most:
        missed, priced = min(cases, key=_bound)
        asked = None if priced.bound >= goal else _most_mixed(priced, total, missed)
        if asked is None:
            break
        cases.remove((missed, priced))
        for value in (False, True):
            case = {**missed, asked: value}
            known = [answer for answer in priced.answers if _falls(answer, case)]
            new = best_prices(given(found, case), total, priced.price, goal=goal, steps=steps, answers=known)
            cases.append((case, new))
    return tuple(Case(missed, priced.price) for missed, priced in cases), min(map(_bound, cases))


def _bound(case: tuple[Mapping[Figure, bool], Priced]) -> float:
    return case[1].bound


def _falls(answer: Answer, case: Mapping[Figure, bool]) -> bool:
    return all(
        answer.missed[figure] == value for (region, figure), value in case.items() if region == answer.region
    )


def _most_mixed(priced: Priced, total: Floats, told: Mapping[Figure, bool]) -> Figure | None:
    """The figure that prints in half of its region's answers, or nearly, weighed as they attain the bound."""
    box = np.where(total > 0, WIDE, 0.0)
    _, _, part = in_box(priced.answers, total, priced.price, box)
    often: dict[Figure, float] = {}
    for weight, answer in zip(part, priced.answers, strict=True):
        for figure, missed in enumerate(answer.missed):
            at = (answer.region, figure)
            often[at] = often.get(at, 0.0) + float(weight * missed)
    mixed = {
        figure: share for figure, share in often.items() if MIXED < share < 1 - MIXED and figure not in told
    }
    return min(mixed, key=lambda figure: abs(mixed[figure] - 0.5), default=None)
