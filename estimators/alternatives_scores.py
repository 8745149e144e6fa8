"""Scores of the same units by several rules, with their joint precision, and what they establish."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from estimators.concordance import kendall
from estimators.freedom import of_sums
from estimators.multiplicity import holm, two_sided
from estimators.options import Best
from estimators.ranks import Rng, ranks

Array = NDArray[np.float64]
SAME = 1e-6  # scores whose difference has less than this part of a score's error are one score


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Scores by all rules, for one statistic.

    Attributes
    ----------
    score : ndarray (rule, unit)
        NaN where the rule scores nobody.
    covariance : ndarray (rule, unit, rule, unit)
    df, difference_df : ndarray (rule, unit)
        Degrees of freedom of the scores, and of their differences from those by the first rule.
    """

    score: Array
    covariance: Array
    df: Array
    difference_df: Array

    @classmethod
    def of(cls, maps: Array, at: xr.Dataset) -> Self:
        """Scores by weights (rule, unit, node) of composed nodes, NaN where a node has no score."""
        value = at["estimate"].values
        used = np.isfinite(value)
        flat = maps.reshape(-1, value.size)
        inside, shape = flat[:, used], maps.shape[:2]
        score = np.where((flat == 0).all(axis=1), np.nan, inside @ value[used])
        among = at["covariance"].values[np.ix_(used, used)], at["df"].values[used]
        apart = (maps - maps[0]).reshape(flat.shape)[:, used]
        return cls(
            score.reshape(shape),
            (inside @ among[0] @ inside.T).reshape(shape * 2),
            of_sums(inside, *among).reshape(shape),
            of_sums(apart, *among).reshape(shape),
        )

    def only(self, kept: NDArray[np.bool_]) -> Self:
        """The same for some units."""
        return type(self)(
            self.score[:, kept],
            self.covariance[:, kept][:, :, :, kept],
            self.df[:, kept],
            self.difference_df[:, kept],
        )


def compared(found: Scored, *, level: float, best: Best, draws: int, rng: Rng) -> dict[str, Array]:
    """Rank sets by every rule, and differences and concordance with the first; columns of `alternatives`."""
    score, covariance, df = found.score, found.covariance, found.df
    rules, units = score.shape
    each = 1 - (1 - level) / rules
    own = [covariance[r, :, r] for r in range(rules)]
    tables = [
        ranks(score[r], own[r], level=each, best=best, df=df[r], draws=draws, rng=rng) for r in range(rules)
    ]
    out = {name: np.stack([t[name].values for t in tables]) for name in ("se", "rank", "lower", "upper")}
    here = np.arange(units)
    variance = np.stack(
        [own[r][here, here] + own[0][here, here] - 2 * covariance[r, here, 0, here] for r in range(rules)]
    )
    difference, se = score - score[0], np.sqrt(variance.clip(0))
    statistic = np.divide(difference, se, out=np.zeros_like(se), where=se > SAME * out["se"])
    p_values = two_sided(statistic, df=found.difference_df)
    apart = (out["lower"] > out["upper"][0]) | (out["upper"] < out["lower"][0])
    return {
        "score": score,
        "df": df,
        **out,
        "difference": difference,
        "difference_se": se,
        "difference_df": found.difference_df,
        "difference_p_value": np.stack([holm(row) for row in p_values]),
        "rank_change": out["rank"] - out["rank"][0],
        "survives": apart,
        **_concordance(score, own, df, level=level, draws=draws, rng=rng),
    }


def _concordance(
    score: Array, own: list[Array], df: Array, *, level: float, draws: int, rng: Rng
) -> dict[str, Array]:
    """Kendall's tau of every rule with the first, and its interval, (rule,); NaN where there is one unit."""
    rows = np.full((len(score), 3), np.nan)
    rows[0] = 1.0
    if score.shape[1] > 1:
        for r in range(1, len(score)):
            found = kendall(
                *(score[0], own[0], score[r], own[r]),
                level=level,
                df=df[0],
                second_df=df[r],
                draws=draws,
                rng=rng,
            )
            rows[r] = found.tau, found.lower, found.upper
    return dict(zip(("tau", "tau_lower", "tau_upper"), rows.T, strict=True))
