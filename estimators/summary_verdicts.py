"""What bounds on estimates and standard errors make certain, and what they leave possible."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import norm, studentized_range

from estimators.options import Best, check_level, direction
from estimators.printed import Floats, Integers

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Which differences are significant; entry (a, b) says that a is above b.

    Attributes
    ----------
    certain : ndarray of bool, (C, C)
        Under every standard error and rounding that the summaries allow.
    possible : ndarray of bool, (C, C)
        Under some.
    critical : float
        Critical value of the difference over its standard error.
    """

    certain: Mask
    possible: Mask
    critical: float


@dataclass(frozen=True, slots=True, eq=False)
class RankBounds:
    """Confidence sets of ranks, 1 is best.

    Attributes
    ----------
    lower, upper : ndarray of int, (C,)
        The widest set: outside it no rank is supported whatever the unknowns.
    sure_lower, sure_upper : ndarray of int, (C,)
        Ranks in the set whatever the unknowns; none where lower exceeds upper.
    critical : float
        Critical value of the difference over its standard error.
    """

    lower: Integers
    upper: Integers
    sure_lower: Integers
    sure_upper: Integers
    critical: float


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Change of each composite between two rounds.

    Attributes
    ----------
    difference : ndarray of float, (C, 2)
        Least and greatest change that rounding allows, after minus before.
    se : ndarray of float, (C, 2)
        Least and greatest standard error of it.
    rose, fell : ndarray of bool, (C,)
        Significant under everything that the summaries allow.
    may_have_risen, may_have_fallen : ndarray of bool, (C,)
        Significant under something that they allow.
    critical : float
        Critical value.
    """

    difference: Floats
    se: Floats
    rose: Mask
    fell: Mask
    may_have_risen: Mask
    may_have_fallen: Mask
    critical: float


@dataclass(frozen=True, slots=True, eq=False)
class SummaryBounds:
    """Bounds on C composites and their standard errors, from published summaries.

    Attributes
    ----------
    estimate : ndarray of float, (C, 2)
        Least and greatest value that rounding allows.
    se : ndarray of float, (C, 2)
        Least and greatest standard error. The greatest may be too great, never too small: ratings of unlike
        figures cannot always reach the highest correlation that it takes (see `bounds_on`).
    respondents : sparse array, (C, G)
        Weight of each group of respondents in each composite, not negative. The covariance of two
        composites with a group in common is not negative and otherwise unknown, that of others zero.
    ends : (float, float)
        Of the scale.
    level : float
        Confidence level.
    assumptions : tuple of str
        What all this rests on.
    """

    estimate: Floats
    se: Floats
    respondents: sparse.csr_array
    ends: tuple[float, float]
    level: float
    assumptions: tuple[str, ...]

    def __post_init__(self) -> None:
        check_level(self.level)

    @property
    def linked(self) -> Mask:
        """Whether two composites have respondents in common, (C, C)."""
        uses = (self.respondents > 0).astype(float)
        return np.asarray((uses @ uses.T).toarray() > 0)

    def intervals(self) -> tuple[Floats, Floats]:
        """Widest and narrowest normal confidence interval of each composite, (C, 2) each.

        The widest holds every interval that the unknown ratings could give, the narrowest lies in each of
        them; where rounding outweighs the sampling error its ends cross. Ends are cut at those of the scale.
        """
        z = norm.ppf((1 + self.level) / 2)
        low, high = self.estimate.T
        widest = np.stack([low - z * self.se[:, 1], high + z * self.se[:, 1]], axis=1)
        narrowest = np.stack([high - z * self.se[:, 0], low + z * self.se[:, 0]], axis=1)
        return np.clip(widest, *self.ends), np.clip(narrowest, *self.ends)

    def pairwise(self, *, simultaneous: bool = True) -> Pairs:
        """Tests of all pairs, certain and possible.

        Parameters
        ----------
        simultaneous : bool
            True: one error rate over all pairs; False: each test alone.

        Notes
        -----
        The critical value over all pairs is Tukey and Kramer's, the studentised range over sqrt(2), which
        holds for independent estimates of unequal variances (Hayter 1984); where composites have
        respondents in common, Sidak's, which holds under any covariance. The variance of a difference is at
        most the sum of both, as no covariance is negative; between linked composites it is at least the
        squared gap of their standard errors.
        """
        count = len(self.se)
        if simultaneous and count > 1:
            apart = not (self.linked & ~np.eye(count, dtype=bool)).any()
            critical = _tukey(self.level, count) if apart else _sidak(self.level, count * (count - 1) // 2)
        else:
            critical = _sidak(self.level, 1)
        return self._compared(critical)

    def ranks(self, *, simultaneous: bool = True, best: Best = "high") -> RankBounds:
        """Confidence sets of ranks: the widest, and the ranks that are in every set.

        Parameters
        ----------
        simultaneous : bool
            True: one statement about all ranks, as in `pairwise`; False: each rank taken alone, with
            Sidak's critical value over its C - 1 rivals.
        best : {"high", "low"}
            Which end has rank 1.

        Notes
        -----
        The set of a composite is [1 + those significantly better, C - those significantly worse]
        (Mogstad, Romano, Shaikh and Wilhelm 2024, without their stepwise refinement, which needs the joint
        law).
        """
        count = len(self.se)
        pairs = self.pairwise() if simultaneous else self._compared(_sidak(self.level, max(count - 1, 1)))
        certain, possible = pairs.certain, pairs.possible
        if direction(best) < 0:
            certain, possible = certain.T, possible.T
        return RankBounds(
            lower=1 + certain.sum(axis=0),
            upper=count - certain.sum(axis=1),
            sure_lower=1 + possible.sum(axis=0),
            sure_upper=count - possible.sum(axis=1),
            critical=pairs.critical,
        )

    def change(self, before: "SummaryBounds", *, simultaneous: bool = True) -> Changes:
        """Change of each composite since an earlier round of other respondents.

        Parameters
        ----------
        before : SummaryBounds
            The earlier round: the same composites in the same order.
        simultaneous : bool
            True: Sidak's critical value over all composites; False: each test alone.

        Raises
        ------
        ValueError
            When the rounds differ in the number of composites, the scale or the level.
        """
        if before.se.shape != self.se.shape or before.ends != self.ends or before.level != self.level:
            raise ValueError(
                "before must have the same composites, scale and level, got "
                f"{len(before.se)}, {before.ends}, {before.level} against "
                f"{len(self.se)}, {self.ends}, {self.level}"
            )
        critical = _sidak(self.level, len(self.se) if simultaneous else 1)
        difference = self.estimate - before.estimate[:, ::-1]
        se = np.hypot(self.se, before.se)
        least, greatest = difference.T
        return Changes(
            difference=difference,
            se=se,
            rose=least > critical * se[:, 1],
            fell=greatest < -critical * se[:, 1],
            may_have_risen=greatest > critical * se[:, 0],
            may_have_fallen=least < -critical * se[:, 0],
            critical=critical,
        )

    def _compared(self, critical: float) -> Pairs:
        low, high = self.estimate.T
        least, greatest = self.se.T
        widest = np.hypot(greatest[:, None], greatest)
        gap = np.maximum(np.maximum(least[:, None] - greatest, least - greatest[:, None]), 0.0)
        narrowest = np.where(self.linked, gap, np.hypot(least[:, None], least))
        certain = low[:, None] - high > critical * widest
        possible = high[:, None] - low > critical * narrowest
        np.fill_diagonal(possible, False)
        return Pairs(certain, possible, critical)


def _sidak(level: float, tests: int) -> float:
    """Two-sided normal critical value that holds for `tests` tests under any covariance (Sidak 1967)."""
    return float(norm.ppf((1 + level ** (1 / tests)) / 2))


def _tukey(level: float, count: int) -> float:
    """Critical value of all differences of independent normal estimates."""
    return float(studentized_range.ppf(level, count, np.inf) / np.sqrt(2))
