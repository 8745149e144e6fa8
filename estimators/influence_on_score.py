"""Who decides a score: every respondent and every criterion left out in turn."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import rankdata

from estimators.composite import STATISTICS
from estimators.composite_influence import Denominator, Statistic, Weights, slot_weights
from estimators.composite_layout import Layout, Nodes, lay_out
from estimators.design import Design
from estimators.options import Best, direction
from estimators.ratings import CODES, NOT_ANSWERED, codes_of
from estimators.scheme import aggregate, averaging_matrix
from estimators.ties import levelled, rounding

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
LOWEST = min(CODES)
KINDS = np.array(CODES)  # of an entry; a table over codes has one column for each, LOWEST first


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """A ratings table laid out for the nodes of one level: what all statistics share.

    Attributes
    ----------
    nodes
    code : (n, K)
        Codes less the lowest of each respondent's own items, side by side.
    leaf : (F, K)
        Leaf at each position of each cell; L where there is none.
    hist : (F, K, 8)
        Weighted counts of the codes.
    raters : (L + 1,)
        How many rated each leaf; a leaf exists while one does.
    node : (n,)
        Node of each respondent, -1 where none.
    local : (F, K)
        Weight of the leaf at each position in the node of its cell.
    kind : (n,)
        Cell and weight of each respondent together; `kind_cell` and `kind_weight` tell which.
    """

    nodes: Nodes
    code: NDArray[np.intp]
    leaf: Codes
    hist: Array
    raters: Array
    node: Codes
    local: Array
    kind: Codes
    kind_cell: Codes
    kind_weight: Array


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Scores (V,), own node's score without each respondent (n,), scores without each label (C, V)."""

    score: Array
    without: Array
    bare: Array


def influence_on_score(
    ratings: xr.Dataset,
    nodes: Nodes,
    *,
    design: Design | None = None,
    part: str = "criterion",
    denominator: Denominator = "asked",
    best: Best = "high",
) -> xr.Dataset:
    """Scores and ranks without each respondent, and without each criterion; exact, not linearised.

    Parameters
    ----------
    ratings : Dataset
        As in `compose`.
    nodes : Nodes
        One level, in whose nodes each respondent has a part in one at most.
    design : Design, optional
        For its weights; all alike if None.
    part : str
        Part of the leaves' paths whose values are left out in turn.
    denominator : {"asked", "rated"}
        Of the share of fives.
    best : {"high", "low"}

    Returns
    -------
    Dataset
        Over the level and ``statistic``: ``score``, ``rank`` (ties share the best), ``rank_best`` and
        ``rank_worst``, the extreme ranks that leaving out one of the node's own respondents can give it, and
        ``largest_change`` of the score that one of them makes. Along ``respondent``: ``node``, and by
        statistic ``without_respondent`` and ``rank_without_respondent``, score and rank of that node without
        that person. Over ``part``, level and statistic: ``without_part`` and ``rank_without_part``. NaN marks
        a score that nobody is left to give; it has no rank.

    Raises
    ------
    ValueError
        If a respondent has a part in several nodes of the level, or `part` is no part of the paths.

    Notes
    -----
    Without the only rater of an item the item does not exist, and its criterion is the mean of the others;
    that is followed exactly. Where nothing ceases to exist, a score moves by the averaging matrix times
    the changes of the person's own leaves.

    Examples
    --------
    >>> from estimators.scheme import Scheme
    >>> scheme = Scheme.from_paths([("a", "i1"), ("a", "i2"), ("b", "i1"), ("b", "i2")],
    ...                            levels=("service", "item"))
    >>> told = xr.Dataset(
    ...     {"ratings": (("respondent", "item"), np.array([[5, 1], [3, 0], [4, 4]], dtype=np.int8)),
    ...      "service": ("respondent", ["a", "a", "b"])}, coords={"item": ["i1", "i2"]})
    >>> found = influence_on_score(told, Nodes(scheme, ("service", "item"), ("service",)), part="item")
    >>> found["without_respondent"].sel(statistic="mean").values.tolist()
    [3.0, 3.0, nan]
    """
    if len(nodes.levels) != 1:
        raise ValueError(f"nodes must ask for one level, got {nodes.levels}")
    if part not in nodes.path:
        raise ValueError(f"part must be one of {nodes.path}, got {part!r}")
    sign = direction(best)
    setting, (labels, leaf_label) = _setting(ratings, nodes, design, part)
    results = []
    for statistic in STATISTICS:
        counted, value = _entries(statistic, denominator)
        figure = _figures(setting, counted, value)
        score = aggregate(nodes.scheme, figure, level=nodes.levels[0])
        without = _without_respondent(setting, figure, score, counted, value)
        left_out = np.where(leaf_label == np.arange(len(labels))[:, None], np.nan, figure)
        bare = aggregate(nodes.scheme, left_out, level=nodes.levels[0])
        results.append(Found(score, without, bare))
    return _labelled(results, setting, part, labels, sign=sign)


