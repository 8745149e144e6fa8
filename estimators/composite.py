"""Official composite scores: design variance, covariance of any two nodes, and what makes the variance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import sparse as sp

from estimators.composite_design import stratified
from estimators.composite_influence import (
    SCALE,
    Answers,
    Array,
    Codes,
    Denominator,
    Leaves,
    Reading,
    Statistic,
    answers,
    leaf_figures,
    parts,
    slot_weights,
)
from estimators.composite_intervals import composite_interval
from estimators.composite_layout import Layout, Nodes, People, Tree, grouping, lay_out
from estimators.composite_unrated import Unrated, complete_score, unrated_leaves
from estimators.composite_variance import Slots, Spread, spread
from estimators.design import Design
from estimators.ratings import CODES
from estimators.scheme import averaging_matrix
from estimators.sparse import BOUNDED, POOLED, SparseRule

STATISTICS: tuple[Statistic, ...] = ("mean", "satisfaction")
NO_VARIANCE = 1e-14  # rounding error of a sum of squares on a scale of 1 to 5


def compose(
    ratings: xr.Dataset,
    nodes: Nodes | Sequence[Nodes],
    *,
    strata: Sequence[str] = ("service", "channel", "region"),
    design: Design | None = None,
    deff: float = 1.0,
    denominator: Denominator = "asked",
    rule: SparseRule | None = None,
    shares: Sequence[str] = ("criterion", "channel"),
    pool: Sequence[str] = ("criterion",),
    level: float = 0.95,
) -> xr.Dataset:
    """Official scores of the nodes of a scheme, with their linearised design covariance.

    A score is ``A @ leaf figures`` with the averaging matrix A of the scheme and of the leaves that have a
    rating; both are taken as fixed. A leaf's figure is a ratio, so respondent i moves a score by the sum over
    the own leaves of ``A (value - figure) / answers``; the covariance is that of the sums of what the
    respondents move, under the design, plus what the rule puts in place of variances that items with one
    rating, or with ratings all alike, do not have.

    Parameters
    ----------
    ratings : Dataset
        ``ratings`` (respondent, item) int8 with the codes of :mod:`estimators.ratings`; along respondent the
        parts of the leaves' paths (``service``, ``channel``, ...) and the variables `strata`.
    nodes : Nodes or sequence of Nodes
        Which nodes of which schemes. All go into one covariance matrix: a region and a service share people.
    strata : sequence of str
        The named default design: simple random sampling within every combination of these variables. A
        combination with one respondent is merged with others of the same values of all variables but the
        last: all such respondents together, or with the smallest other stratum when there is one alone.
    design : Design, optional
        Any other design, in the order of the respondents; `strata` are then not used.
    deff : float
        Factor on every variance and covariance, for what the design leaves out (clusters, interviewers).
    denominator : {"asked", "rated"}
        Of the share of fives: everyone asked, as published, or raters only. Means are of raters.
    rule : SparseRule, optional
        For items without a usable variance; ``SparseRule()`` if not given.
    shares : sequence of str
        Parts of the paths by which the variance is split.
    pool : sequence of str
        Parts of the paths within whose values the variances of sparse items are pooled.
    level : float
        Of the intervals, :func:`estimators.composite_intervals.composite_interval`. Where leaves that
        ``Nodes.expected`` names have no rating, the interval also holds that of the complete score.

    Returns
    -------
    Dataset over ``node`` (and ``other``) and ``statistic`` ("mean", "satisfaction"):
        ``estimate, se, lower, upper``; ``covariance`` (node, other, statistic); ``n`` respondents of the
        node's cells; ``raters`` who rated any of its items; ``variance_of_one``, of one rating drawn with the
        score's own weights; ``effective_n``, that over the score's variance; ``df`` (Satterthwaite over the
        strata, replaced variances as known); ``pooled`` and ``bounded``, the score's weight on items with
        replaced variance; ``complete``, the score with expected leaves that nobody rated foretold from their
        pool (:func:`estimators.composite_unrated.complete_score`), and ``unrated``, their weight in it;
        ``flag``; ``share_<part>`` (node, part, statistic), summing to one. A node without any rating has NaN
        and the flag "empty"; one whose ratings are alike within every stratum has an estimate, no standard
        error and no interval, and the flag "no_variance". ``level`` of each node is a coordinate; the
        attributes state design, deff, denominator and rule.

    Raises
    ------
    ValueError
        For codes that are none, ratings that no leaf takes, unknown parts, nodes of one name, and a
        design of another length.

    Notes
    -----
    Sarndal, Swensson and Wretman (1992), section 5.5; Woodruff (1971). A share is the covariance of the
    group's part with the whole score over its variance, and may be negative where groups offset.

    Examples
    --------
    Five people, two items, one channel:

    >>> from estimators.scheme import Scheme
    >>> scheme = Scheme.from_paths(
    ...     [("a", "office", "staff", "i1"), ("a", "office", "terms", "i2")],
    ...     levels=("service", "channel", "criterion", "item"),
    ... )
    >>> told = xr.Dataset(
    ...     {"ratings": (("respondent", "item"), np.array([[5, 4], [4, 3], [5, 5], [3, 4], [5, 5]])),
    ...      "service": ("respondent", ["a"] * 5), "channel": ("respondent", ["office"] * 5)},
    ...     coords={"item": ["i1", "i2"]})
    >>> wanted = Nodes(scheme, ("service", "channel", "criterion", "item"), ("service",))
    >>> score = compose(told, wanted, strata=("service", "channel")).sel(node="a", statistic="mean")
    >>> round(float(score.estimate), 4), round(float(score.se), 4)
    (4.3, 0.3391)
    """
    wanted = (nodes,) if isinstance(nodes, Nodes) else tuple(nodes)
    rule = SparseRule() if rule is None else rule
    codes = _codes(ratings)
    _check_options(deff, denominator)
    people: People = {}
    layout, trees = lay_out(ratings, wanted, people=people)
    chosen = stratified(ratings, strata, people=people) if design is None else design
    if chosen.n != codes.shape[0]:
        raise ValueError(f"design must have {codes.shape[0]} respondents as ratings has, got {chosen.n}")
    own = np.take_along_axis(codes[layout.order], layout.column[layout.fine], axis=1)
    own *= layout.used[layout.fine]
    _check_taken(own, codes, layout)
    branches = _branches(wanted, layout, trees, own, tuple(pool))
    groups, labels = grouping(trees, tuple(shares))
    told = answers(own, layout, chosen.weights[layout.order])
    nodes_of = [branch.node for branch in branches]
    count = sum(branch.matrix.shape[0] for branch in branches)
    slots = Slots.of(layout, chosen, node=nodes_of, nodes=count, groups=groups)
    scores = []
    for statistic in STATISTICS:
        reading = Reading.of(statistic, denominator)
        scores.append(_score(branches, told, reading, slots, statistic=statistic, rule=rule))
    named = f"simple random within {' x '.join(strata)}" if design is None else "given"
    stated = {"design": named, "deff": deff, "denominator": denominator, "rule": str(rule), "level": level}
    return _labelled(scores, branches, wanted, labels, stated)


@dataclass(frozen=True, slots=True, eq=False)
class _Branch:
    """A tree with the averaging matrix of its wanted nodes: what both statistics share."""

    tree: Tree
    matrix: sp.csr_array
    leaf_weight: Array
    node: Codes
    pool: Codes
    n: Codes
    raters: Codes
    unrated: Unrated | None


@dataclass(frozen=True, slots=True, eq=False)
class _Score:
    """Scores of all nodes for one statistic, each (V,).

    Attributes
    ----------
    estimate
    variance_of_one
        Of one rating drawn with the score's weights.
    pooled, bounded
        Weight of leaves with a replaced variance.
    complete, foretold
        Score with its unrated leaves foretold, and the variance that this adds.
    spread
    """

    estimate: Array
    variance_of_one: Array
    pooled: Array
    bounded: Array
    complete: Array
    foretold: Array
    spread: Spread


def _branches(
    wanted: Sequence[Nodes],
    layout: Layout,
    trees: tuple[Tree, ...],
    own: NDArray[np.int8],
    pool: tuple[str, ...],
) -> list[_Branch]:
    pools, _ = grouping(trees, pool)
    rated = np.add.reduceat(own > 0, layout.starts, dtype=float)
    found, offset = [], 0
    for place, (nodes, tree) in enumerate(zip(wanted, trees, strict=True)):
        leaf, count = layout.leaf[place], tree.cell_of.size
        raters = np.bincount(leaf.ravel(), weights=rated.ravel(), minlength=count + 1)[:count]
        levels = [averaging_matrix(nodes.scheme, raters > 0, level=level) for level in nodes.levels]
        matrix = sp.vstack(levels, format="csr")
        local = slot_weights(matrix, tree)
        leaf_weight, node = local.leaf[leaf], local.node[layout.cell[place]]
        n, gave = _people(leaf_weight > 0, node, layout, own, matrix.shape[0])
        unrated = unrated_leaves(
            nodes.scheme,
            raters > 0,
            nodes.expected,
            levels=nodes.levels,
            pool=pools[place],
            cell=tree.cell_of,
        )
        found.append(_Branch(tree, matrix, leaf_weight, node + offset, pools[place], n, gave, unrated))
        offset += matrix.shape[0]
    return found


def _people(
    used: NDArray[np.bool_], node: Codes, layout: Layout, own: NDArray[np.int8], nodes: int
) -> tuple[Codes, Codes]:
    """Respondents of each node's cells, and those who rated any of its items."""
    at = node[layout.fine]
    inside = np.asarray(used.any(axis=1))[layout.fine]
    gave = [((own > 0) & used[:, :, j][layout.fine]).any(axis=1) for j in range(used.shape[2])]
    return np.bincount(at[inside], minlength=nodes), np.bincount(at[np.stack(gave, axis=1)], minlength=nodes)


