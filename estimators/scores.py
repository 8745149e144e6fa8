"""Scores of every domain and item at once: Q, satisfaction, their precision and their intervals."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, overload

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from estimators import intervals
from estimators.design import Design
from estimators.domain_variance import Layout, domain_variance
from estimators.domains import Domains
from estimators.effective_size import design_effect
from estimators.histogram import (
    Denominator,
    Statistic,
    StatisticName,
    cell_index,
    count_cells,
    statistic,
)
from estimators.intervals import IntervalKind
from estimators.nonprobability import inference_label, nonprobability_part
from estimators.options import check_level, check_several
from estimators.ratings import CODES, MEANINGS, codes_of
from estimators.replicate_variance import domain_replicate_variance
from estimators.replication import Replicates

FloatArray = NDArray[np.float64]
Kinds = IntervalKind | Mapping[StatisticName, IntervalKind] | None

_CELLS: Final = 2**17  # ratings held at once as numbers: they stay in the cache, and memory is bounded
FLAGS: Final = np.array(
    ["", "no raters", "one rater", "all alike", "no spread", "too few", "replicates lost"]
)
DEFAULT_INTERVALS: Final[Mapping[StatisticName, IntervalKind]] = {
    "mean": "smoothed_moments",
    "satisfaction": "korn_graubard",
    "top_two_box": "korn_graubard",
}


@dataclass(frozen=True, slots=True, eq=False)
class Cellwise:
    """Numbers by (domain, item, statistic).

    ``value``; its design ``variance``; ``srs``, the variance of a simple random sample of that size;
    ``count``, respondents in the denominator; ``lost``, whether some replicate had none.
    """

    value: FloatArray
    variance: FloatArray
    srs: FloatArray
    count: FloatArray
    lost: NDArray[np.bool_]


@overload
def scores(
    ratings: xr.Dataset,
    design: Design | Replicates,
    *,
    by: str,
    items: Sequence[str] | None = ...,
    denominator: Denominator = ...,
    statistics: Sequence[StatisticName] = ...,
    interval: Kinds = ...,
    level: float = ...,
) -> xr.Dataset: ...
@overload
def scores(
    ratings: xr.Dataset,
    design: Design | Replicates,
    *,
    by: list[str] | tuple[str, ...],
    items: Sequence[str] | None = ...,
    denominator: Denominator = ...,
    statistics: Sequence[StatisticName] = ...,
    interval: Kinds = ...,
    level: float = ...,
) -> dict[str, xr.Dataset]: ...
def scores(
    ratings: xr.Dataset,
    design: Design | Replicates,
    *,
    by: str | list[str] | tuple[str, ...],
    items: Sequence[str] | None = None,
    denominator: Denominator = "rated",
    statistics: Sequence[StatisticName] = ("mean", "satisfaction"),
    interval: Kinds = DEFAULT_INTERVALS,
    level: float = 0.95,
) -> xr.Dataset | dict[str, xr.Dataset]:
    """Scores of all domains and items, with design-based standard errors and intervals.

    Parameters
    ----------
    ratings : dataset with ``ratings`` (respondent, item) of the codes of `estimators.ratings`, and the
        variables named in ``by`` along respondent.
    design : the design of the same respondents, in the same order, or replicates of it.
    by : variable that makes the domains, or a crossing ("region x service"); a list gives one dataset each.
        A categorical variable makes a domain of every category, empty ones too.
    items : items to score, all if None.
    denominator : satisfaction and top-two-box are shares of those who "rated", or of those "asked". The mean
        is over raters in both.
    statistics : any of "mean" (Q, 1..5), "satisfaction" (share of fives), "top_two_box" (fours and fives).
    interval : kind for all statistics, or a mapping, or None for no intervals. By default smoothed moments
        for the mean and Korn-Graubard for shares.
    level : confidence level.

    Returns
    -------
    Dataset (or dictionary of them by the names in ``by``) over (domain, item, statistic): ``estimate, se,
    lower, upper, n_eff, deff, flag``; over (domain, item): ``n`` asked, ``raters``, and the counts
    ``not_answered, not_applicable, not_asked``; over (domain,): ``df``, ``domain_df``; over (domain, item,
    score): ``distribution``, weighted shares of the raters. An item nobody rated has NaN and the flag "no
    raters"; one rater, or ratings all alike, have no variance to estimate: ``se`` is NaN, never 0, with the
    flag, and the interval, where the kind allows one, rests on the pooled design effect.

    Notes
    -----
    Variances are those of linearised ratios over all PSUs of the design; rows outside the domain count as
    zeros, they are not dropped. ``df`` is the design's and does not shrink when an item is not rated;
    ``domain_df`` counts the PSUs and strata met in the domain. What the intervals mean is in the attribute
    ``inference``; ``nonprobability`` (domain,) is the share of weight that was not selected by probability.

    Raises
    ------
    TypeError
        If the ratings are not integers.
    ValueError
        For ratings outside the codes, unknown items or variables, or a design of another length.

    Examples
    --------
    >>> people = xr.Dataset(
    ...     {"ratings": (("respondent", "item"), np.array([[5], [4], [5], [5]], dtype=np.int8)),
    ...      "service": ("respondent", ["s01", "s01", "s02", "s02"])}, coords={"item": ["o01"]})
    >>> result = scores(people, Design(weight=np.ones(4)), by="service")
    >>> result.estimate.sel(statistic="mean").values.ravel().tolist()
    [4.5, 5.0]
    >>> result.flag.sel(statistic="mean").values.ravel().tolist()
    ['', 'all alike']
    """
    if not isinstance(design, Design | Replicates):
        raise TypeError(f"design must be a Design or Replicates of it, got {type(design).__name__}")
    table, names = _checked_ratings(ratings, items)
    if design.weights.size != len(table):
        raise ValueError(f"design must have the ratings' {len(table)} respondents, got {design.weights.size}")
    check_level(level)
    check_several(statistics, "statistics")
    chosen = {name: statistic(name, denominator) for name in statistics}
    if not chosen:
        raise ValueError("statistics must name at least one, such as ('mean',), got none")
    kinds = _kinds(interval, list(chosen))
    results = {}
    for name in _names_of_domains(by):
        domains = Domains.of(ratings, name)
        results[name] = _domain_scores(table, names, design, domains, chosen, kinds, level)
        label = inference_label(design if isinstance(design, Design) else design.design)
        results[name].attrs |= {"denominator": denominator, "level": level, "inference": label}
    return results[by] if isinstance(by, str) else results


def cellwise(
    table: NDArray[np.int8], design: Design | Replicates, layout: Layout, statistics: Sequence[Statistic]
) -> tuple[Cellwise, FloatArray, FloatArray]:
    """Kernel of `scores`: cellwise numbers, and the weighted and plain histograms (domain, item, code).

    One table of residuals by (domain, item, code) gives every respondent's influence by look-up. Items are
    independent of each other and are done in blocks, to bound memory.
    """
    step = max(1, _CELLS // max(len(table), 1))
    blocks = [
        _item_block(table[:, start : start + step], design, layout, statistics)
        for start in range(0, table.shape[1], step)
    ]
    value, variance, srs, count, hist, plain = (
        np.concatenate(part, axis=1) for part in zip(*blocks, strict=True)
    )
    if isinstance(design, Design):
        return Cellwise(value, variance, srs, count, np.zeros(value.shape, dtype=bool)), hist, plain
    variance, lost = domain_replicate_variance(design, table, layout.domain, value, statistics)
    return Cellwise(value, variance, srs, count, lost), hist, plain


def _item_block(
    table: NDArray[np.int8], design: Design | Replicates, layout: Layout, statistics: Sequence[Statistic]
) -> tuple[FloatArray, ...]:
    """Arrays (domain, item, ...) of `cellwise` for a few items; no variance for replicates."""
    cells = cell_index(table, layout.domain)
    hist = count_cells(cells, layout.n_domains, weight=design.weights)
    plain = count_cells(cells, layout.n_domains)
    rows = []
    for each in statistics:
        value = each.value(hist)
        below, count = hist @ each.denominator, plain @ each.denominator
        scaled = each.residuals(value) / np.where(below > 0, below, 1.0)[..., None]
        variance = np.full(value.shape, np.nan)
        if isinstance(design, Design):
            variance = domain_variance(design, layout, np.take(scaled.ravel(), cells))
        srs = np.sum(hist * scaled**2, axis=-1) * below / np.maximum(count - 1, 1)
        rows.append((value, variance, srs, count))
    return (*(np.stack(part, axis=-1) for part in zip(*rows, strict=True)), hist, plain)


def _domain_scores(
    table: NDArray[np.int8],
    items: pd.Index,
    source: Design | Replicates,
    domains: Domains,
    statistics: Mapping[StatisticName, Statistic],
    kinds: Mapping[StatisticName, IntervalKind],
    level: float,
) -> xr.Dataset:
    """Labelled scores of one set of domains."""
    design = source if isinstance(source, Design) else source.design
    layout = Layout.of(design, domains.code, domains.size)
    cells, hist, plain = cellwise(table, source, layout, list(statistics.values()))
    flag = _flags(cells)
    usable = flag == 0
    variance = np.where(usable, cells.variance, np.nan)
    deff = np.divide(variance, cells.srs, out=np.full(variance.shape, np.nan), where=usable)
    kish = layout.kish(source.weights)
    used = design_effect(variance, cells.srs, kish, layout.cluster_size, layout.size, layout.df)
    n_eff = np.where(cells.count > 0, cells.count / used, 0.0)
    cube, plane = (domains.name, "item", "statistic"), (domains.name, "item")
    raters = plain[..., 3:].sum(axis=-1)
    total = hist[..., 3:].sum(axis=-1, keepdims=True)
    shares = np.divide(hist[..., 3:], total, out=np.full(hist[..., 3:].shape, np.nan), where=total > 0)
    data = {
        "estimate": (cube, cells.value),
        "se": (cube, np.sqrt(variance)),
        "n_eff": (cube, n_eff),
        "deff": (cube, deff),
        "raters": (plane, raters.astype(int)),
        "n": (plane, (raters + plain[..., 0]).astype(int)),
        "distribution": ((*plane, "score"), shares),
        "df": (domains.name, np.full(domains.size, design.df)),
        "domain_df": (domains.name, layout.df),
        "nonprobability": (domains.name, _nonprobability(design, layout)),
    }
    data |= {name: (plane, plain[..., k].astype(int)) for k, name in enumerate(MEANINGS[:3])}
    if kinds:
        spread = {"own": np.sqrt(variance), "used": np.sqrt(used * cells.srs)}
        lower, upper = _ends(cells, shares, spread, n_eff, design.df, statistics, kinds, level)
        flag = np.where(usable & np.isnan(lower), 5, flag)
        data |= {"lower": (cube, lower), "upper": (cube, upper)}
    flag = np.where(usable & (flag == 0) & cells.lost, 6, flag)
    data["flag"] = (cube, FLAGS[flag])
    coords = domains.coordinates | {"item": ("item", items), "score": ("score", pd.RangeIndex(1, 6))}
    coords["statistic"] = ("statistic", pd.Index(list(statistics), dtype=object))
    return xr.Dataset(data, coords=coords, attrs={"interval": str(dict(kinds))})


def _nonprobability(design: Design, layout: Layout) -> FloatArray:
    """Share (domain,) of the weight that was not selected by probability."""
    if design.selection is None:
        return np.zeros(layout.n_domains)
    marked = np.bincount(layout.domain, design.weights * nonprobability_part(design), layout.n_domains)
    total = np.bincount(layout.domain, design.weights, layout.n_domains)
    return np.asarray(np.divide(marked, total, out=np.full(total.size, np.nan), where=total > 0))


def _flags(cells: Cellwise) -> NDArray[np.intp]:
    """Index into `FLAGS` of why a variance cannot be estimated; 0 where it can."""
    conditions = [cells.count == 0, cells.count == 1, cells.srs <= 1e-15, cells.variance <= 1e-12 * cells.srs]
    return np.select(conditions, [1, 2, 3, 4], 0)


def _ends(
    cells: Cellwise,
    shares: FloatArray,
    spread: Mapping[str, FloatArray],
    n_eff: FloatArray,
    df: int,
    statistics: Mapping[StatisticName, Statistic],
    kinds: Mapping[StatisticName, IntervalKind],
    level: float,
) -> tuple[FloatArray, FloatArray]:
    """Ends (domain, item, statistic) of the intervals; NaN where the kind is undefined."""
    lower, upper = np.full((2, *cells.value.shape), np.nan)
    for k, (name, each) in enumerate(statistics.items()):
        value = cells.value[..., k]
        share = shares if name == "mean" else np.stack([1 - value, value], axis=-1)
        made = intervals.interval(
            value,
            kind=kinds[name],
            level=level,
            se=spread["used" if kinds[name] == "korn_graubard" else "own"][..., k],
            df=df,
            n=cells.count[..., k],
            n_eff=n_eff[..., k],
            distribution=share,
            scores=CODES[3:] if name == "mean" else (0, 1),
            bounds=each.bounds,
            unusable="nan",
        )
        lower[..., k], upper[..., k] = made.lower, made.upper
    return lower, upper


def _names_of_domains(by: str | list[str] | tuple[str, ...]) -> Sequence[str]:
    """Names in ``by``, one or several."""
    names = [by] if isinstance(by, str) else by
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"by must be a name, such as 'service', or a list of names, got {by!r}")
    if not (names and all(names)):
        raise ValueError(f"by must name a variable along respondent, such as 'service', got {by!r}")
    return names


def _kinds(interval: Kinds, names: Sequence[StatisticName]) -> dict[StatisticName, IntervalKind]:
    """Kind of interval of each statistic; empty for none."""
    if interval is None:
        return {}
    if not isinstance(interval, str | Mapping):
        raise TypeError(
            f"interval must be a kind, a mapping of statistics to kinds, or None, got {interval!r}"
        )
    kinds = dict.fromkeys(names, interval) if isinstance(interval, str) else dict(interval)
    if missing := [name for name in names if name not in kinds]:
        raise ValueError(f"interval must name a kind for every statistic, {missing[0]!r} has none")
    if "bootstrap_t" in kinds.values():
        raise ValueError(
            "interval 'bootstrap_t' needs replicates of every cell; use intervals.interval on them"
        )
    return {name: kinds[name] for name in names}


def _checked_ratings(ratings: xr.Dataset, items: Sequence[str] | None) -> tuple[NDArray[np.int8], pd.Index]:
    """Table (respondent, item) of codes as int8, and its items."""
    if "ratings" not in ratings or set(ratings["ratings"].dims) != {"respondent", "item"}:
        raise ValueError("ratings must be a dataset with a variable 'ratings' over (respondent, item)")
    array = ratings["ratings"].transpose("respondent", "item")
    if items is not None:
        check_several(items, "items")
        known_items = set(array.get_index("item"))
        if unknown := [item for item in items if not isinstance(item, Hashable) or item not in known_items]:
            known = ", ".join(map(str, array.get_index("item")))
            raise ValueError(
                f"items must be among the ratings' items, {unknown[0]!r} is not; there are {known}"
            )
        array = array.sel(item=list(items))
    names = array.get_index("item")
    if names.size == 0 or names.has_duplicates:
        got = f"{names[names.duplicated()][0]!r} twice" if names.size else "none"
        raise ValueError(f"items must be one or more, each named once, got {got}; drop or rename columns")
    return codes_of(array), names
