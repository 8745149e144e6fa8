"""Official composite scores: design variance, covariance of any two nodes, and what makes the variance."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from estimators.composite_answers import answers, position_counts
from estimators.composite_design import stratified
from estimators.composite_influence import STATISTICS, Denominator, Reading
from estimators.composite_layout import Layout, Nodes, People, grouping, lay_out
from estimators.composite_result import labelled
from estimators.composite_scores import scored_trees, scores_of, slots_of
from estimators.design import Design, check_design
from estimators.nonprobability import inference_label
from estimators.options import as_numbers, check_several
from estimators.ratings import codes_of
from estimators.sparse import SparseRule
from estimators.threads import one_thread

__all__ = ["STATISTICS", "compose"]


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
        attributes state design, deff, denominator, rule and what the intervals mean (``inference``).

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
    wanted = (nodes,) if isinstance(nodes, Nodes) else nodes
    rule = SparseRule() if rule is None else rule
    _check_types(wanted, design, rule, {"strata": strata, "shares": shares, "pool": pool})
    codes = _codes(ratings)
    _check_options(deff, denominator, pool)
    people: People = {}
    layout, trees = lay_out(ratings, wanted, people=people)
    chosen = stratified(ratings, strata, people=people) if design is None else design
    if chosen.n != codes.shape[0]:
        raise ValueError(f"design must have {codes.shape[0]} respondents as ratings has, got {chosen.n}")
    own = layout.gathered(codes)
    _check_taken(own, codes, layout, ratings)
    counts = position_counts(own, layout, chosen.weights[layout.order])
    told = answers(own, layout, trees, counts, chosen.weights[layout.order])
    branches = scored_trees(wanted, trees, told, pool=tuple(pool))
    groups, labels = grouping(trees, tuple(shares))
    slots = slots_of(branches, layout, groups if shares else (), chosen, counts)
    with one_thread():
        scores = scores_of(branches, slots, Reading.of(denominator), rule)
    named = f"simple random within {' x '.join(strata)}" if design is None else "given"
    stated = {"design": named, "deff": deff, "denominator": denominator, "rule": str(rule), "level": level}
    stated |= {"inference": inference_label(chosen)}
    return labelled(scores, branches, wanted, labels, stated)


def _codes(ratings: xr.Dataset) -> NDArray[np.int8]:
    """Checked codes (respondent, item)."""
    if "ratings" not in ratings or set(ratings["ratings"].dims) != {"respondent", "item"}:
        raise ValueError("ratings must hold the variable 'ratings' along respondent and item")
    if ratings.sizes["respondent"] == 0:
        raise ValueError("ratings must have at least one respondent, got none")
    return codes_of(ratings["ratings"])


def _check_types(
    nodes: Sequence[Nodes], design: Design | None, rule: SparseRule, names: Mapping[str, Sequence[str]]
) -> None:
    """Refuse arguments that are of another type."""
    if not isinstance(nodes, list | tuple) or not all(isinstance(each, Nodes) for each in nodes):
        raise TypeError(
            f"nodes must be Nodes or a list of them, got {type(nodes).__name__}; write Nodes(scheme, ...)"
        )
    if design is not None:
        check_design(design)
    if not isinstance(rule, SparseRule):
        raise TypeError(f"rule must be a SparseRule, got {type(rule).__name__}")
    for argument, several in names.items():
        check_several(several, argument)


def _check_options(deff: float, denominator: str, pool: Sequence[str]) -> None:
    if not 0 < as_numbers(deff, "deff") < np.inf:
        raise ValueError(f"deff must be positive and finite, got {deff}: 1 is the design as stated")
    if denominator not in ("asked", "rated"):
        raise ValueError(f"denominator must be 'asked' or 'rated', got {denominator!r}")
    if not pool:
        raise ValueError(
            f"pool must be parts of the paths such as ('criterion',), got {pool!r}:"
            " without any, unlike items would lend each other their variance"
        )


def _check_taken(own: NDArray[np.int8], codes: NDArray[np.int8], layout: Layout, ratings: xr.Dataset) -> None:
    """Refuse ratings of respondents with leaves that no leaf takes."""
    leaves = np.asarray(layout.used.any(axis=1))
    kept = codes if leaves.all() else codes[layout.order[leaves[layout.fine]]]
    if np.count_nonzero(kept > 0) > np.count_nonzero(own > 0):
        taken = np.zeros(codes.shape, dtype=bool)
        at = layout.order[:, None], layout.column[layout.fine]
        taken[at] = layout.used[layout.fine]
        lost = (codes > 0) & ~taken
        lost[layout.order[~leaves[layout.fine]]] = False
        row, column = np.argwhere(lost)[0]
        raise ValueError(
            f"ratings hold answers to items of another channel's list, such as {codes[row, column]} of"
            f" respondent {row} (from 0) to {ratings['item'].values[column]!s}: code them 0 (not asked)"
        )
