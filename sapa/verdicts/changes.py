"""2019 to 2020, and other years, for the country, the agencies and the local bodies."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from estimators import change, feasible, tipping_point
from estimators.composite import STATISTICS
from estimators.composite_influence import Statistic
from estimators.multiplicity import Method
from sapa.precision.precision import COUNTRY
from sapa.published import table
from sapa.verdicts.leagues import Case, history

HISTORIES: Final = {"own_agencies": "agency_history", "local_bodies": "local_ranking_history"}
LEAGUES: Final = ("country", *HISTORIES)
YEAR: Final = 2020


def changes(
    cases: Sequence[Case], *, since: int, level: float, leagues: Sequence[str] = LEAGUES
) -> pd.DataFrame:
    """Change from an earlier year to 2020 of every unit that prints both.

    The earlier round's precision is not printed. Each unit is given its variance of 2020 times the ratio of
    the two years' whole samples, and the rounds are independent: that everybody's share of the sample and
    spread stayed the same is an assumption, which ``flips_at_deff`` measures.

    Parameters
    ----------
    cases
        The scenarios.
    since
        The earlier year, on the five-point scale.
    level
        Of the tests; of a league at once where corrected.
    leagues
        ``country`` and those with a printed history: ``own_agencies``, ``local_bodies``.

    Returns
    -------
    A row a unit, statistic and scenario: ``league, unit, statistic, scenario, since, before, after,
    difference, se, p_value, p_holm, p_max_t, lower, upper`` (simultaneous, max-t), ``alone`` and ``together``
    (``rose``, ``fell`` or empty: uncorrected, and by max-t), ``flips_at_deff`` (the design effect, on both
    rounds, at which the uncorrected verdict turns) and ``flips_in_family`` (Bonferroni's over the league),
    ``before_feasible``, whether the earlier year's mean and satisfaction can come from one denominator,
    ``df`` and ``caution``.
    """
    frames = [
        _family(case, league, statistic, since, level)
        for league in leagues
        for statistic in STATISTICS
        for case in cases
    ]
    return pd.concat(frames, ignore_index=True)


def rounds(league: str, since: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Printed figures of the earlier year and of 2020, for the units that print both.

    Examples
    --------
    >>> [len(frame) for frame in rounds("own_agencies", 2019)]
    [22, 22]
    """
    if league == "country":
        rows = table("yearly").set_index("year")
        both = [
            pd.DataFrame(
                {"mean": rows.at[y, "mean_score"], "satisfaction": rows.at[y, "satisfaction_pct"] / 100},
                index=[COUNTRY],
            )
            for y in (since, YEAR)
        ]
        return both[0], both[1]
    old, new = (history(HISTORIES[league], y) for y in (since, YEAR))
    return old, new.loc[old.index]


def sample_ratio(since: int) -> float:
    """Respondents of 2020 over those of an earlier year.

    Examples
    --------
    >>> round(sample_ratio(2019), 4)
    0.6332
    """
    size = table("yearly").set_index("year")["sample_size"]
    return float(size[YEAR] / size[since])


def _family(case: Case, league: str, statistic: Statistic, since: int, level: float) -> pd.DataFrame:
    old, new = rounds(league, since)
    units = new.index.to_numpy(dtype=str)
    if league == "country":
        score = case.scenario.scores.sel(node=COUNTRY, statistic=statistic)
        after, df = np.array([[float(score["se"]) ** 2]]), float(score["df"])
    else:
        _, after, df = case.precision(league, units, statistic)
    before = after * sample_ratio(since)
    given = (_labelled(old, statistic, since), before, _labelled(new, statistic, YEAR), after)

    def tested(method: Method) -> xr.Dataset:
        return change(*given, level=level, df=df, adjust=method)

    max_t, holm = tested("max_t"), tested("holm")
    difference, se = max_t["difference"], max_t["se"].values
    alone, family = (
        tipping_point(difference, se, level=level, df=df, deff=case.scenario.deff, tests=tests)
        for tests in (1, len(units))
    )
    columns = {name: max_t[name].values for name in ("before", "after", "difference", "se", "p_value")}
    bounds = {"lower": max_t["lower"].values, "upper": max_t["upper"].values}
    p_max_t = max_t["p_adjusted"].values
    return pd.DataFrame(
        {"league": league, "unit": units, "statistic": statistic, "scenario": case.scenario.name}
        | {"since": since, **columns, "p_holm": holm["p_adjusted"].values, "p_max_t": p_max_t, **bounds}
        | {"alone": _direction(difference.values, columns["p_value"] < 1 - level)}
        | {"together": _direction(difference.values, p_max_t < 1 - level)}
        | {"flips_at_deff": alone["deff"].values, "flips_in_family": family["deff"].values}
        | {"before_feasible": feasible(old["mean"], old["satisfaction"]).common}
        | {"df": df}
        | {"caution": str(max_t.attrs["caution"])}
    )


def _direction(difference: np.ndarray, significant: np.ndarray) -> np.ndarray:
    return np.where(significant, np.where(difference > 0, "rose", "fell"), "")


def _labelled(rows: pd.DataFrame, statistic: Statistic, year: int) -> xr.DataArray:
    """Figures of a round, with what they are: satisfaction was computed otherwise before 2020."""
    computed = f"satisfaction as computed in {year}"
    definition = computed if statistic == "satisfaction" else "mean of ratings 1..5"
    units = rows.index.to_numpy(dtype=str)
    values = rows[statistic].to_numpy(dtype=float)
    return xr.DataArray(values, dims="unit", coords={"unit": units}, attrs={"definition": definition})