def _score(
    branches: Sequence[_Branch],
    told: Answers,
    reading: Reading,
    slots: Slots,
    *,
    statistic: Statistic,
    rule: SparseRule,
) -> _Score:
    moved, columns, layout = [], [], slots.layout
    for place, branch in enumerate(branches):
        leaf = layout.leaf[place]
        leaves = leaf_figures(told, leaf, reading, pool=branch.pool, statistic=statistic, rule=rule)
        moved.append(
            parts(told, reading, leaves, branch.leaf_weight, layout, branch.tree, place=place, rule=rule)
        )
        columns.append(_figures(branch, leaves, SCALE[statistic]))
    score, one, pooled, bounded, complete, foretold = np.concatenate(columns, axis=1)
    return _Score(score, one, pooled, bounded, complete, foretold, spread(moved, slots))


def _figures(branch: _Branch, leaves: Leaves, scale: tuple[float, float]) -> Array:
    """Rows of :class:`_Score` but the last, (6, V), from the figures of a branch's leaves."""
    matrix, rated = branch.matrix, leaves.n > 0
    score = matrix @ leaves.figure
    square = matrix @ (np.where(rated, leaves.variance, 0.0) + leaves.figure**2)
    kinds = [matrix @ ((leaves.kind == kind) & rated).astype(float) for kind in (POOLED, BOUNDED)]
    complete, foretold = score, np.zeros_like(score)
    if branch.unrated is not None:
        lowest, highest = scale
        complete, foretold = complete_score(
            branch.unrated, leaves.figure, rated, lowest=lowest, highest=highest
        )
    return np.stack([score, square - score**2, *kinds, complete, foretold])


