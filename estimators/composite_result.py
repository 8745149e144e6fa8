"""Official scores as a labelled dataset: intervals, flags, shares, and NaN where a node has no rating."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from estimators.composite_influence import SCALE, STATISTICS, Array, Codes
from estimators.composite_intervals import composite_interval
from estimators.composite_layout import Nodes
from estimators.composite_scores import Score, ScoredTree

NO_VARIANCE = 1e-14  # rounding error of a sum of squares on a scale of 1 to 5


def labelled(
    scores: Sequence[Score],
    branches: Sequence[ScoredTree],
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
    n, raters = np.concatenate([_people(branch) for branch in branches], axis=1)
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
            "n": ("node", n),
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
    scores: Sequence[Score], variance: Sequence[Array], empty: NDArray[np.bool_], level: float
) -> list[tuple[Array, Array]]:
    """Ends of the intervals, a pair a statistic: of the score, and of the score with its unrated leaves."""
    lowest, width = np.array([(low, high - low) for low, high in SCALE.values()]).T[:, :, None]
    spread, df = np.stack(variance), np.stack([score.spread.df for score in scores])
    estimate = np.stack([score.estimate for score in scores])
    complete = np.stack([score.complete for score in scores])
    foretold = np.stack([score.foretold for score in scores])
    found = [(estimate, spread, df)]
    if (foretold > 0).any() or not np.array_equal(complete, estimate):
        found.append((complete, spread + foretold, df * ((spread + foretold) / spread) ** 2))
    ends = [
        composite_interval(
            np.where(empty, np.nan, (centre - lowest) / width),
            se=np.where(empty, np.nan, np.sqrt(square) / width),
            df=degrees,
            bounds=(0, 1),
            level=level,
        )
        for centre, square, degrees in found
    ]
    lower, upper = zip(*ends, strict=True)
    outer = lowest + width * np.minimum.reduce(lower), lowest + width * np.maximum.reduce(upper)
    return list(zip(*outer, strict=True))


def _unrated(branches: Sequence[ScoredTree]) -> Array:
    """Weight of expected leaves that nobody rated in each complete score, (V,)."""
    weights = [np.zeros(b.matrix.shape[0]) if b.unrated is None else b.unrated.weight for b in branches]
    return np.concatenate(weights)


def _flag(scores: Sequence[Score], variance: Sequence[Array], empty: NDArray[np.bool_]) -> NDArray[np.str_]:
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


def _share(scores: Sequence[Score], member: Array, part: str) -> tuple[tuple[str, ...], Array]:
    """Shares (node, part, statistic) of the labels' members (label, group) in the variance of each node."""
    brought = np.stack([(member @ score.spread.share).T for score in scores], axis=2)
    total = np.stack([np.diag(score.spread.covariance) for score in scores], axis=1)[:, None, :]
    share = np.divide(brought, total, out=np.full_like(brought, np.nan), where=total > 0)
    return ("node", part, "statistic"), share


def _people(branch: ScoredTree) -> tuple[Codes, Codes]:
    """Respondents of each node's cells, and those who rated any of its items."""
    told, along = branch.told, branch.directions
    used = along.leaf > 0
    everyone = np.bincount(told.cell, minlength=told.cells)
    gave = told.by_cell(np.stack([told.rates(row) for row in used]))[along.of]
    touched = np.stack([np.bincount(branch.tree.cell_of, row[:-1], told.cells) > 0 for row in used])[along.of]
    inside = touched & (along.ratio > 0)
    node, nodes = branch.weights.node.T, branch.matrix.shape[0]
    of_node = [np.bincount(node[inside], (people * inside)[inside], nodes) for people in (everyone, gave)]
    return of_node[0].astype(np.intp), of_node[1].astype(np.intp)
