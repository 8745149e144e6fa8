"""Surveys as drawn: the ratings of some replicates and what an estimator may know about them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from simulate.population import Population

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Surveys of some replicates, replicate first; people in the order of the plan's strata.

    Attributes
    ----------
    population
        From which they were selected.
    replicates
        Numbers of the replicates.
    seed
        Of the study.
    ratings
        (replicates, n, items) int8: 1..5; 0 not asked, -1 not applicable, -2 asked and not answered. Who did
        not respond has zeros.
    cell
        (n,) or (replicates, n) cell of the population.
    weight
        (n,) or (replicates, n) inverse inclusion probability of the person selected.
    stratum
        (n,) or (replicates, n) stratum of the plan.
    responded
        (replicates, n) whether the person did, or None when all did.
    cost
        (replicates,) cost of the fieldwork.
    extra
        What else the fieldwork left, each (n,) or (replicates, n): ``mode``, ``interviewer``, ``degree``,
        ``settlement``, ``person``, ``fabricated``.
    """

    population: Population
    replicates: range
    seed: int
    ratings: NDArray[np.int8]
    cell: Ints
    weight: Floats
    stratum: Ints
    responded: NDArray[np.bool_] | None
    cost: Floats
    extra: Mapping[str, NDArray[Any]]

    @property
    def respondents(self) -> NDArray[np.int64]:
        """(replicates,) number of people who responded."""
        if self.responded is None:
            return np.full(len(self.replicates), self.ratings.shape[1])
        number: NDArray[np.int64] = self.responded.sum(axis=1)
        return number

    def codes(self, *dims: str) -> Ints:
        """(n,) or (replicates, n) position of each person's domain among the population's labels."""
        return self.population.codes(*dims)[self.cell]

    def effective_weight(self) -> Floats:
        """Weight, zero for those who did not respond."""
        return self.weight if self.responded is None else self.weight * self.responded

    def one(self, position: int) -> xr.Dataset:
        """One replicate's respondents as a labelled table.

        Returns
        -------
        ``ratings`` (respondent, item); along respondent ``weight``, ``stratum``, one string variable for each
        dim of the population, and whatever the fieldwork left. The attributes ``seed`` and ``replicate``
        address random numbers of the estimator's own, by :func:`generator` and ``Purpose.ESTIMATION``.
        """
        stays = slice(None) if self.responded is None else self.responded[position]
        cell = _row(self.cell, position)[stays]
        at = np.unravel_index(cell, self.population.counts.shape)
        counts = self.population.counts
        variables: dict[str, Any] = {
            str(dim): ("respondent", counts[dim].values.astype(str)[index])
            for dim, index in zip(counts.dims, at, strict=True)
        }
        variables |= {
            name: ("respondent", _row(values, position)[stays])
            for name, values in {"weight": self.weight, "stratum": self.stratum, **self.extra}.items()
        }
        variables["ratings"] = (("respondent", "item"), self.ratings[position][stays])
        address = {"seed": self.seed, "replicate": self.replicates[position]}
        return xr.Dataset(variables, coords={"item": list(self.population.items)}, attrs=address)


def for_each(
    estimator: Callable[[xr.Dataset], Mapping[str, ArrayLike]],
) -> Callable[[Survey], dict[str, Floats]]:
    """Estimator of many replicates made of an estimator of one labelled table.

    The way in for any function of a single survey's data; it costs one call a replicate.

    Examples
    --------
    >>> overall = for_each(lambda table: {"estimate": [float(table["ratings"].mean())]})
    """
    return _ForEach(estimator)


@dataclass(frozen=True, slots=True)
class _ForEach:
    estimator: Callable[[xr.Dataset], Mapping[str, ArrayLike]]

    def __call__(self, survey: Survey) -> dict[str, Floats]:
        answers = [self.estimator(survey.one(position)) for position in range(len(survey.replicates))]
        return {name: np.stack([np.asarray(a[name], dtype=float) for a in answers]) for name in answers[0]}


def _row(values: NDArray[Any], position: int) -> NDArray[Any]:
    return values if values.ndim == 1 else values[position]
