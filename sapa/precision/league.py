"""League tables with intervals and rank sets: published figures, covariance from the microdata."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from estimators import ranks
from estimators.composite import STATISTICS
from estimators.composite_influence import SCALE, Statistic
from estimators.composite_intervals import composite_interval
from sapa.precision.scenarios import Scenario
from sapa.precision.thin import ThinRule
from sapa.published import table

LEAGUES = {
    "service": ("service_ranking_2020", "service_id"),
    "agency": ("appendix_a", "agency_id"),
    "region": ("region_ranking_2020", "region_id"),
}


def published(level: str) -> pd.DataFrame:
    """Published figures of a league by id: ``printed_rank``, ``mean`` (1..5), ``satisfaction`` (a share)."""
    name, key = LEAGUES[level]
    rows = table(name)
    rows = rows[rows[key] != ""].set_index(key)
    return pd.DataFrame(
        {
            "printed_rank": rows["rank"].astype(int),
            "mean": rows["mean_score"],
            "satisfaction": rows["satisfaction_pct"] / 100,
        }
    )


def league(scenarios: Sequence[Scenario], unit: str, *, rule: ThinRule, level: float) -> pd.DataFrame:
    """Table of one league: a row a unit and statistic, in printed order.

    Parameters
    ----------
    scenarios
        The assumed one first; its figures carry plain names, the others' a suffix.
    unit
        ``service``, ``agency`` or ``region``.
    rule
        Who is too thin to rank.
    level
        Of intervals and rank sets.
    """
    figures = published(unit)
    found = pd.concat([_statistic(scenarios, unit, figures, statistic, level) for statistic in STATISTICS])
    of_mean = found[found["statistic"] == "mean"].set_index(unit)
    for case in scenarios:
        end = "" if case is scenarios[0] else f"_{case.name}"
        why = rule.reasons(of_mean["raters"], of_mean[f"effective_n{end}"], of_mean[f"half_width{end}"])
        found[f"thin{end}"] = found[unit].map(why != "")
        found[f"why_thin{end}"] = found[unit].map(why)
    return found.reset_index(drop=True)


def single(scenarios: Sequence[Scenario], node: str, figures: dict[str, float], level: float) -> pd.DataFrame:
    """Table of one node without rivals: a row a statistic."""
    frame = pd.DataFrame({"printed_rank": [1]} | {k: [v] for k, v in figures.items()}, index=[node])
    rows = []
    for statistic in STATISTICS:
        columns = _figures(scenarios[0], frame, statistic, level)
        for other in scenarios[1:]:
            columns |= _suffixed(_figures(other, frame, statistic, level), other.name)
        rows.append(pd.DataFrame({"country": [node], "statistic": statistic} | columns))
    return pd.concat(rows, ignore_index=True).drop(columns="printed_rank")


def _statistic(
    scenarios: Sequence[Scenario], unit: str, figures: pd.DataFrame, statistic: Statistic, level: float
) -> pd.DataFrame:
    columns = {unit: figures.index.to_numpy(), "statistic": statistic}
    first = scenarios[0]
    columns |= _figures(first, figures, statistic, level) | _rank_set(first, figures, statistic, level)
    for other in scenarios[1:]:
        more = _figures(other, figures, statistic, level) | _rank_set(other, figures, statistic, level)
        columns |= _suffixed(more, other.name)
    return pd.DataFrame(columns)


def _figures(
    scenario: Scenario, figures: pd.DataFrame, statistic: Statistic, level: float
) -> dict[str, np.ndarray]:
    """Published estimate and its interval, with what the microdata say of its precision."""
    scores = scenario.scores.sel(node=figures.index.to_numpy(), statistic=statistic)
    estimate = figures[statistic].to_numpy(dtype=float)
    se, df = scores["se"].values, scores["df"].values
    lower, upper = composite_interval(estimate, se=se, df=df, bounds=SCALE[statistic], level=level)
    return {
        "printed_rank": figures["printed_rank"].to_numpy(),
        "n": scores["n"].values,
        "raters": scores["raters"].values,
        "estimate": estimate,
        "se": se,
        "se_mc_error": scores["se_mc_error"].values,
        "lower": lower,
        "upper": upper,
        "half_width": (upper - lower) / 2,
        "effective_n": scores["effective_n"].values,
        "df": df,
        "replaced": (scores["pooled"] + scores["bounded"]).values,
        "in_microdata": scores["estimate"].values,
    }


def _rank_set(
    scenario: Scenario, figures: pd.DataFrame, statistic: Statistic, level: float
) -> dict[str, np.ndarray]:
    """Simultaneous rank sets of the published estimates under the scenario's covariance.

    Every unit's variance has its own degrees of freedom: with one for all, sets of 62 services hold in 90%.
    """
    nodes = figures.index.to_numpy()
    scores = scenario.scores.sel(node=nodes, other=nodes, statistic=statistic)
    estimate = xr.DataArray(figures[statistic].to_numpy(dtype=float), dims="unit", coords={"unit": nodes})
    found = ranks(estimate, scores["covariance"].values, level=level, df=scores["df"].values)
    low, high = found["lower"].values, found["upper"].values
    return {
        "rank": found["rank"].values,
        "rank_low": low,
        "rank_high": high,
        "separated": low - 1 + len(nodes) - high,
        "resolvable": found["resolvable"].values,
    }


def _suffixed(columns: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    kept = (
        "se",
        "lower",
        "upper",
        "half_width",
        "effective_n",
        "rank_low",
        "rank_high",
        "separated",
        "resolvable",
    )
    return {f"{key}_{name}": columns[key] for key in kept if key in columns}
