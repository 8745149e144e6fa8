"""How far a league table tells its units apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estimators import adjust
from estimators.comparisons_estimates import JointEstimate
from estimators.composite import STATISTICS
from estimators.composite_influence import Statistic
from estimators.freedom import of_differences
from estimators.multiplicity import two_sided
from estimators.ranks import DRAWS, orderings
from sapa.verdicts.leagues import ASSUMED, SOURCES, Case, printed_league

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """One league by one statistic under one scenario, units best first; ties in the printed order.

    Attributes
    ----------
    league, statistic, scenario
    units, printed_rank, estimate, in_microdata
        (U,) ids, printed ranks, printed figures, the microdata's own figures.
    covariance
        (U, U) of the figures' errors.
    df
        (U,) degrees of freedom of each unit's error.
    better
        (U, U) whether the table establishes, all pairs at once, that a is better than b.
    """

    league: str
    statistic: Statistic
    scenario: str
    units: NDArray[np.str_]
    printed_rank: NDArray[np.int64]
    estimate: Array
    in_microdata: Array
    covariance: Array
    df: Array
    better: NDArray[np.bool_]

    @property
    def rank_low(self) -> NDArray[np.int64]:
        """Best rank of each unit's set (U,)."""
        return np.asarray(1 + self.better.sum(axis=0))

    @property
    def rank_high(self) -> NDArray[np.int64]:
        """Worst rank of each unit's set (U,)."""
        return np.asarray(len(self.units) - self.better.sum(axis=1))

    @property
    def se_difference(self) -> Array:
        """Standard error of each difference (U, U), zero on the diagonal."""
        variance = np.diag(self.covariance)
        return np.sqrt(variance[:, None] + variance - 2 * self.covariance)


def standings(cases: Sequence[Case], *, level: float) -> tuple[Standing, ...]:
    """Every league by every statistic under every scenario."""
    return tuple(
        standing(case, league, statistic, level=level)
        for league in SOURCES
        for statistic in STATISTICS
        for case in cases
    )


def rank_sets(found: Sequence[Standing]) -> pd.DataFrame:
    """Rank sets of every league.

    Returns
    -------
    A row a unit and statistic: ``league, unit, statistic, printed_rank, estimate, in_microdata``, and
    ``se, rank_low, rank_high`` of each scenario, the assumed one's without suffix.
    """
    frames: dict[tuple[str, str], pd.DataFrame] = {}
    for one in found:
        suffix = "" if one.scenario == ASSUMED else f"_{one.scenario}"
        columns: dict[str, object] = {
            f"se{suffix}": np.sqrt(np.diag(one.covariance)),
            f"rank_low{suffix}": one.rank_low,
            f"rank_high{suffix}": one.rank_high,
        }
        if not suffix:
            first = {"league": one.league, "unit": one.units, "statistic": one.statistic}
            figures = {"estimate": one.estimate, "in_microdata": one.in_microdata}
            columns = {**first, "printed_rank": one.printed_rank, **figures, **columns}
        key = one.league, one.statistic
        frames[key] = frames.get(key, pd.DataFrame(index=one.units)).assign(**columns)
    return pd.concat(frames.values(), ignore_index=True)


def adjacent(found: Sequence[Standing]) -> pd.DataFrame:
    """Neighbours in every league, by the figure.

    Returns
    -------
    A row a pair, statistic and scenario: ``first, second, difference, se, p_value`` (Welch's degrees of
    freedom), ``p_holm`` (over the neighbours of the league), and ``together``: the order is established
    among all pairs of the table.
    """
    frames = []
    for one in found:
        upper = np.arange(len(one.units) - 1)
        difference, se = one.estimate[:-1] - one.estimate[1:], one.se_difference[upper, upper + 1]
        welch = np.asarray(of_differences(one.df, one.covariance))[upper, upper + 1]
        p_value = two_sided(difference / se, df=welch)
        columns = {
            "league": one.league,
            "statistic": one.statistic,
            "scenario": one.scenario,
            "first": one.units[:-1],
            "second": one.units[1:],
            "difference": difference,
            "se": se,
            "p_value": p_value,
            "p_holm": adjust(p_value, method="holm")["p_adjusted"].values,
            "together": one.better[upper, upper + 1],
        }
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def separation(found: Sequence[Standing], neighbours: pd.DataFrame, *, level: float) -> pd.DataFrame:
    """How far every league tells its units apart.

    Returns
    -------
    A row a league, statistic and scenario: numbers of ``adjacent`` pairs, of those ``tied`` in print, told
    apart ``one_by_one`` (no correction), by ``holm`` and ``together``; of ``pairs`` and of those ``apart``
    (all at once); of units that ``may_be_first``, ``may_be_top_three`` and ``may_be_last``; the
    ``median_set`` of ranks; and ``gap``, the median distance of printed figures from the microdata's.
    """
    at = dict(tuple(neighbours.groupby(["league", "statistic", "scenario"])))
    rows = []
    for one in found:
        pairs, size = at[one.league, one.statistic, one.scenario], len(one.units)
        rows.append(
            {
                "league": one.league,
                "statistic": one.statistic,
                "scenario": one.scenario,
                "adjacent": size - 1,
                "tied": int((pairs["difference"] == 0).sum()),
                "one_by_one": int((pairs["p_value"] < 1 - level).sum()),
                "holm": int((pairs["p_holm"] < 1 - level).sum()),
                "together": int(pairs["together"].sum()),
                "pairs": size * (size - 1) // 2,
                "apart": int(one.better.sum()),
                "may_be_first": int((one.rank_low == 1).sum()),
                "may_be_top_three": int((one.rank_low <= 3).sum()),
                "may_be_last": int((one.rank_high == size).sum()),
                "median_set": float(np.median(one.rank_high - one.rank_low + 1)),
                "gap": float(np.median(np.abs(one.estimate - one.in_microdata))),
            }
        )
    return pd.DataFrame(rows)


def standing(case: Case, league: str, statistic: Statistic, *, level: float) -> Standing:
    """One league by one statistic under one scenario."""
    rows = printed_league(league)
    printed, estimate = rows.index.to_numpy(dtype=str), rows[statistic].to_numpy(dtype=float)
    own, covariance, df = case.precision(league, printed, statistic)
    better = orderings(
        JointEstimate.of(estimate, covariance),
        level=level,
        simultaneous=True,
        stepwise=True,
        best="high",
        df=df,
        draws=DRAWS,
        rng=0,
    ).superior
    order = np.argsort(-estimate, kind="stable")
    square = np.ix_(order, order)
    return Standing(
        league,
        statistic,
        case.scenario.name,
        printed[order],
        rows["printed_rank"].to_numpy()[order],
        estimate[order],
        own[order],
        covariance[square],
        df[order],
        better[square],
    )
