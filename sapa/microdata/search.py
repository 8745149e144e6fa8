"""Counts by class of items of a local service's regions whose printed figures err little.

First one region after another is made whole, the smallest first, while those left stay real numbers (relax
and fix): so the largest, where an error costs least, takes what is left. Then regions are solved again, a few
together with all others as they are (large neighbourhoods; Shaw 1998), those of most error oftener. Both use
integer programmes that stop after so many nodes, never after so much time.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult

from sapa.microdata.programme import Part
from sapa.microdata.solve import least, relaxed, states

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
NODES: Final = 1500
TOGETHER: Final = 5
APART: Final = 0.02  # units that an integer programme may leave
GAIN: Final = 1e-4


def search(
    found: Sequence[Part],
    total: Floats,
    size: Ints,
    *,
    rounds: int,
    goal: float,
    ties: float,
    seed: int = 2020,
    start: Floats | None = None,
) -> tuple[list[Floats], float]:
    """Variables of every region and their total error.

    Parameters
    ----------
    found, total
        Of :func:`sapa.microdata.programme.parts`.
    size : (R,) int
        People by region.
    rounds
        Neighbourhoods looked at.
    goal
        Error at which the search ends.
    ties
        Units of error that a departure from independence costs (:func:`sapa.microdata.solve.least`).
    start : (R, 6 C)
        Sums of every region to begin with; without them regions are made whole one after another.

    Raises
    ------
    ValueError
        When no whole counts were found.
    """
    if start is None:
        solved = _one_after_another(found, total, np.argsort(size, kind="stable").tolist(), ties)
    else:
        solved = [
            _whole(part, least([part], sums, ties=ties)) for part, sums in zip(found, start, strict=True)
        ]
    rng = np.random.default_rng(seed)
    for _ in range(rounds):
        errors = _errors(found, solved)
        if errors.sum() <= goal + GAIN:
            break
        weight = errors + errors.mean() + GAIN
        few = rng.choice(len(found), min(TOGETHER, len(found)), replace=False, p=weight / weight.sum())
        _again(found, solved, few.tolist(), ties)
    return solved, float(_errors(found, solved).sum())


def _whole(part: Part, answer: OptimizeResult) -> Floats:
    if answer.x is None:
        raise ValueError(f"no whole counts found for a region: {answer.message}")
    state: Floats = np.where(part.whole, np.rint(answer.x), answer.x)
    return state


def _errors(found: Sequence[Part], solved: Sequence[Floats]) -> Floats:
    return np.array([part.cost @ state for part, state in zip(found, solved, strict=True)])


def _one_after_another(found: Sequence[Part], total: Floats, order: list[int], ties: float) -> list[Floats]:
    solved: dict[int, Floats] = {}
    left, rest, scale = list(order), total.copy(), 1.0
    while left:
        now = left if len(left) == 2 else left[:1]
        some = [found[r] if r in now else relaxed(found[r]) for r in left]
        answer = least(some, rest, ties=ties, gap=APART / scale, nodes=NODES)
        if answer.x is None:
            raise ValueError(f"no whole counts found for {len(left)} of the regions: {answer.message}")
        for r, state in zip(left, states(some, answer), strict=True):
            if r in now:
                solved[r] = np.where(found[r].whole, np.rint(state), state)
                rest = rest - np.rint(found[r].sums @ state)
        left, scale = left[len(now) :], max(answer.fun, 1.0)
    return [solved[r] for r in range(len(found))]


def _again(found: Sequence[Part], solved: list[Floats], few: list[int], ties: float) -> None:
    """The regions solved once more, together; kept when they err less, or as much nearer independence."""
    some = [found[r] for r in few]
    rest = sum(np.rint(found[r].sums @ solved[r]) for r in few)
    now = sum(float((found[r].cost + ties * found[r].tie) @ solved[r]) for r in few)
    answer = least(some, rest, ties=ties, gap=APART / max(now, 1.0), nodes=NODES)
    if answer.x is None or answer.fun > now - GAIN:
        return
    for r, state in zip(few, states(some, answer), strict=True):
        solved[r] = np.where(found[r].whole, np.rint(state), state)
