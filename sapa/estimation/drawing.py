"""Own answers drawn: scores, ranks, tiers, ratings, shares of variance, the map, the sample, coverage."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import xarray as xr

from sapa.choices import MIN_DF, MIN_RATERS, Denominator, Language, SinglePsu, Statistic, Unit
from sapa.estimation.changes import compare

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal[
    "scores", "ranks", "tiers", "allocation", "sample", "distributions", "variance", "effective",
    "coverage", "map",
]  # fmt: skip
Rows = Literal[Unit, "item", "criterion"]
OF_RATINGS: Final = ("item", "criterion")


def draw(
    data: xr.Dataset,
    *,
    kind: Kind = "scores",
    by: Rows = "service",
    statistic: Statistic = "mean",
    denominator: Denominator = "asked",
    deff: float = 1.0,
    level: float = 0.95,
    single_psu: SinglePsu = "error",
    min_raters: int = MIN_RATERS,
    min_df: float = MIN_DF,
    df: float | None = None,
    min_cell: int = 0,
    population: Mapping[str, float] | None = None,
    language: Language = "en",
    rng: int = 0,
) -> "Axes":
    """Figure of own answers.

    Parameters
    ----------
    data, statistic, denominator, deff, level, single_psu, min_raters, min_df, df, min_cell, rng
        As in :func:`sapa.rank`. Satisfaction is drawn in percent; what has fewer than `min_cell` raters is
        not drawn.
    kind
        ``scores``: estimates and intervals, units too thin to rank drawn hollow; ``ranks``: each rank and the
        set of ranks that the data allow; ``tiers``: letters; ``allocation``: respondents by region and
        service; ``sample``: regions in the population and in the sample; ``distributions``: ratings 1 to 5;
        ``variance``: shares of the criteria; ``effective``: effective numbers of respondents; ``coverage``:
        of intervals for one item whose ratings are distributed as all of these; ``map``: the regions of
        Kazakhstan as tiles.
    by
        Rows: ``service``, ``region`` or ``channel``; for distributions also ``item`` or ``criterion``.
    population
        Of each region, for ``sample``.
    language
        Of the labels.

    Returns
    -------
    Axes of a new figure.

    Raises
    ------
    ValueError
        As :func:`sapa.rank`, and for an unknown kind, rows that the kind has not, or
        regions it does not know.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"kind must be one of {get_args(Kind)}, got {kind!r}")
    if by in OF_RATINGS and kind != "distributions":
        raise ValueError(f"by must be one of {get_args(Unit)} for {kind!r}, got {by!r}")
    from sapa.estimation import pictures as each  # here: matplotlib loads longer than most commands run

    official_options: dict[str, Any] = {"denominator": denominator, "deff": deff, "single_psu": single_psu}
    options = official_options | {"level": level, "min_cell": min_cell}
    limits: dict[str, Any] = {"min_raters": min_raters, "min_df": min_df, "df": df, "rng": rng}
    ranked = {"by": by, "statistic": statistic} | options | limits
    ways: dict[str, Callable[[], Axes]] = {
        "scores": lambda: each.scores(data, ranked, options, language),
        "ranks": lambda: each.ranks(data, ranked, language),
        "tiers": lambda: each.tiers_of(data, ranked, language),
        "allocation": lambda: each.allocation(data, min_cell, language),
        "sample": lambda: each.sample(data, population, min_cell, language),
        "distributions": lambda: each.distributions(data, by, min_cell, language),
        "variance": lambda: each.variance(data, by, statistic, official_options, min_cell, language),
        "effective": lambda: each.effective(data, by, statistic, options, language),
        "coverage": lambda: each.coverage(data, level, language),
        "map": lambda: each.region_map(data, statistic, options, language),
    }
    return ways[kind]()


def draw_change(
    before: xr.Dataset,
    after: xr.Dataset,
    *,
    by: Unit = "service",
    statistic: Statistic = "mean",
    denominator: Denominator = "asked",
    deff: float = 1.0,
    level: float = 0.95,
    single_psu: SinglePsu = "error",
    min_raters: int = MIN_RATERS,
    min_df: float = MIN_DF,
    df: float | None = None,
    min_cell: int = 0,
    names: tuple[str, str] | None = None,
    language: Language = "en",
    rng: int = 0,
) -> "Axes":
    """Figure of two rounds: what each unit had, and whether the change is established.

    Parameters
    ----------
    before, after, by, statistic, denominator, deff, level, single_psu, min_raters, min_df, df, min_cell, rng
        As in :func:`sapa.compare`.
    names
        Of the rounds in the legend, such as their years.
    language
        Of the labels.

    Raises
    ------
    ValueError
        As :func:`sapa.compare`.
    """
    table = compare(
        before,
        after,
        by=by,
        statistic=statistic,
        denominator=denominator,
        deff=deff,
        level=level,
        single_psu=single_psu,
        min_raters=min_raters,
        min_df=min_df,
        df=df,
        min_cell=min_cell,
        rng=rng,
    )
    from sapa.estimation import pictures as each

    return each.change(table, names=names, language=language)
