"""What is asked of which domains, and the convex constraints this puts on the sizes of the strata."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.stats import norm

from sampling.arguments import FloatArray, Values, numbers, proportion
from sampling.comparisons import check_power
from sampling.small_samples import power_factor, student_factor

GRID = np.unique(np.concatenate([np.arange(1.0, 41.0), np.geomspace(41, 1e9, 60)]))
Factor: TypeAlias = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The largest accepted standard error of the mean of every domain of one set, or its fewest interviews.

    Parameters
    ----------
    se : number, array (domains,) or (variables, domains)
        In points of the rating (or as a proportion, for a share). Infinity asks for nothing.
    by : None, axis, dimension name, or array of labels
        None is all strata together; an axis or dimension of the sizes has one domain for each of its
        entries; labels (one for each stratum) are any partition.
    name : str
        Used in messages and results.
    count : number or array (domains,)
        Fewest interviews; a domain without strata that can hold interviews is asked for none.
    factor : callable, optional
        Share of `se` that is accepted with so many interviews in the domain; rises to 1.

    Examples
    --------
    >>> round(float(Target.half_width(0.1, by="region").se), 4)
    0.051
    """

    se: Values = np.inf
    by: Any = None
    name: str = ""
    count: Values = 0
    factor: Factor | None = None

    def __post_init__(self) -> None:
        """Check that every standard error is positive and every count a number."""
        array = numbers("se", self.se, infinite=True)
        if (array <= 0).any():
            raise ValueError(f"se must be positive, got {array.min():g}; use infinity to ask for nothing")
        numbers("count", self.count)
        if isinstance(self.by, bool):
            raise TypeError(
                f"by must be an axis, a dimension's name or labels, got {self.by}; name the domains"
            )

    @classmethod
    def cv(cls, cv: Values, mean: Values, by: Any = None, *, name: str = "") -> "Target":
        """A target coefficient of variation of means that are expected to be `mean`."""
        return cls(numbers("cv", cv) * numbers("mean", mean), by, name)

    @classmethod
    def half_width(
        cls,
        width: Values,
        by: Any = None,
        *,
        confidence: float = 0.95,
        student: bool = False,
        deff: float = 1.0,
        name: str = "",
    ) -> "Target":
        """A target half-width of the confidence interval: normal, or Student's t at ``n / deff - 1``."""
        z = norm.ppf((1 + proportion("confidence", confidence)) / 2)
        factor = student_factor(confidence, deff) if student else None
        return cls(numbers("width", width) / z, by, name, factor=factor)

    @classmethod
    def change(
        cls,
        change: Values,
        by: Any = None,
        *,
        power: float = 0.8,
        level: float = 0.05,
        student: bool = False,
        deff: float = 1.0,
        name: str = "",
    ) -> "Target":
        """A change between two equal independent rounds, found with the given power (two-sided).

        By a normal test, or Student's at ``2 * n / deff - 2`` degrees of freedom.
        """
        check_power(power, level)
        z = norm.ppf(1 - level / 2) + norm.ppf(power)
        if not student:
            return cls(numbers("change", change) / (z * np.sqrt(2)), by, name)
        factor, most = power_factor(power, level, deff)
        return cls(numbers("change", change) / (most * np.sqrt(2)), by, name, factor=factor)

    @classmethod
    def fewest(cls, count: Values, by: Any = None, *, name: str = "") -> "Target":
        """A fewest number of interviews in every domain, wherever in it they are."""
        return cls(np.inf, by, name, count=count)


