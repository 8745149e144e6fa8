"""Own answers drawn: scores with their intervals, and ranks with the sets that the data allow."""

from typing import TYPE_CHECKING, Any, Literal, get_args

import pandas as pd
import xarray as xr

from sapa.estimation.official import PARTS, Denominator, SinglePsu, Statistic
from sapa.estimation.tables import MIN_DF, MIN_RATERS, Unit, estimate, rank
from sapa.published.names import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["scores", "ranks"]


def draw(
    data: xr.Dataset,
    *,
    kind: Kind = "scores",
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
    language: Language = "en",
    rng: int = 0,
) -> "Axes":
    """Figure of the scores, or of the ranks, of own answers.

    Parameters
    ----------
    data, by, statistic, denominator, deff, level, single_psu, min_raters, min_df, df, min_cell, rng
        As in :func:`sapa.rank`. Satisfaction is drawn in percent.
    kind
        ``"scores"``: estimates and intervals, units too thin to rank drawn hollow. ``"ranks"``: each rank
        and the set of ranks that the data allow.
    language
        Of the labels.

    Returns
    -------
    Axes of a new figure.

    Raises
    ------
    ValueError
        As :func:`sapa.rank`, and for an unknown kind.
    """
    from sapa import figures  # here, for matplotlib takes longer to load than most commands take to run

    if kind not in get_args(Kind):
        raise ValueError(f"kind must be one of {get_args(Kind)}, got {kind!r}")
    options: dict[str, Any] = {
        "by": by,
        "denominator": denominator,
        "deff": deff,
        "level": level,
        "single_psu": single_psu,
    }
    limits: dict[str, Any] = {
        "min_raters": min_raters,
        "min_df": min_df,
        "df": df,
        "min_cell": min_cell,
        "rng": rng,
    }
    ranking = rank(data, statistic=statistic, **options, **limits)
    names = list(PARTS[by])
    if kind == "ranks":
        shown = ranking[ranking["rank"].notna()]
        place, low, high = (shown[name].astype(int) for name in ("rank", "rank_lower", "rank_upper"))
        return figures.rank_sets(place, low, high, _labels(shown, names), language=language)
    table = estimate(data, **options, min_cell=min_cell)
    table = table[(table["statistic"] == statistic) & table["estimate"].notna()]
    table = table.merge(ranking[[*names, "note"]], on=names).sort_values("estimate", ascending=False)
    scale = 100.0 if statistic == "satisfaction" else 1.0
    middle, low, high = (table[name] * scale for name in ("estimate", "lower", "upper"))
    return figures.caterpillar(
        middle,
        low,
        high,
        _labels(table, names),
        thin=table["note"] != "",
        resolvable=ranking.attrs["resolvable"] * scale,
        quantity="q" if statistic == "mean" else "satisfaction",
        language=language,
    )


def _labels(table: pd.DataFrame, names: list[str]) -> list[str]:
    return [", ".join(row) for row in table[names].itertuples(index=False)]
