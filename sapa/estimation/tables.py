"""Own answers scored, ranked and compared: the tables behind the command line."""

from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from estimators import change, ranks, scores, tipping_point
from sapa.answers.reading import SLASH
from sapa.estimation.official import (
    PARTS,
    Denominator,
    Level,
    SinglePsu,
    Statistic,
    design_in_words,
    design_of,
    official,
)

By = Literal[Level, "item"]
Unit = Literal["region", "service", "channel"]
MIN_RATERS: Final = 10
MIN_DF: Final = 10.0


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
        Figures of fewer raters are left blank.

    Returns
    -------
    One row a unit and statistic: its names, ``statistic`` (mean 1..5, satisfaction 0..1), ``estimate, se,
    lower, upper, n, raters, df, flag``. What was assumed is in ``attrs``.
    """
    if by == "item":
        table = _items(data, denominator=denominator, level=level, single_psu=single_psu)
    else:
        found = official(data, by=by, denominator=denominator, deff=deff, level=level, single_psu=single_psu)
        table = rows_of(
            found, by, ["estimate", "se", "lower", "upper", "n", "raters", "effective_n", "df", "flag"]
        )
    return suppressed(table, min_cell)


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
        Degrees of freedom of the critical value. By default the fewest among the ranked units, which is
        safe for every unit; infinite takes the standard errors as known.
    min_cell
        Figures of fewer raters are left blank.
    rng
        Seed of the draws behind the critical value.

    Returns
    -------
    One row a unit, best first: names, ``estimate, se, rank, rank_lower, rank_upper, n, raters, df, note``.

    Raises
    ------
    ValueError
        When fewer than two units can be ranked.
    """
    found = official(data, by=by, denominator=denominator, deff=deff, level=level, single_psu=single_psu)
    one = found.sel(statistic=_known(statistic))
    note, kept = fit_to_rank(one, min_raters, min_df)
    figures, covariance = joint(one, kept)
    used = float(one["df"].values[kept].min()) if df is None else df
    sets = ranks(figures, covariance, level=level, df=used, rng=rng)
    table = rows_of(one, by, ["estimate", "se", "n", "raters", "df"])
    for name, source in (("rank", "rank"), ("rank_lower", "lower"), ("rank_upper", "upper")):
        column = np.full(note.size, pd.NA, dtype=object)
        column[kept] = sets[source].values
        table[name] = pd.array(column, dtype="Int64")
    table["note"] = note
    order = np.lexsort((-np.nan_to_num(one["estimate"].values, nan=-1.0), note != ""))
    table = suppressed(table.iloc[order].reset_index(drop=True), min_cell, flag="note")
    resolvable = float(np.nanmedian(sets["resolvable"].values))
    table.attrs |= {
        "statistic": statistic,
        "df": used,
        "coverage": "all ranks at once",
        "resolvable": resolvable,
    }
    return table


def compare(
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
    rng: int = 0,
) -> pd.DataFrame:
    """Change of every unit between two independent rounds.

    Parameters
    ----------
    before, after
        Two rounds, as :func:`sapa.read` gives them.
    by, statistic, denominator, deff, level, single_psu, min_raters, min_df, df, min_cell, rng
        As in :func:`rank`; `level` holds for all intervals at once.

    Returns
    -------
    One row a unit of both rounds: names, ``before, after, difference, se, lower, upper, p_adjusted``
    (max-t), ``verdict`` (rose, fell, not told apart), ``deff_at_flip``, at which the verdict without
    adjustment for many units would change, ``raters_before, raters_after``. Units that are in one round
    only or too thin are named in ``attrs``, and so are items and criteria in which the rounds differ.

    Raises
    ------
    ValueError
        When no unit is fit in both rounds.
    """
    rounds = []
    for data in (before, after):
        found = official(data, by=by, denominator=denominator, deff=deff, level=level, single_psu=single_psu)
        one = found.sel(statistic=_known(statistic))
        rounds.append((one, np.flatnonzero(_unranked(one, min_raters, min_df) == "")))
    names = [set(one["node"].values[kept].tolist()) for one, kept in rounds]
    if not names[0] & names[1]:
        raise ValueError(
            f"at least one unit must have {min_raters} raters and {min_df:g} degrees of freedom in both "
            "rounds, got none; lower min_raters or min_df, or give the units one name in both files"
        )
    used = min(float(one["df"].values[kept].min()) for one, kept in rounds) if df is None else df
    pairs = [part for one, kept in rounds for part in joint(one, kept)]
    moved = change(*pairs, domains="common", level=level, df=used, rng=rng)
    columns = ["before", "after", "difference", "se", "lower", "upper", "p_adjusted"]
    table = rows_of(moved, by, columns)
    table["verdict"] = np.select(
        [moved["lower"].values > 0, moved["upper"].values < 0], ["rose", "fell"], "not told apart"
    )
    flip = tipping_point(moved["difference"], moved["se"].values, deff=deff, level=level, df=used)
    table["deff_at_flip"] = flip["deff"].values
    for name, (one, _) in zip(("raters_before", "raters_after"), rounds, strict=True):
        table[name] = one["raters"].sel(node=moved["node"]).values
    everyone = set().union(*(one["node"].values.tolist() for one, _ in rounds))
    left = sorted(_shown(name) for name in everyone - set(moved["node"].values.tolist()))
    told = {key: rounds[1][0].attrs[key] for key in ("design", "deff", "denominator", "rule")}
    table.attrs |= told | {"statistic": statistic, "df": used, "not_compared": left}
    table.attrs["caution"] = _caution(before, after)
    return suppressed(table, min_cell, raters=("raters_before", "raters_after"), flag="verdict")


