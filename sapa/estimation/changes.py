"""Own answers of two rounds compared."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from estimators import change, tipping_point
from sapa.choices import MIN_DF, MIN_RATERS, Denominator, SinglePsu, Statistic, Unit
from sapa.estimation.official import official
from sapa.estimation.rows import joint, known_statistic, of_reading, rows_of, shown, unranked
from sapa.estimation.small_cells import suppressed
from sapa.estimation.tables import ABOVE, blank_above


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
    by, statistic, denominator, deff, single_psu, min_raters, min_df, min_cell, rng
        As in :func:`rank`.
    level
        Of all intervals at once.
    df
        Degrees of freedom of the changes. By default each unit's own (Satterthwaite).

    Returns
    -------
    One row a unit of both rounds: names, ``before, after, difference, se, lower, upper, p_adjusted``
    (max-t), ``df``, ``verdict`` (rose, fell, not told apart), ``deff_at_flip``, at which the verdict without
    adjustment for many units would change, ``raters_before, raters_after``. Units that are in one round
    only or too thin are named in ``attrs``, and so are items and criteria in which the rounds differ.

    Raises
    ------
    ValueError
        When no unit is fit in both rounds.
    """
    rounds = [
        official(data, by=by, denominator=denominator, deff=deff, level=level, single_psu=single_psu).sel(
            statistic=known_statistic(statistic)
        )
        for data in (before, after)
    ]
    fit = [one["node"].values[unranked(one, min_raters, min_df) == ""] for one in rounds]
    common = np.intersect1d(*fit)
    if not common.size:
        raise ValueError(
            f"at least one unit must have {min_raters} raters and {min_df:g} degrees of freedom in both "
            "rounds, got none; lower min_raters or min_df, or give the units one name in both files"
        )
    matched = [one.sel(node=common, other=common) for one in rounds]
    used = _df_of_change(*matched) if df is None else df
    pairs = [part for one in matched for part in joint(one, np.arange(common.size))]
    moved = change(*pairs, level=level, df=used, rng=rng)
    columns = ["before", "after", "difference", "se", "lower", "upper", "p_adjusted"]
    table = rows_of(moved, by, columns)
    table["verdict"] = np.select(
        [moved["lower"].values > 0, moved["upper"].values < 0], ["rose", "fell"], "not told apart"
    )
    flip = tipping_point(moved["difference"], moved["se"].values, deff=deff, level=level, df=used)
    table["deff_at_flip"] = flip["deff"].values
    table["df"] = used
    for name, one in zip(("raters_before", "raters_after"), matched, strict=True):
        table[name] = one["raters"].values
    everyone = set().union(*(one["node"].values.tolist() for one in rounds))
    left = sorted(shown(name) for name in everyone - set(common.tolist()))
    table.attrs |= _of_both(*rounds) | {
        "statistic": statistic,
        "df": "each unit's own" if df is None else df,
        "not_compared": left,
    }
    table.attrs |= of_reading(before, after) | {"caution": _caution(before, after)}
    blank = blank_above(before, by, min_cell) | blank_above(after, by, min_cell)
    counts = ("raters_before", "raters_after")
    return suppressed(table, min_cell, within=ABOVE[by], blank_wholes=blank, raters=counts, flag="verdict")


def _of_both(before: xr.Dataset, after: xr.Dataset) -> dict[str, Any]:
    """What two rounds assume: once where it is the same."""
    told = {}
    for key in ("design", "inference", "deff", "denominator", "rule"):
        old, new = before.attrs[key], after.attrs[key]
        told[key] = new if old == new else f"{old} (before), {new} (after)"
    return told


def _df_of_change(before: xr.Dataset, after: xr.Dataset) -> NDArray[np.float64]:
    """Degrees of freedom of the differences of two independent estimates (Satterthwaite 1946)."""
    variance = [one["se"].values ** 2 for one in (before, after)]
    own = sum(v**2 / one["df"].values for v, one in zip(variance, (before, after), strict=True))
    out = np.full(len(variance[0]), np.inf)  # variances that are known have no other
    found: NDArray[np.float64] = np.divide(sum(variance) ** 2, own, out=out, where=np.asarray(own) > 0)
    return found


def _caution(before: xr.Dataset, after: xr.Dataset) -> str:
    """Sentence on the items that one round has only, or has in another criterion; empty if there are none."""
    old, new = (d["criterion"].to_series().to_dict() for d in (before, after))
    odd = sorted(shown(item) for item in old.keys() | new.keys() if old.get(item) != new.get(item))
    return (
        f"the rounds do not ask the same: {', '.join(odd)} in one only or in another criterion" if odd else ""
    )