@dataclass(frozen=True, slots=True, eq=False)
class Constraints:
    """``matrix @ (1 / x) <= bound(members @ x)`` with a name for each row.

    Parameters
    ----------
    matrix, members : sparse (constraints, strata)
        What the reciprocal sizes are weighted with, and which strata belong to the domain.
    base : array (constraints,)
        Finite-population part of the accepted variance.
    se, least : array (constraints,)
        Standard errors asked for (infinite where a count is), and fewest interviews (0 where none is asked).
    names : tuple of str
    factors : tuple of (slice, callable)
        See `Target`; rows without one accept `se` whatever the number of interviews.
    """

    matrix: csr_array
    members: csr_array
    base: FloatArray
    se: FloatArray
    least: FloatArray
    names: tuple[str, ...]
    factors: tuple[tuple[slice, Factor], ...]

    @property
    def scale(self) -> FloatArray:
        """The size of each bound, to compare rows with."""
        return np.where(np.isfinite(self.se), self.se, 0.0) ** 2 + self.base + self.least

    def accepted(self, count: FloatArray) -> FloatArray:
        """The standard errors accepted with so many interviews in each row's domain."""
        share = np.ones(count.shape)
        for rows, factor in self.factors:
            share[..., rows] = factor(count[..., rows])
        return np.asarray(self.se * share)

    def bound(self, count: FloatArray) -> FloatArray:
        """The right side with so many interviews in each row's domain: linear where a count is asked."""
        se = np.where(self.least > 0, 0.0, self.accepted(count))
        return np.asarray(np.where(self.least > 0, count - self.least, se**2 + self.base))

    def slope(self, count: FloatArray) -> FloatArray:
        """The derivative of the bound."""
        step = 1e-4 * count
        rise = (self.bound(count + step) - self.bound(count - step)) / np.maximum(2 * step, 1e-300)
        return np.where(self.least > 0, 1.0, rise)

    def line(self, count: FloatArray, fewest: FloatArray, most: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Slope and level of a line that touches each row's bound at `count` and nowhere falls below it.

        Nowhere between the fewest and the most interviews of the row's domain: where a bound is not concave
        there, the line is lifted. With too few interviews for any error the domain must be a census.
        """
        slope = self.slope(count)
        level = self.bound(count) - slope * count
        if not self.factors:
            return slope, level
        here = np.clip(GRID[:, None], fewest, most)
        over = np.where((self.accepted(here) > 0) | (here >= most), self.bound(here) - slope * here, -np.inf)
        return slope, np.maximum(level, over.max(axis=0))

    def only(self, rows: NDArray[np.bool_]) -> "Constraints":
        """Some of the constraints."""
        before = np.concatenate([[0], np.cumsum(rows)])
        return Constraints(
            self.matrix[rows],
            self.members[rows],
            self.base[rows],
            self.se[rows],
            self.least[rows],
            tuple(name for name, stays in zip(self.names, rows.tolist(), strict=True) if stays),
            tuple((slice(before[at.start], before[at.stop]), factor) for at, factor in self.factors),
        )

    def excess(self, x: FloatArray) -> FloatArray:
        """How far each constraint is exceeded (negative: room left), relative to its scale."""
        spent = self.matrix @ reciprocal(x)
        return np.asarray((spent - self.bound(self.members @ x)) / self.scale)

    def achieved(self, x: FloatArray) -> FloatArray:
        """The standard error of every constraint at an allocation."""
        return np.asarray(np.sqrt(np.maximum(self.matrix @ reciprocal(x) - self.base, 0.0)))


def reciprocal(x: FloatArray) -> FloatArray:
    """1 / x, and 0 in strata without interviews.

    >>> reciprocal(np.array([2.0, 0.0])).tolist()
    [0.5, 0.0]
    """
    return np.divide(1.0, x, out=np.zeros_like(x), where=x > 0)


def constraints(
    sizes: Values, sd: FloatArray, targets: Sequence[Target], *, deff: FloatArray, finite: bool
) -> Constraints:
    """The constraints of all targets, variables and domains.

    The mean of a domain d has variance ``sum((N_h / N_d)**2 * deff_h * S_h**2 * (1/x_h - 1/N_h))`` (the
    last term only for a finite population), so that a target is linear in 1/x, and a count is linear in x.

    Parameters
    ----------
    sizes : array of any shape
    sd : array (variables, strata), flat
    targets : sequence of Target
    deff : array (strata,), flat
    finite : bool
    """
    population = numbers("sizes", sizes).ravel()
    inverse = finite * reciprocal(population)
    rows = _Rows(population.size)
    for number, target in enumerate(targets):
        labels, codes = _domains(target, sizes)
        title = target.name or f"target {number}"
        mass = np.bincount(codes, population, labels.size)
        weight = np.divide(population, mass[codes], out=np.zeros_like(population), where=mass[codes] > 0)
        spread = _asked("se", target.se, (sd.shape[0], labels.size), title)
        first = rows.size
        for v, (deviation, wanted) in enumerate(zip(sd, spread, strict=True)):
            entry = deff * (weight * deviation) ** 2
            keep = np.flatnonzero(np.isfinite(wanted) & (np.bincount(codes, entry, labels.size) > 0))
            base = np.bincount(codes, entry * inverse, labels.size).astype(np.float64)
            rows.add(
                keep,
                codes,
                np.asarray(entry, dtype=np.float64),
                base[keep],
                wanted[keep],
                np.zeros(keep.size),
            )
            rows.names += [f"{title}, variable {v}, domain {labels[k]}" for k in keep]
        if target.factor is not None:
            rows.factors.append((slice(first, rows.size), target.factor))
        least = _asked("count", target.count, labels.shape, title)
        keep = np.flatnonzero((least > 0) & (mass > 0))
        none = np.zeros(keep.size)
        rows.add(keep, codes, np.zeros_like(population), none, np.full(keep.size, np.inf), least[keep])
        rows.names += [f"{title}, fewest interviews, domain {labels[k]}" for k in keep]
    return rows.constraints()


def _asked(name: str, values: Values, shape: tuple[int, ...], title: str) -> FloatArray:
    """What a target asks of every domain (and variable)."""
    array = numbers(name, values, infinite=True)
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(
            f"{name} of {title} must be a number or of shape {shape}, got shape {array.shape}; "
            "give one for each domain, variables first"
        ) from None


class _Rows:
    """Constraints being gathered, a set of domains at a time."""

    def __init__(self, strata: int) -> None:
        self.strata, self.size = strata, 0
        self.names: list[str] = []
        self.factors: list[tuple[slice, Factor]] = []
        self.parts: list[tuple[NDArray[Any], ...]] = [tuple(np.zeros(0) for _ in range(6))]

    def add(
        self,
        keep: NDArray[np.int64],
        codes: NDArray[np.int64],
        entry: FloatArray,
        base: FloatArray,
        se: FloatArray,
        least: FloatArray,
    ) -> None:
        """A row for each kept domain."""
        place = np.full(codes.max(initial=0) + 1, -1)
        place[keep] = np.arange(keep.size)
        column = np.flatnonzero(place[codes] >= 0)
        self.parts.append((self.size + place[codes[column]], column, entry[column], base, se, least))
        self.size += keep.size

    def constraints(self) -> Constraints:
        """All rows together."""
        row, column, entry, base, se, least = (np.concatenate(part) for part in zip(*self.parts, strict=True))
        place = row.astype(np.int64), column.astype(np.int64)
        matrix, members = (
            csr_array(coo_array((values, place), shape=(self.size, self.strata)))
            for values in (entry, np.ones(entry.size))
        )
        return Constraints(matrix, members, base, se, least, tuple(self.names), tuple(self.factors))


def _domains(target: Target, sizes: Values) -> tuple[NDArray[Any], NDArray[np.int64]]:
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
        if not -len(shape) <= by < len(shape):
            raise ValueError(f"by must be an axis of the sizes, 0..{len(shape) - 1}, got {by}")
        axis = by % len(shape)
        labels = np.arange(shape[axis])
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
