"""A region's counts by criterion and the error of its two printed figures, as an integer programme.

Items of one criterion that are asked of as many people weigh the same in a region, so its figures depend on
sums over items only: ratings 1..5 and, because an item's mean is over its raters, points lost below five by
items of each number of missing answers. Sums that no single items have are not excluded: what is least here
is no more than what is least for ratings.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, linprog, milp
from scipy.sparse import block_diag, csr_array, hstack, vstack

from sapa.microdata.board import HALF
from sapa.microdata.layout import Layout
from sapa.microdata.nearest import interval
from sapa.microdata.targets import MEAN_UNIT, SHARE_UNIT

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Terms = dict[int, float]
Levels = tuple[tuple[int, int, int], ...]  # missing answers; positions of items and of points lost
LOST: Final = np.array([4, 3, 2, 1, 0])  # points below five of ratings 1..5
FAR: Final = 1000.0  # units that no figure is off


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
        Ratings 1..5 and missing answers of each criterion.
    levels : tuple of (C,) tuples of (silent, items, lost)
        Of each criterion: missing answers of an item, positions of the number of such items (-1 where all
        are) and of the points that they lose.
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
    """(B,) labels that blocks of one criterion share when their counts differ by no more than `like`."""
    missing = laid.asked.sum(axis=1) - laid.counts.sum(axis=1)
    answers = np.column_stack([missing * FAR, laid.counts])
    found: list[int] = []
    for b, label in enumerate(laid.label):
        first = [a for a in range(b) if found[a] == a and laid.label[a] == label]
        near = [a for a in first if np.abs(answers[a] - answers[b]).max() <= like]
        found.append(near[0] if near else b)
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def parts(laid: Layout, mean: Floats, share: Floats, *, like: int = 2) -> tuple[list[Part], Floats]:
    """Programme of every region, and the (6 C,) ratings 1..5 and missing answers of each class of items.

    People and items rated in each region are the layout's; raters of an item lie anywhere.
    """
    laid = replace(laid, label=alike(laid, like))
    labels = np.unique(laid.label)
    ends = [
        np.stack(interval(figure, unit)) / unit for figure, unit in ((mean, MEAN_UNIT), (share, SHARE_UNIT))
    ]
    found = [_part(laid, labels, r, ends[0][:, r], ends[1][:, r]) for r in range(len(laid.regions))]
    silent = np.where(laid.weight > 0, 0, laid.asked).sum(axis=1)  # people whom a blank item is put to
    of = laid.asked.sum(axis=1) - laid.counts.sum(axis=1) - silent
    total = [[v[laid.label == c].sum() for c in labels] for v in (*laid.counts.T, of)]
    return found, np.concatenate(total).astype(float)


def _part(laid: Layout, labels: Ints, region: int, mean: Floats, share: Floats) -> Part:
    draft, levels = _Draft(), []
    figures: tuple[Terms, Terms] = ({}, {})
    sums: list[list[Terms]] = [[] for _ in range(6)]
    best = 0.0
    for c in labels:
        mine = np.flatnonzero((laid.label == c) & (laid.weight[:, region] > 0))
        if mine.size:
            ratings, level = _criterion(draft, laid, mine, region)
            n, weight = int(laid.asked[mine[0], region]), laid.weight[mine[0], region]
            best += weight * mine.size * 5 / MEAN_UNIT
            figures[1][ratings[4]] = weight / n / SHARE_UNIT
            figures[0].update({lost: -weight / (n - silent) / MEAN_UNIT for silent, _, lost in level})
            found = [{rating: 1.0} for rating in ratings]
            found.append({items: float(silent) for silent, items, _ in level if silent})
        else:
            level, found = (), [{} for _ in range(6)]
        levels.append(level)
        for kind, terms in zip(sums, found, strict=True):
            kind.append(terms)
    for terms, ends in ((figures[0], mean - best), (figures[1], share)):
        _error(draft, terms, *ends)
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
        sums=_sparse([terms for kind in sums for terms in kind], size),
        levels=tuple(levels),
    )


def _criterion(draft: _Draft, laid: Layout, mine: Ints, region: int) -> tuple[list[int], Levels]:
    """Variables of one criterion: ratings 1..5, and items and points lost by missing answers of an item."""
    n, items = int(laid.asked[mine[0], region]), mine.size
    if (laid.asked[mine, region] != n).any() or np.ptp(laid.weight[mine, region]) > 1e-12:
        raise ValueError(f"items of a criterion of {laid.service} must be asked and weigh alike in a region")
    counts = laid.counts[mine]
    missing = laid.asked[mine].sum(axis=1) - counts.sum(axis=1)
    most = int(min(n - 1, missing.max()))
    ratings = [draft.variable(float(total)) for total in np.minimum(n, counts).sum(axis=0)]
    reach = _reach(counts, n)
    if most == 0:
        level: Levels = ((0, -1, draft.variable(float(reach[n] * items))),)
    else:
        level = tuple(
            (s, draft.variable(items), draft.variable(float(reach[n - s] * items))) for s in range(most + 1)
        )
        for s, k, lost in level:
            draft.row({lost: 1.0, k: -float(reach[n - s])}, -np.inf, 0.0)
        draft.row({k: 1.0 for _, k, _ in level}, items, items)
    answers = dict.fromkeys(ratings, 1.0) | {k: float(s) for s, k, _ in level if s}
    draft.row(answers, n * items, n * items)
    points = dict(zip(ratings, LOST.astype(float).tolist(), strict=True))
    draft.row(points | {lost: -1.0 for *_, lost in level}, 0.0, 0.0)
    part = laid.asked[mine, region] / laid.asked[mine].sum(axis=1)
    _near(draft, {ratings[4]: 1.0}, part, counts, (LOST == 0).astype(float))
    _near(draft, points, part, counts, LOST.astype(float))
    return ratings, level


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


def _error(draft: _Draft, terms: Terms, low: float, high: float) -> None:
    """The error of a figure: nothing inside the interval, else the distance from it and half a unit."""
    if not (np.isfinite(low) and terms):
        return
    off, missed = draft.variable(np.inf, whole=False, cost=1.0), draft.variable(1.0, cost=HALF)
    draft.row(terms | {off: -1.0}, -np.inf, high)
    draft.row(terms | {off: 1.0}, low, np.inf)
    draft.row({off: 1.0, missed: -FAR}, -np.inf, 0.0)


def _sparse(rows: Sequence[Terms], size: int) -> csr_array:
    where = [(i, j, value) for i, terms in enumerate(rows) for j, value in terms.items()]
    i, j, value = zip(*where, strict=True)
    return csr_array((value, (i, j)), shape=(len(rows), size))


def relaxed(part: Part) -> Part:
    """The same programme with real numbers."""
    return replace(part, whole=np.zeros_like(part.whole))


def least(
    chosen: Sequence[Part],
    total: Floats | None = None,
    *,
    price: Floats | None = None,
    ties: float = 0.0,
    gap: float = 0.0,
    nodes: int | None = None,
) -> OptimizeResult:
    """Least error of regions together, with their sums in all fixed or each at a price.

    Parameters
    ----------
    chosen
        Programmes of the regions.
    total : (6 C,)
        Sums over the regions.
    price : (6 C,)
        Taken off the error for every unit of a sum.
    ties
        Units of error that a departure from independence by a standard deviation costs, beyond the first.
    gap
        Relative distance from the optimum at which the search may end.
    nodes
        Most nodes of the search.

    Returns
    -------
    SciPy's result of the integer programme (with no whole variable: of the linear one, which has prices).
    """
    cost = np.concatenate([part.cost + ties * part.tie for part in chosen])
    sums = hstack([part.sums for part in chosen]).tocsr()
    if price is not None:
        cost = cost - price @ sums
    rows = block_diag([part.rows for part in chosen]).tocsr()
    low, high, small, large, whole = (
        np.concatenate([getattr(part, name) for part in chosen])
        for name in ("low", "high", "least", "most", "whole")
    )
    if total is not None:
        rows = vstack([rows, sums]).tocsr()
        small, large = np.concatenate([small, total]), np.concatenate([large, total])
    if not whole.any():
        return _linear(cost, rows, small, large, np.column_stack([low, high]))
    options = {"mip_rel_gap": gap} | ({} if nodes is None else {"node_limit": nodes})
    return milp(
        cost,
        integrality=whole,
        bounds=Bounds(low, high),
        constraints=LinearConstraint(rows, small, large),
        options=options,
    )


def _linear(cost: Floats, rows: csr_array, small: Floats, large: Floats, bounds: Floats) -> OptimizeResult:
    """A linear programme with rows between ends; the prices of rows of equal ends are ``eqlin.marginals``."""
    equal = small == large
    above, below = ~equal & np.isfinite(large), ~equal & np.isfinite(small)
    return linprog(
        cost,
        A_ub=vstack([rows[above], -rows[below]]).tocsr(),
        b_ub=np.concatenate([large[above], -small[below]]),
        A_eq=rows[equal],
        b_eq=large[equal],
        bounds=bounds,
        method="highs-ds",
    )


def states(chosen: Sequence[Part], answer: OptimizeResult) -> list[Floats]:
    """Variables of each region."""
    ends = np.cumsum([part.cost.size for part in chosen])[:-1]
    return np.split(answer.x, ends)
