"""The plan: how many interviews of which service in which region, how they are reached and checked."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sampling.arguments import A, FloatArray, IntArray, check_deff
from sampling.comparisons import detectable_shift
from sampling.frame import Frame
from sampling.precision import half_width

By = Literal["region", "service", "country"]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Interviews by region and service, with the contacts, checks and reasons that go with them.

    Parameters
    ----------
    frame : Frame
    n : array of int (R, S)
        Completed interviews wanted.
    completes, issued : array of int (R, S, M)
        The same by mode, and contacts to issue.
    interviewers, backchecks : array of int (R,)
        Interviewers needed and questionnaires to re-check.
    how : tuple of str
        How it was made, in sentences.
    """

    frame: Frame
    n: IntArray
    completes: IntArray
    issued: IntArray
    interviewers: IntArray
    backchecks: IntArray
    how: tuple[str, ...]

    @property
    def total(self) -> int:
        """All interviews."""
        return int(self.n.sum())

    @property
    def cost(self) -> float:
        """Interviews at the frame's cost each."""
        return float((self.n * np.asarray(self.frame.cost)).sum())

    def count(self, by: By) -> IntArray:
        """Interviews by region, by service, or (one entry) in the country."""
        return domain_sums(self.n, by)

    def kish(self, by: By = "country") -> FloatArray:
        """The Kish factor ``n * sum(w**2) / sum(w)**2`` of the weights that undo the allocation.

        Weights are recipients per interview in every cell that has interviews; 1 means proportional, nan
        that there are none.
        """
        table = np.where(self.n > 0, self.frame.table, 0.0)
        square = np.divide(table**2, self.n, out=np.zeros_like(table), where=self.n > 0)
        mass = domain_sums(table, by)
        top = self.count(by) * domain_sums(square, by)
        return np.asarray(np.divide(top, mass**2, out=np.full(mass.shape, np.nan), where=mass > 0))

    def standard_error(
        self, by: By, *, sd: FloatArray | float | None = None, deff: float = 1.0, weighted: bool = True
    ) -> FloatArray:
        """The expected standard error of the mean of every domain.

        Weighted: ``sqrt(deff * sum((M_h / M)**2 * S_h**2 * (1/n_h - 1/M_h)))`` over cells with
        interviews; unweighted: ``sqrt(deff * sum(n_h * S_h**2)) / n``. The correction enters only where
        the frame counts persons. Infinite without interviews.

        Raises
        ------
        ValueError
            If `deff` is no positive number.
        """
        check_deff(deff)
        spread = np.broadcast_to(np.asarray(self.frame.sd if sd is None else sd), self.n.shape)
        table, taken = self.frame.table, self.n > 0
        if weighted:
            mass = np.where(taken, table, 0.0)
            inverse = np.divide(1.0, self.n, out=np.zeros_like(mass), where=taken)
            if self.frame.finite:
                inverse = inverse - np.divide(1.0, table, out=np.zeros_like(mass), where=taken & (table > 0))
            square, base = domain_sums(mass**2 * spread**2 * inverse, by), domain_sums(mass, by)
            square = np.maximum(square, 0.0)  # a cell of 2.4 expected people may hold 3 interviews
        else:
            square, base = domain_sums(self.n * spread**2, by), self.count(by).astype(np.float64)
        variance = np.divide(square, base**2, out=np.full(base.shape, np.inf), where=base > 0)
        return np.asarray(np.sqrt(deff * variance))

    def half_width(
        self,
        by: By,
        *,
        sd: FloatArray | float | None = None,
        deff: float = 1.0,
        weighted: bool = True,
        confidence: float = 0.95,
    ) -> FloatArray:
        """The expected half-width of the interval of every domain's mean.

        Student's t at ``n / deff - 1`` degrees of freedom times the standard error; infinite below 1, but 0
        where everyone is asked.
        """
        error = self.standard_error(by, sd=sd, deff=deff, weighted=weighted)
        n = self.count(by).astype(np.float64)
        some = n > 0
        quantile = np.full(n.shape, np.inf)
        # an interval of a mean with standard error 1 is its quantile
        freedom = np.maximum(n[some] / deff - 1, 0.0)
        quantile[some] = half_width(n[some], sd=np.sqrt(n[some]), df=freedom, confidence=confidence)
        return self._times(quantile, error, by)

    def detectable_change(
        self,
        by: By,
        *,
        sd: FloatArray | float | None = None,
        deff: float = 1.0,
        weighted: bool = True,
        power: float = 0.8,
        level: float = 0.05,
    ) -> FloatArray:
        """The smallest change between two such rounds that is found with the power, in every domain.

        Two-sided t test at ``2 * n / deff - 2`` degrees of freedom; infinite where these are below 1, but 0
        where everyone is asked.
        """
        error = self.standard_error(by, sd=sd, deff=deff, weighted=weighted)
        freedom = 2 * self.count(by) / deff - 2
        return self._times(detectable_shift(freedom, power=power, level=level), np.sqrt(2) * error, by)

    def asked(self, by: By) -> NDArray[np.bool_]:
        """Domains of which precision can be asked: something is surveyed; regions have a population."""
        asked = domain_sums(self.frame.table, by) > 0
        return asked & (np.asarray(self.frame.population) > 0) if by == "region" else asked

    def _times(self, quantile: FloatArray, error: FloatArray, by: By) -> FloatArray:
        """Their product; infinite without interviews, 0 where everyone is asked."""
        people = domain_sums(self.frame.table, by) if self.frame.finite else np.inf
        census = (self.count(by) >= np.floor(people + 1e-9)) & (error == 0)
        known = np.isfinite(error) & ((error > 0) | np.isfinite(quantile))
        product = np.multiply(quantile, error, out=np.full(error.shape, np.inf), where=known)
        return np.where(census, 0.0, product)


def domain_sums(table: NDArray[A], by: By) -> NDArray[A]:
    """A region by service table summed to regions, to services or (one entry) to the country.

    >>> domain_sums(np.array([[1, 2], [3, 4]]), "service").tolist()
    [4, 6]
    """
    axes: dict[str, int | tuple[int, int]] = {"region": 1, "service": 0, "country": (0, 1)}
    if by not in axes:
        raise ValueError(f'by must be "region", "service" or "country", got {by!r}')
    return np.atleast_1d(table.sum(axis=axes[by]))