def leaf_raters(ratings: xr.Dataset, nodes: Nodes) -> Array:
    """How many rated each leaf of a scheme (L,).

    >>> from estimators.scheme import Scheme
    >>> scheme = Scheme.from_paths([("a", "i1"), ("a", "i2")], levels=("service", "item"))
    >>> told = xr.Dataset({"ratings": (("respondent", "item"), np.array([[5, 0], [3, -2]], dtype=np.int8)),
    ...                    "service": ("respondent", ["a", "a"])}, coords={"item": ["i1", "i2"]})
    >>> leaf_raters(told, Nodes(scheme, ("service", "item"), ("service",))).tolist()
    [2.0, 0.0]
    """
    setting, _ = _setting(ratings, nodes, None, nodes.path[0])
    return setting.raters[:-1]


def _setting(
    ratings: xr.Dataset, nodes: Nodes, design: Design | None, part: str
) -> tuple[Setting, tuple[tuple[str, ...], Codes]]:
    layout, (tree,) = lay_out(ratings, (nodes,))
    codes = codes_of(ratings["ratings"])
    if design is not None and design.n != len(codes):
        raise ValueError(f"design must have {len(codes)} respondents as ratings has, got {design.n}")
    cell = np.empty_like(layout.fine)
    cell[layout.order] = layout.fine
    code = np.take_along_axis(codes, layout.column[cell], axis=1).astype(np.intp) - LOWEST
    leaf, leaves = layout.leaf[0], len(nodes.scheme.leaves)
    plain = _histogram(code, cell, leaf.shape, None)
    rated = plain[:, :, KINDS > 0].sum(axis=2)
    raters = np.bincount(leaf.ravel(), rated.ravel(), leaves + 1).astype(float)
    raters[leaves] = 0.0
    matrix = averaging_matrix(nodes.scheme, raters[:leaves] > 0, level=nodes.levels[0])
    node, local = _own_nodes(slot_weights(matrix, tree), layout, nodes.levels[0])
    weight = np.ones(len(codes)) if design is None else design.weights
    hist = plain if design is None else _histogram(code, cell, leaf.shape, weight)
    pairs, kind = np.unique(np.stack([cell, weight], axis=1), axis=0, return_inverse=True)
    kinds = kind.ravel(), pairs[:, 0].astype(np.intp), pairs[:, 1]
    return Setting(nodes, code, leaf, hist, raters, node[cell], local, *kinds), tree.parts[part]


def _histogram(code: Codes, cell: Codes, shape: tuple[int, ...], weight: Array | None) -> Array:
    """Counts (F, K, 8) of the codes at each position of each cell."""
    place = (cell[:, None] * shape[1] + np.arange(shape[1])) * len(CODES) + code
    wide = None if weight is None else np.repeat(weight, shape[1])
    counts = np.bincount(place.ravel(), wide, shape[0] * shape[1] * len(CODES))
    return np.asarray(counts.reshape(*shape, len(CODES)), dtype=np.float64)


def _own_nodes(weights: Weights, layout: Layout, level: str) -> tuple[Codes, Array]:
    """Node of each cell (F,), -1 where it moves none, and the weights (F, K) of its leaves there."""
    wide: Array = weights.leaf[layout.leaf[0]]
    used = np.any(wide > 0, axis=1)
    if (used.sum(axis=1) > 1).any():
        raise ValueError(f"each respondent must have a part in one node of {level!r} at most")
    slot = used.argmax(axis=1)
    node = np.where(used.any(axis=1), weights.node[layout.cell[0], slot], -1)
    return node, np.take_along_axis(wide, slot[:, None, None], axis=2)[:, :, 0]


def _entries(statistic: Statistic, denominator: Denominator) -> tuple[Array, Array]:
    """Whether each code counts in the denominator, and its value: (8,) each."""
    if statistic == "mean":
        return (KINDS > 0).astype(float), np.where(KINDS > 0, KINDS, 0).astype(float)
    asked = (KINDS > 0) | ((denominator == "asked") & (KINDS == NOT_ANSWERED))
    return asked.astype(float), (KINDS == 5).astype(float)


def _figures(setting: Setting, counted: Array, value: Array) -> Array:
    """Figures of the leaves (L,), NaN where nobody rated."""
    leaves = len(setting.raters) - 1
    size, total = (
        np.bincount(setting.leaf.ravel(), (setting.hist @ each).ravel(), leaves + 1)[:leaves]
        for each in (counted, value)
    )
    figure: Array = np.full(leaves, np.nan)
    np.divide(total, size, out=figure, where=setting.raters[:leaves] > 0)
    return figure


