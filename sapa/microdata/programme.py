"""A region's counts by class of items and the error of its two printed figures, as an integer programme.

Items of a class are asked of the same people and weigh the same, so a region's figures depend on sums
over items only: ratings 1..5 and points lost below five, both by number of missing answers, because an item's
mean is over its raters. Sums that no single items have are not all excluded: what is least here is no more
than what is least for ratings.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from sapa.microdata.board import HALF
from sapa.microdata.layout import Layout
from sapa.microdata.nearest import interval
from sapa.microdata.targets import MEAN_UNIT, SHARE_UNIT

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Terms = dict[int, float]
Levels = tuple[tuple[int, int, int, tuple[int, ...]], ...]
LOST: Final = np.array([4, 3, 2, 1, 0])  # points below five of ratings 1..5
MOST: Final = (400.0, 1000.0)  # units between the least and the largest mean, and satisfaction
LIKE: Final = 2  # counts of a rating by which items may differ that are summed
APART: Final = 1e6
TOLERANCE: Final = 1.1e-6  # of whole numbers in the solver, and a little


@dataclass(frozen=True, slots=True)
class Part:
    """Integer programme of one region.

    Attributes
    ----------
    cost, tie : (N,) float
        Errors of the figures, in units of the last digit, and what departing from independence adds to them.
    low, high : (N,) float
    whole : (N,) bool
    rows : (M, N) sparse
        Between ``least`` and ``most``.
    sums : (6 C, N) sparse
        Ratings 1..5 and missing answers of each class.
    missed
        Positions of what tells whether the mean, and satisfaction, does not print; -1 where none is printed.
    levels : tuple of (C,) tuples of (silent, items, lost, ratings)
        Of each class: missing answers of an item, positions of the number of such items, of the points that
        they lose and of their ratings 1..5.
    """

    cost: Floats
    tie: Floats
    low: Floats
    high: Floats
    whole: NDArray[np.bool_]
    rows: csr_array
    least: Floats
    most: Floats
    sums: csr_array
    missed: tuple[int, ...]
    levels: tuple[Levels, ...]


@dataclass(slots=True)
class _Draft:
    """Variables and rows of a region while they are written down."""

    cost: list[float] = field(default_factory=list)
    tie: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[tuple[Terms, float, float]] = field(default_factory=list)

    def variable(
        self, high: float, *, low: float = 0.0, whole: bool = True, cost: float = 0.0, tie: float = 0.0
    ) -> int:
        self.cost.append(cost)
        self.tie.append(tie)
        self.low.append(low)
        self.high.append(high)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(self, terms: Terms, least: float, most: float) -> None:
        self.rows.append((terms, least, most))


def alike(laid: Layout, like: int) -> Ints:
    """(B,) labels of blocks asked of the same people, of the same weight, counts apart by `like` at most."""
    missing = laid.asked.sum(axis=1) - laid.counts.sum(axis=1)
    answers = np.column_stack([missing * APART, laid.counts])
    same = np.column_stack([laid.asked, laid.weight.round(9)])
    found: list[int] = []
    for b in range(len(answers)):
        first = [a for a in range(b) if found[a] == a and (same[a] == same[b]).all()]
        near = [a for a in first if np.abs(answers[a] - answers[b]).max() <= like]
        found.append(near[0] if near else b)
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def parts(
    laid: Layout, mean: Floats, share: Floats, *, like: int = LIKE, clear: float = 0.0
) -> tuple[list[Part], Floats]:
    """Programme of every region, and the (6 C,) ratings 1..5 and missing answers of each class of items.

    People asked and items rated in each region are the layout's; raters lie anywhere. Figures within
    `clear` units of an interval's open end count as outside: a solver may take the end itself for inside,
    which does no harm to a bound (:func:`steps_apart` lessens it) but misleads a search.
    """
    laid = replace(laid, label=alike(laid, like))  # classes take the place of criteria
    labels = np.unique(laid.label)
    ends = [
        np.stack(interval(figure, unit)) / unit for figure, unit in ((mean, MEAN_UNIT), (share, SHARE_UNIT))
    ]
    found = [_part(laid, labels, r, ends[0][:, r], ends[1][:, r], clear) for r in range(len(laid.regions))]
    silent = np.where(laid.weight > 0, 0, laid.asked).sum(axis=1)  # people whom a blank item is put to
    of = laid.asked.sum(axis=1) - laid.counts.sum(axis=1) - silent
    total = [[v[laid.label == c].sum() for c in labels] for v in (*laid.counts.T, of)]
    return found, np.concatenate(total).astype(float)


def sums(laid: Layout, cells: Ints, *, like: int = LIKE) -> Floats:
    """(R, 6 C) ratings 1..5 and missing answers of each class of items in (B, R, 6) counts of answers."""
    of = np.eye(len(cells))[alike(laid, like)]
    rated = np.where((laid.weight > 0)[..., None], cells, 0)
    found: Floats = np.einsum("bc,brk->rkc", of[:, of.any(axis=0)], np.roll(rated, -1, axis=2))
    return found.reshape(len(laid.regions), -1)


def _part(laid: Layout, labels: Ints, region: int, mean: Floats, share: Floats, clear: float) -> Part:
    draft, levels = _Draft(), []
    figures: tuple[Terms, Terms] = ({}, {})
    kinds: list[list[Terms]] = [[] for _ in range(6)]
    best = 0.0
    for c in labels:
        mine = np.flatnonzero((laid.label == c) & (laid.weight[:, region] > 0))
        if mine.size:
            level = _class(draft, laid, mine, region)
            n, weight = int(laid.asked[mine[0], region]), laid.weight[mine[0], region]
            best += weight * mine.size * 5 / MEAN_UNIT
            figures[1].update({ratings[4]: weight / n / SHARE_UNIT for *_, ratings in level})
            figures[0].update({lost: -weight / (n - silent) / MEAN_UNIT for silent, _, lost, _ in level})
            found = [{ratings[kind]: 1.0 for *_, ratings in level} for kind in range(5)]
            found.append({items: float(silent) for silent, items, *_ in level if silent})
        else:
            level, found = (), [{} for _ in range(6)]
        levels.append(level)
        for kind, terms in zip(kinds, found, strict=True):
            kind.append(terms)
    missed = []
    for terms, (low, high), far, step in zip(
        figures, (mean - best, share), MOST, steps_apart(laid, region), strict=True
    ):
        margin = TOLERANCE * far
        missed.append(_error(draft, terms, low, high, far, max(clear, margin if step > margin else 0.0)))
    size = len(draft.cost)
    return Part(
        cost=np.array(draft.cost),
        tie=np.array(draft.tie),
        low=np.array(draft.low, dtype=float),
        high=np.array(draft.high, dtype=float),
        whole=np.array(draft.whole),
        rows=_sparse([terms for terms, *_ in draft.rows], size),
        least=np.array([least for _, least, _ in draft.rows]),
        most=np.array([most for *_, most in draft.rows]),
        sums=_sparse([terms for kind in kinds for terms in kind], size),
        missed=tuple(missed),
        levels=tuple(levels),
    )


def _class(draft: _Draft, laid: Layout, mine: Ints, region: int) -> Levels:
    """Variables of one class of items by missing answers of an item: items, ratings 1..5, points lost."""
    n, items = int(laid.asked[mine[0], region]), mine.size
    if (laid.asked[mine, region] != n).any() or np.ptp(laid.weight[mine, region]) > 1e-12:
        raise ValueError(f"items of a class of {laid.service} must be asked and weigh alike in a region")
    counts = laid.counts[mine]
    missing = laid.asked[mine].sum(axis=1) - counts.sum(axis=1)
    reach, points = _reach(counts, n), LOST.astype(float).tolist()
    level: list[tuple[int, int, int, tuple[int, ...]]] = []
    for silent in range(int(min(n - 1, missing.max())) + 1):
        raters = n - silent
        room = np.minimum(raters, counts)
        number = draft.variable(items)
        ratings = tuple(draft.variable(float(total)) for total in room.sum(axis=0))
        lost = draft.variable(float(reach[raters] * items))
        draft.row(dict.fromkeys(ratings, 1.0) | {number: -float(raters)}, 0.0, 0.0)
        draft.row(dict(zip(ratings, points, strict=True)) | {lost: -1.0}, 0.0, 0.0)
        draft.row({lost: 1.0, number: -float(reach[raters])}, -np.inf, 0.0)
        for rating, most in zip(ratings, room.max(axis=0).tolist(), strict=True):
            draft.row({rating: 1.0, number: -float(most)}, -np.inf, 0.0)
        level.append((silent, number, lost, ratings))
    draft.row({number: 1.0 for _, number, *_ in level}, items, items)
    for kind, most in enumerate(np.minimum(n, counts).sum(axis=0).tolist()):
        draft.row({ratings[kind]: 1.0 for *_, ratings in level}, 0.0, most)
    part = laid.asked[mine, region] / laid.asked[mine].sum(axis=1)
    _near(draft, {ratings[4]: 1.0 for *_, ratings in level}, part, counts, (LOST == 0).astype(float))
    _near(draft, {lost: 1.0 for _, _, lost, _ in level}, part, counts, LOST.astype(float))
    return tuple(level)


def _reach(counts: Ints, most: int) -> Ints:
    """(most + 1,) points that 0, 1, ... raters of one item lose at the most.

    >>> _reach(np.array([[0, 0, 0, 2, 7], [1, 0, 0, 0, 8]]), 3).tolist()
    [0, 4, 4, 4]
    """
    lost = np.array([np.pad(np.repeat(LOST, row), (0, most))[:most] for row in counts])
    reach: Ints = np.pad(lost.cumsum(axis=1).max(axis=0), (1, 0))
    return reach


def _near(draft: _Draft, terms: Terms, part: Floats, counts: Ints, value: Floats) -> None:
    """A cost of sums further than a standard deviation from what independence of region and rating has."""
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    usual = float(part @ (counts @ value))
    spread = float(part * counts.sum(axis=1) @ (share @ value**2 - (share @ value) ** 2))
    if spread > 0:
        sd = np.sqrt(spread)
        over, under = (draft.variable(np.inf, whole=False, tie=1.0 / sd) for _ in range(2))
        draft.row(terms | {over: -1.0, under: 1.0}, usual - sd, usual + sd)


def _error(draft: _Draft, terms: Terms, low: float, high: float, far: float, clear: float) -> int:
    """The error of a figure: nothing inside the interval, else the distance from it and half a unit.

    Figures so near to the open end that they are not `clear` of it are outside. Returned is the position of
    what tells whether the figure is missed, -1 where none is printed.
    """
    if not (np.isfinite(low) and terms):
        return -1
    off, missed = draft.variable(far, whole=False, cost=1.0), draft.variable(1.0, cost=HALF)
    draft.row(terms | {off: -1.0}, -np.inf, high)
    draft.row(terms | {off: 1.0}, low, np.inf)
    draft.row({off: 1.0, missed: -far}, -np.inf, 0.0)
    draft.row(terms | {missed: -far - clear}, -np.inf, high - clear)
    return missed


def steps_apart(laid: Layout, region: int) -> tuple[float, float]:
    """Units by which a region's mean, and its satisfaction, is off an interval's end unless it is the end.

    Figures and ends are whole multiples of one fraction. Where it is larger than what a solver tolerates, the
    open end is outside: an interval that stops a little before it leaves no other figure out.

    >>> from sapa.microdata.layout import layout
    >>> [round(step, 4) for step in steps_apart(layout("s56"), 0)]
    [0.0119, 0.0238]
    """
    missing = laid.asked.sum(axis=1) - laid.counts.sum(axis=1)
    means, shares = 200, 2000
    for b in np.flatnonzero(laid.weight[:, region] > 0):
        part, n = round(1 / laid.weight[b, region]), int(laid.asked[b, region])
        shares = math.lcm(shares, part * n)
        means = math.lcm(means, *(part * (n - s) for s in range(min(n - 1, int(missing[b])) + 1)))
    return 1 / MEAN_UNIT / means, 1 / SHARE_UNIT / shares


def _sparse(rows: Sequence[Terms], size: int) -> csr_array:
    where = [(i, j, value) for i, terms in enumerate(rows) for j, value in terms.items()]
    i, j, value = zip(*where, strict=True)
    return csr_array((value, (i, j)), shape=(len(rows), size))