def _labelled(
    scores: Sequence[_Score],
    branches: Sequence[_Branch],
    wanted: Sequence[Nodes],
    shares: Mapping[str, tuple[list[str], Array]],
    stated: dict[str, Any],
) -> xr.Dataset:
    """Dataset of the scores, NaN where a node has no rating."""
    deff, level = stated["deff"], stated["level"]
    names = [name for nodes in wanted for level in nodes.levels for name in nodes.scheme.level(level).nodes]
    levels = [level for nodes in wanted for level in nodes.levels for _ in nodes.scheme.level(level).nodes]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"nodes must have different names, got {twice!r} twice: ask for them separately")
    raters = np.concatenate([branch.raters for branch in branches])
    empty: NDArray[np.bool_] = np.equal(raters, 0)

    def each(columns: Sequence[Array]) -> tuple[tuple[str, ...], Array]:
        return ("node", "statistic"), np.where(empty[:, None], np.nan, np.stack(columns, axis=1))

    covariance = deff * np.stack([score.spread.covariance for score in scores], axis=2)
    covariance[empty], covariance[:, empty] = np.nan, np.nan
    variance = [_positive(deff * np.diag(score.spread.covariance)) for score in scores]
    one = [score.variance_of_one for score in scores]
    ratio = [
        np.divide(a, b, out=np.full_like(a, np.nan), where=b > 0) for a, b in zip(one, variance, strict=True)
    ]
    ends = _ends(scores, variance, empty, level)
    pooled, bounded = [score.pooled for score in scores], [score.bounded for score in scores]
    return xr.Dataset(
        {
            "estimate": each([score.estimate for score in scores]),
            "se": each([np.sqrt(value) for value in variance]),
            "lower": each([end[0] for end in ends]),
            "upper": each([end[1] for end in ends]),
            "covariance": (("node", "other", "statistic"), covariance),
            "n": ("node", np.concatenate([branch.n for branch in branches])),
            "raters": ("node", raters),
            "variance_of_one": each(one),
            "effective_n": each(ratio),
            "df": each([score.spread.df for score in scores]),
            "pooled": each(pooled),
            "bounded": each(bounded),
            "complete": each([score.complete for score in scores]),
            "unrated": ("node", np.where(empty, np.nan, _unrated(branches))),
            "flag": (("node", "statistic"), _flag(scores, variance, empty)),
        }
        | {f"share_{part}": _share(scores, member, part) for part, (_, member) in shares.items()},
        coords={"node": names, "other": names, "statistic": list(STATISTICS), "level": ("node", levels)}
        | {part: inside for part, (inside, _) in shares.items()},
        attrs=stated,
    )