def _without_respondent(setting: Setting, figure: Array, score: Array, counted: Array, value: Array) -> Array:
    """Score of each respondent's own node without that respondent (n,), NaN where none is left.

    What a leaf's figure is without a person depends on the cell, the weight and the code alone: a table.
    """
    cell, weight = setting.kind_cell, setting.kind_weight[:, None, None]
    before = np.append(figure, np.nan)[setting.leaf][cell][:, :, None]
    size = (setting.hist @ counted)[cell][:, :, None] - weight * counted
    total = (setting.hist @ value)[cell][:, :, None] - weight * value
    raters = setting.raters[setting.leaf][cell][:, :, None]
    stays = (raters > 0) & (counted > 0) & (size > 0)
    last = (raters == 1) & (KINDS > 0)  # its leaving ends the item
    after = np.divide(total, size, out=np.broadcast_to(before, size.shape).copy(), where=stays & ~last)
    after[last] = np.nan
    moved = setting.local[cell][:, :, None] * np.where(raters > 0, after - before, 0.0)
    places = setting.kind[:, None], np.arange(setting.code.shape[1]), setting.code
    out: Array = score[setting.node] + moved[places].sum(axis=1)
    out[setting.node < 0] = np.nan
    rows = np.flatnonzero(np.isnan(out) & (setting.node >= 0))
    block = max(1, 2**21 // len(figure))
    for start in range(0, len(rows), block):  # here the scheme itself changes
        some = rows[start : start + block]
        values = np.append(np.tile(figure, (len(some), 1)), np.zeros((len(some), 1)), axis=1)
        here = setting.kind[some, None], places[1], setting.code[some]
        np.put_along_axis(values, setting.leaf[cell[setting.kind[some]]], after[here], axis=1)
        whole = aggregate(setting.nodes.scheme, values[:, :-1], level=setting.nodes.levels[0])
        out[some] = whole[np.arange(len(some)), setting.node[some]]
    return out


def _labelled(
    results: list[Found], setting: Setting, part: str, labels: tuple[str, ...], *, sign: float
) -> xr.Dataset:
    level = setting.nodes.scheme.level(setting.nodes.levels[0])
    columns: dict[str, list[Array]] = {}
    for found in results:
        rank = rankdata(-levelled(sign * found.score), method="min", nan_policy="omit").astype(float)
        others = _rank_among(sign * found.without, sign * found.score, setting.node)
        best, worst, largest = _extremes(found, rank, others, setting.node)
        values = {
            "score": found.score,
            "rank": rank,
            "rank_best": best,
            "rank_worst": worst,
            "largest_change": largest,
            "without_respondent": found.without,
            "rank_without_respondent": others,
            f"without_{part}": found.bare,
            f"rank_without_{part}": rankdata(
                -levelled(sign * found.bare), method="min", axis=1, nan_policy="omit"
            ),
        }
        for name, value in values.items():
            columns.setdefault(name, []).append(value)
    dims: dict[str, tuple[str, ...]] = dict.fromkeys(columns, (level.name,))
    dims |= {name: ("respondent",) for name in columns if name.endswith("without_respondent")}
    dims |= dict.fromkeys((f"without_{part}", f"rank_without_{part}"), (part, level.name))
    names = np.array([*level.nodes, ""], dtype=object)
    data = {name: ((*dims[name], "statistic"), np.stack(value, axis=-1)) for name, value in columns.items()}
    coords = {level.name: list(level.nodes), part: list(labels), "statistic": list(STATISTICS)}
    return xr.Dataset({**data, "node": ("respondent", names[setting.node])}, coords=coords)


def _rank_among(value: Array, score: Array, node: Codes) -> Array:
    """Rank of each value among the scores of the other nodes, 1 the highest; NaN for no value."""
    ladder = np.sort(-score[~np.isnan(score)])
    bar = value + rounding(score)
    above = np.searchsorted(ladder, -bar, side="left") - (score[node] > bar)
    return np.where(np.isnan(value), np.nan, 1.0 + above)


def _extremes(found: Found, rank: Array, others: Array, node: Codes) -> tuple[Array, Array, Array]:
    """Best and worst rank and largest change of each node (V,) over its respondents."""
    best, worst, largest = rank.copy(), rank.copy(), np.where(np.isnan(rank), np.nan, 0.0)
    kept = ~np.isnan(others)
    np.minimum.at(best, node[kept], others[kept])
    np.maximum.at(worst, node[kept], others[kept])
    np.maximum.at(largest, node[kept], np.abs(found.without - found.score[node])[kept])
    return best, worst, largest
