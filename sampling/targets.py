"""What precision is asked of which domains, and the linear constraints this puts on reciprocal sizes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from scipy.sparse import coo_array, csr_array, vstack
from scipy.stats import norm

from sampling.arguments import FloatArray, Values, numbers, proportion


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The largest accepted standard error of the mean of every domain of one set.

    Parameters
    ----------
    se : number, array (domains,) or (variables, domains)
        In points of the rating (or as a proportion, for a share). Infinity asks for nothing.
    by : None, axis, dimension name, or array of labels
        None is all strata together; an axis or dimension of the sizes has one domain for each of its
        entries; labels (one for each stratum) are any partition.
    name : str
        Used in messages and results.

    Examples
    --------
    >>> round(float(Target.half_width(0.1, by="region").se), 4)
    0.051
    """

    se: Values
    by: Any = None
    name: str = ""

    def __post_init__(self) -> None:
        """Check that every standard error is positive."""
        array = numbers("se", self.se, infinite=True)
        if (array <= 0).any():
            raise ValueError(f"se must be positive, got {array.min():g}; use infinity to ask for nothing")

    @classmethod
    def cv(cls, cv: Values, mean: Values, by: Any = None, *, name: str = "") -> "Target":
        """A target coefficient of variation of means that are expected to be `mean`."""
        return cls(numbers("cv", cv) * numbers("mean", mean), by, name)

    @classmethod
    def half_width(
        cls, width: Values, by: Any = None, *, confidence: float = 0.95, name: str = ""
    ) -> "Target":
        """A target half-width of the normal confidence interval."""
        z = norm.ppf((1 + proportion("confidence", confidence)) / 2)
        return cls(numbers("width", width) / z, by, name)

    @classmethod
    def change(
        cls, change: Values, by: Any = None, *, power: float = 0.8, level: float = 0.05, name: str = ""
    ) -> "Target":
        """A change between two equal independent rounds, found with the given power (two-sided)."""
        z = norm.ppf(1 - proportion("level", level) / 2) + norm.ppf(proportion("power", power))
        return cls(numbers("change", change) / (z * np.sqrt(2)), by, name)


@dataclass(frozen=True, slots=True, eq=False)
class Constraints:
    """``matrix @ (1 / x) <= bound`` with a name for each row.

    Parameters
    ----------
    matrix : sparse (constraints, strata)
    bound : array (constraints,)
    names : tuple of str
    se : array (constraints,)
        The standard errors asked for.
    """

    matrix: csr_array
    bound: FloatArray
    names: tuple[str, ...]
    se: FloatArray

    def achieved(self, x: FloatArray) -> FloatArray:
        """The standard error of every constraint at an allocation."""
        spent = self.matrix @ np.divide(1.0, x, out=np.zeros_like(x), where=x > 0)
        return np.asarray(np.sqrt(np.maximum(spent - self.bound + self.se**2, 0.0)))


def constraints(
    sizes: Values, sd: FloatArray, targets: Sequence[Target], *, deff: FloatArray, finite: bool
) -> Constraints:
    """The constraints of all targets, variables and domains.

    The mean of a domain d has variance ``sum((N_h / N_d)**2 * deff_h * S_h**2 * (1/x_h - 1/N_h))`` (the
    last term only for a finite population), so that a target is linear in 1/x.

    Parameters
    ----------
    sizes : array of any shape
    sd : array (variables, strata), flat
    targets : sequence of Target
    deff : array (strata,), flat
    finite : bool
    """
    population = numbers("sizes", sizes).ravel()
    blocks, bounds, names, errors = [], [], [], []
    for number, target in enumerate(targets):
        labels, codes = _domains(target, sizes)
        mass = np.bincount(codes, population)
        weight = np.divide(population, mass[codes], out=np.zeros_like(population), where=mass[codes] > 0)
        spread = np.broadcast_to(numbers("se", target.se, infinite=True), (sd.shape[0], labels.size))
        for v, (deviation, wanted) in enumerate(zip(sd, spread, strict=True)):
            entry = deff * (weight * deviation) ** 2
            block = coo_array(
                (entry, (codes, np.arange(codes.size))), shape=(labels.size, codes.size)
            ).tocsr()
            keep = np.flatnonzero(np.isfinite(wanted) & (np.bincount(codes, entry) > 0))
            inverse = np.divide(finite * 1.0, population, out=np.zeros_like(population), where=population > 0)
            blocks.append(block[keep])
            bounds.append(wanted[keep] ** 2 + (block @ inverse)[keep])
            errors.append(wanted[keep])
            title = target.name or f"target {number}"
            names += [f"{title}, variable {v}, domain {labels[k]}" for k in keep]
    matrix = csr_array(vstack(blocks)) if blocks else csr_array((0, population.size))
    matrix.eliminate_zeros()
    return Constraints(matrix, np.concatenate(bounds or [[]]), tuple(names), np.concatenate(errors or [[]]))


def _domains(target: Target, sizes: Values) -> tuple[np.typing.NDArray[Any], np.typing.NDArray[np.int64]]:
    """Labels of the domains and the code of every stratum."""
    shape = np.shape(sizes)
    by = target.by
    if by is None:
        return np.array(["all"]), np.zeros(int(np.prod(shape)), dtype=np.int64)
    if isinstance(by, str):
        if not isinstance(sizes, xr.DataArray) or by not in sizes.dims:
            raise ValueError(
                f"by must name a dimension of the sizes, got {by!r}; give sizes as a DataArray with it"
            )
        axis = sizes.dims.index(by)
        labels = np.asarray(sizes.indexes[by]) if by in sizes.indexes else np.arange(shape[axis])
    elif isinstance(by, int):
        axis, labels = by, np.arange(shape[by])
    else:
        names, codes = np.unique(np.asarray(by).ravel(), return_inverse=True)
        if codes.size != int(np.prod(shape)):
            raise ValueError(
                f"by must have one label for each of {int(np.prod(shape))} strata, got {codes.size}"
            )
        return names, codes.astype(np.int64)
    codes = np.broadcast_to(
        np.expand_dims(np.arange(shape[axis]), [a for a in range(len(shape)) if a != axis]), shape
    )
    return labels, codes.ravel().astype(np.int64)