def _ends(
    scores: Sequence[_Score], variance: Sequence[Array], empty: NDArray[np.bool_], level: float
) -> list[tuple[Array, Array]]:
    """Ends of the intervals, a pair a statistic: of the score, and of the score with its unrated leaves."""
    found = []
    for score, value, statistic in zip(scores, variance, STATISTICS, strict=True):
        whole = value + score.foretold
        pairs = (
            (score.estimate, value, score.spread.df),
            (score.complete, whole, score.spread.df * (whole / value) ** 2),
        )
        ends = [
            composite_interval(
                np.where(empty, np.nan, centre),
                se=np.where(empty, np.nan, np.sqrt(spread)),
                df=df,
                bounds=SCALE[statistic],
                level=level,
            )
            for centre, spread, df in pairs
        ]
        found.append((np.minimum(ends[0][0], ends[1][0]), np.maximum(ends[0][1], ends[1][1])))
    return found


def _unrated(branches: Sequence[_Branch]) -> Array:
    """Weight of expected leaves that nobody rated in each complete score, (V,)."""
    weights = [np.zeros(b.matrix.shape[0]) if b.unrated is None else b.unrated.weight for b in branches]
    return np.concatenate(weights)


def _flag(scores: Sequence[_Score], variance: Sequence[Array], empty: NDArray[np.bool_]) -> NDArray[np.str_]:
    """What a reader must know of each node and statistic, the gravest first."""
    cases = [
        np.stack([empty, empty], axis=1),
        np.isnan(np.stack(variance, axis=1)),
        np.stack([score.bounded for score in scores], axis=1) > 0,
        np.stack([score.pooled for score in scores], axis=1) > 0,
    ]
    return np.select(cases, ["empty", "no_variance", "bounded", "pooled"], default="")


def _positive(variance: Array) -> Array:
    """Variances, NaN where none is left within the strata: all alike in each of them is not precision."""
    return np.where(variance > NO_VARIANCE, variance, np.nan)


def _share(scores: Sequence[_Score], member: Array, part: str) -> tuple[tuple[str, ...], Array]:
    """Shares (node, part, statistic) of the labels' members (label, group) in the variance of each node."""
    brought = np.stack([(member @ score.spread.share).T for score in scores], axis=2)
    total = np.stack([np.diag(score.spread.covariance) for score in scores], axis=1)[:, None, :]
    share = np.divide(brought, total, out=np.full_like(brought, np.nan), where=total > 0)
    return ("node", part, "statistic"), share


def _codes(ratings: xr.Dataset) -> NDArray[np.int8]:
    """Checked codes (respondent, item)."""
    if "ratings" not in ratings or set(ratings["ratings"].dims) != {"respondent", "item"}:
        raise ValueError("ratings must hold the variable 'ratings' along respondent and item")
    codes = ratings["ratings"].transpose("respondent", "item").values
    if codes.dtype.kind not in "iu" or codes.shape[0] == 0:
        raise ValueError(
            "ratings must be whole-number codes of at least one respondent, "
            f"got {codes.dtype} of shape {codes.shape}"
        )
    if codes.min() < min(CODES) or codes.max() > max(CODES):
        wrong = codes[(codes < min(CODES)) | (codes > max(CODES))][0]
        raise ValueError(f"ratings must be codes {min(CODES)}..{max(CODES)}, got {wrong}: recode it first")
    return codes.astype(np.int8, copy=False)


def _check_options(deff: float, denominator: str) -> None:
    if not 0 < deff < np.inf:
        raise ValueError(f"deff must be positive and finite, got {deff}: 1 is the design as stated")
    if denominator not in ("asked", "rated"):
        raise ValueError(f"denominator must be 'asked' or 'rated', got {denominator!r}")


def _check_taken(own: NDArray[np.int8], codes: NDArray[np.int8], layout: Layout) -> None:
    """Refuse ratings of respondents with leaves that no leaf takes."""
    kept = layout.order[np.asarray(layout.used.any(axis=1))[layout.fine]]
    if (codes[kept] > 0).sum() > (own > 0).sum():
        raise ValueError("ratings hold answers to items of another channel's list: code them 0 (not asked)")
