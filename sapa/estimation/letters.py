"""Own answers in tiers: letters that units not told apart have in common."""

import pandas as pd
import xarray as xr

from estimators import tiers
from sapa.choices import MIN_DF, MIN_RATERS, Denominator, SinglePsu, Statistic, Unit
from sapa.estimation.official import official
from sapa.estimation.rows import fit_to_rank, joint, of_reading, rows_of
from sapa.estimation.small_cells import suppressed


def letters(
    data: xr.Dataset,
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
    rng: int = 0,
) -> pd.DataFrame:
    """Table of tiers of the ranked units, best first.

    Parameters
    ----------
    data, by, statistic, denominator, deff, level, single_psu, min_raters, min_df, df, min_cell, rng
        As in :func:`sapa.rank`: its comparisons, all at once.

    Returns
    -------
    One row a ranked unit whose figures are shown: its names, ``estimate``, ``letters``, and a column of bools
    for each letter; ``attrs["tiers"]`` lists these columns.
    """
    one = official(data, by=by, denominator=denominator, deff=deff, level=level, single_psu=single_psu).sel(
        statistic=statistic
    )
    _, kept = fit_to_rank(one, min_raters, min_df)
    figures, covariance = joint(one, kept)
    used = one["df"].values[kept] if df is None else df
    found = tiers(figures, covariance, level=level, df=used, rng=rng)
    table = rows_of(one.isel(node=kept), by, ["estimate", "raters"])
    names = found["tier"].values.tolist()
    table["letters"] = found["letters"].values
    table[names] = found["member"].values
    table = suppressed(table.assign(note=""), min_cell, flag="note").drop(columns="note")
    shown = table[table["estimate"].notna()].sort_values("estimate", ascending=False, kind="stable")
    shown.attrs |= of_reading(data) | {
        "tiers": names,
        "level": level,
        "df": "each unit's own" if df is None else df,
    }
    return shown.reset_index(drop=True)
