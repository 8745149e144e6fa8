"""Own answers scored and ranked: the tables behind the command line."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from estimators import ranks, scores
from sapa.choices import MIN_DF, MIN_RATERS, By, Denominator, SinglePsu, Statistic, Unit
from sapa.estimation.official import (
    PARTS,
    design_in_words,
    design_of,
    official,
)
from sapa.estimation.rows import fit_to_rank, joint, known_statistic, notes_of, of_reading, rows_of, shown
from sapa.estimation.small_cells import suppressed

#: Columns that name what a row is a part of: a whole that may be published too.
ABOVE: Final[Mapping[str, tuple[str, ...]]] = {level: parts[:-1] for level, parts in PARTS.items()} | {
    "item": ("service",)
}


def estimate(
    data: xr.Dataset,
    *,
    by: By = "service",
    denominator: Denominator = "asked",
    deff: float = 1.0,
    level: float = 0.95,
    single_psu: SinglePsu = "error",
    min_cell: int = 0,
) -> pd.DataFrame:
    """Table of scores: official composites, or (``by="item"``) every item of every service.

    Parameters
    ----------
    data, by, denominator, deff, level, single_psu
        As in :func:`official`. Items have no `deff`: their variances are those of the design.
    min_cell
        Figures of fewer raters are left blank, and one more where the lone blank could be worked out, from
        this table or from that of the level above; see :func:`suppressed`.

    Returns
    -------
    One row a unit and statistic: its names, ``statistic`` (mean 1..5, satisfaction 0..1), ``estimate, se,
    lower, upper, n, raters, df, flag``. What was assumed is in ``attrs``.
    """
    if by == "item":
        if deff != 1:
            raise ValueError(
                f"deff must be 1 for items, got {deff:g}: their variances are those of the design; "
                "name strata and PSUs in the codebook"
            )
        table = _items(data, denominator=denominator, level=level, single_psu=single_psu)
    else:
        found = official(data, by=by, denominator=denominator, deff=deff, level=level, single_psu=single_psu)
        table = rows_of(
            found, by, ["estimate", "se", "lower", "upper", "n", "raters", "effective_n", "df", "flag"]
        )
    table.attrs |= of_reading(data)
    return suppressed(table, min_cell, within=ABOVE[by], blank_wholes=blank_above(data, by, min_cell))


def blank_above(data: xr.Dataset, by: By, min_cell: int) -> set[tuple[str, ...]]:
    """Names of the wholes, of the level above, that :func:`estimate` leaves blank."""
    wholes: tuple[By, ...] = ("service", "channel")
    above = [level for level in wholes if PARTS[level] == ABOVE[by]]
    if not min_cell or not above:
        return set()
    table = estimate(data, by=above[0], single_psu="certainty", min_cell=min_cell)
    rows = table.loc[table["raters"].isna(), list(ABOVE[by])]
    return set(rows.itertuples(index=False, name=None))


def rank(
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
    """Ranking with the ranks that the data allow, all at once.

    Parameters
    ----------
    data, by, denominator, deff, single_psu
        As in :func:`official`.
    statistic
        Which figure is ranked.
    level
        Probability that all the sets hold the true ranks.
    min_raters, min_df
        Units with fewer raters or degrees of freedom are shown unranked, with the reason in ``note``.
    df
        Degrees of freedom of every unit. By default each unit's own; infinite takes the standard errors as
        known.
    min_cell
        As in :func:`estimate`.
    rng
        Seed of the draws behind the critical value.

    Returns
    -------
    One row a unit, best first, those left blank last: names, ``estimate, se, rank, rank_lower, rank_upper,
    n, raters, df, note``.

    Raises
    ------
    ValueError
        When fewer than two units can be ranked.
    """
    found = official(data, by=by, denominator=denominator, deff=deff, level=level, single_psu=single_psu)
    one = found.sel(statistic=known_statistic(statistic))
    note, kept = fit_to_rank(one, min_raters, min_df)
    figures, covariance = joint(one, kept)
    used = one["df"].values[kept] if df is None else df
    sets = ranks(figures, covariance, level=level, df=used, rng=rng)
    table = rows_of(one, by, ["estimate", "se", "n", "raters", "df"])
    for name, source in (("rank", "rank"), ("rank_lower", "lower"), ("rank_upper", "upper")):
        column = np.full(note.size, pd.NA, dtype=object)
        column[kept] = sets[source].values
        table[name] = pd.array(column, dtype="Int64")
    table["note"] = note
    order = np.lexsort((-np.nan_to_num(one["estimate"].values, nan=-1.0), note != ""))
    table = table.iloc[order].reset_index(drop=True)
    blank = blank_above(data, by, min_cell)
    table = suppressed(table, min_cell, within=ABOVE[by], blank_wholes=blank, flag="note")
    if table["raters"].isna().any():  # last, by name: their place among the others would tell their score
        blank_rows = table["raters"].isna()
        by_name = table[blank_rows].sort_values(list(PARTS[by])).index
        table = table.loc[[*table.index[~blank_rows], *by_name]].reset_index(drop=True)
    resolvable = float(np.nanmedian(sets["resolvable"].values))
    table.attrs |= of_reading(data) | {
        "statistic": statistic,
        "df": "each unit's own" if df is None else df,
        "coverage": "all ranks at once",
        "resolvable": resolvable,
    }
    return table


def _items(
    data: xr.Dataset, *, denominator: Denominator, level: float, single_psu: SinglePsu
) -> pd.DataFrame:
    """Every item of every service, with the intervals of single items."""
    design = design_of(data, single_psu=single_psu)
    found = scores(data, design, by="service", denominator=denominator, level=level)
    columns = ["estimate", "se", "lower", "upper", "n", "raters", "n_eff", "df", "flag"]
    table = found[columns].to_dataframe().reset_index()
    table = table[table["n"] > 0].reset_index(drop=True)
    for name in ("service", "item"):
        table[name] = table[name].map(shown)
    table = table.rename(columns={"n_eff": "effective_n"})
    table = table[["service", "item", "statistic", *("effective_n" if c == "n_eff" else c for c in columns)]]
    table.attrs = notes_of(found.attrs) | {"design": design_in_words(data)}
    return table
