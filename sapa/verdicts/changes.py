"""2019 to 2020, and other years, for the country, the agencies and the local bodies."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from estimators import change, feasible, tipping_point
from estimators.composite import STATISTICS
from estimators.composite_influence import Statistic
from estimators.multiplicity import Method
from sapa.precision.precision import COUNTRY
from sapa.published import table
from sapa.verdicts.leagues import Case, history

Array = NDArray[np.float64]
HISTORIES: Final = {"own_agencies": "agency_history", "local_bodies": "local_ranking_history"}
LEAGUES: Final = ("country", *HISTORIES)
YEAR: Final = 2020
ADJUSTED: Final[tuple[Method, ...]] = ("holm", "max_t")


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
    difference, se, df, p_value`` (each by its own degrees of freedom), ``p_holm``, ``p_max_t`` (joint law,
    for comparison), ``lower, upper`` (simultaneous, Bonferroni), ``alone`` and
    ``together`` (``rose``, ``fell`` or empty: uncorrected, and by Holm), ``flips_at_deff``, the design effect
    on both rounds at which the uncorrected verdict turns, ``flips_in_family``, the same by Bonferroni,
    ``before_feasible``, whether the earlier year's mean and satisfaction can come from one denominator, and
    ``caution``.
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
    after, df = _errors(case, league, units, statistic)
    given = (
        _labelled(old, statistic, since),
        after * sample_ratio(since),
        _labelled(new, statistic, YEAR),
        after,
    )
    tested, joint = (change(*given, level=level, df=df, adjust=name) for name in ADJUSTED)
    p_value, p_holm, difference = (tested[x].values for x in ("p_value", "p_adjusted", "difference"))
    se, deff = tested["se"].values, case.scenario.deff
    alone, family = (
        tipping_point(difference, se, level=level, tests=tests, df=df, deff=deff)["deff"].values
        for tests in (1, len(units))
    )
    frame = pd.DataFrame({"league": league, "unit": units, "statistic": statistic})
    return frame.assign(
        scenario=case.scenario.name,
        since=since,
        before=tested["before"].values,
        after=tested["after"].values,
        difference=difference,
        se=se,
        df=df,
        p_value=p_value,
        p_holm=p_holm,
        p_max_t=joint["p_adjusted"].values,
        lower=tested["lower"].values,
        upper=tested["upper"].values,
        alone=_direction(difference, p_value < 1 - level),
        together=_direction(difference, p_holm < 1 - level),
        flips_at_deff=alone,
        flips_in_family=family,
        before_feasible=feasible(old["mean"], old["satisfaction"]).common,
        caution=str(tested.attrs["caution"]),
    )


def _errors(case: Case, league: str, units: NDArray[np.str_], statistic: Statistic) -> tuple[Array, Array]:
    """Covariance (U, U) of the figures of 2020 and their degrees of freedom (U,)."""
    if league == "country":
        score = case.scenario.scores.sel(node=[COUNTRY], other=[COUNTRY], statistic=statistic)
        return score["covariance"].values, score["df"].values
    _, covariance, df = case.precision(league, units, statistic)
    return covariance, df


def _direction(difference: Array, significant: NDArray[np.bool_]) -> NDArray[np.str_]:
    return np.where(significant, np.where(difference > 0, "rose", "fell"), "")


def _labelled(rows: pd.DataFrame, statistic: Statistic, year: int) -> xr.DataArray:
    """Figures of a round, with what they are: satisfaction was computed otherwise before 2020."""
    computed = f"satisfaction as computed in {year}"
    definition = computed if statistic == "satisfaction" else "mean of ratings 1..5"
    units = rows.index.to_numpy(dtype=str)
    values = rows[statistic].to_numpy(dtype=float)
    return xr.DataArray(values, dims="unit", coords={"unit": units}, attrs={"definition": definition})