def suppressed(
    table: pd.DataFrame, min_cell: int, *, raters: tuple[str, ...] = ("raters",), flag: str = "flag"
) -> pd.DataFrame:
    """Table with the numbers of every row of fewer than `min_cell` raters left blank.

    Raises
    ------
    ValueError
        When `min_cell` is negative.

    Examples
    --------
    >>> table = pd.DataFrame({"service": ["a", "b"], "estimate": [4.5, 4.9], "raters": [40, 2], "flag": ""})
    >>> suppressed(table, 5).values.tolist()
    [['a', 4.5, 40.0, ''], ['b', nan, nan, 'fewer than 5 raters']]
    """
    if min_cell < 0:
        raise ValueError(f"min_cell must be at least 0, got {min_cell}; 0 shows every cell")
    few = (table[list(raters)] < min_cell).any(axis=1).to_numpy()
    if not few.any():
        return table
    shown = {
        name: table[name].astype("Float64" if table[name].dtype == "Int64" else float).mask(few)
        for name in table.select_dtypes("number").columns
    }
    shown[flag] = table[flag].astype(object).mask(few, f"fewer than {min_cell} raters")
    out = table.assign(**shown)
    out.attrs = dict(table.attrs)
    return out


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
        table[name] = table[name].map(_shown)
    table = table.rename(columns={"n_eff": "effective_n"})
    table = table[["service", "item", "statistic", *("effective_n" if c == "n_eff" else c for c in columns)]]
    table.attrs = {key: str(value) for key, value in found.attrs.items()} | {"design": design_in_words(data)}
    return table


def rows_of(found: xr.Dataset, by: By, columns: list[str]) -> pd.DataFrame:
    """Rows of a dataset over nodes, with the parts of each node's name in columns of their own."""
    table = found[columns].to_dataframe().reset_index()
    parts = table["node"].str.split("/", expand=True)
    names = {name: parts[k].map(_shown) for k, name in enumerate(PARTS[by])}
    kept = [name for name in ("statistic",) if name in found.dims]
    out = pd.concat([pd.DataFrame(names), table[[*kept, *columns]]], axis=1)
    out.attrs = {key: value for key, value in found.attrs.items() if isinstance(value, str | float | int)}
    return out


def fit_to_rank(
    one: xr.Dataset, min_raters: int, min_df: float
) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Why each unit is not ranked, empty where it is, and the places of those that are.

    Raises
    ------
    ValueError
        When fewer than two units can be ranked.
    """
    note = _unranked(one, min_raters, min_df)
    kept = np.flatnonzero(note == "")
    if kept.size < 2:
        raise ValueError(
            f"at least two units must be fit to rank, got {kept.size} of {note.size}: the others have fewer "
            f"than {min_raters} raters or {min_df:g} degrees of freedom; lower min_raters or min_df"
        )
    return note, kept


def joint(one: xr.Dataset, kept: NDArray[np.intp]) -> tuple[xr.DataArray, NDArray[np.float64]]:
    """Estimates of those units and their covariance."""
    part = one.isel(node=kept)
    return part["estimate"].drop_vars(["statistic", "level"]), part["covariance"].values[:, kept]


def _unranked(one: xr.Dataset, min_raters: int, min_df: float) -> NDArray[np.object_]:
    """Why each unit is not ranked; empty where it is."""
    empty, unknown = one["flag"].values == "empty", ~(one["se"].values > 0)
    few, thin = one["raters"].values < min_raters, one["df"].values < min_df
    words = [
        "no ratings",
        "no standard error",
        f"fewer than {min_raters} raters",
        f"fewer than {min_df:g} df",
    ]
    return np.select([empty, unknown, few, thin], words, "").astype(object)


def _caution(before: xr.Dataset, after: xr.Dataset) -> str:
    """Sentence on the items that one round has only, or has in another criterion; empty if there are none."""
    old, new = (d["criterion"].to_series().to_dict() for d in (before, after))
    odd = sorted(_shown(item) for item in old.keys() | new.keys() if old.get(item) != new.get(item))
    return (
        f"the rounds do not ask the same: {', '.join(odd)} in one only or in another criterion" if odd else ""
    )


def _known(statistic: str) -> str:
    if statistic not in get_args(Statistic):
        raise ValueError(f"statistic must be one of {get_args(Statistic)}, got {statistic!r}")
    return statistic


def _shown(name: str) -> str:
    return name.replace(SLASH, "/")
