"""Variances of many domains at once, each respondent having an influence in one domain only.

An influence is zero outside its domain, yet every PSU of the design counts: the cells (domain, unit) that
occur are summed, and empty units enter through the strata's sizes. Calibration spreads the influence over all
units; then the unit totals are formed in full, a block of domains at a time.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from estimators.codes import compact
from estimators.design import Design, Layer
from estimators.linearization import unit_sums

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_CELLS = 2**23  # unit totals formed at once for calibrated designs, to bound memory


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Pairs (domain, unit) that occur: ``of`` (respondent,) codes; ``domain`` and ``unit`` (cell,)."""

    of: IntArray
    domain: IntArray
    unit: IntArray

    @classmethod
    def found(cls, domain: IntArray, unit: IntArray, n_units: int) -> Self:
        """Cells among entries with the given codes, in order of domain.

        >>> cells = Cells.found(np.array([1, 0, 1]), np.array([0, 0, 0]), 1)
        >>> cells.of.tolist(), cells.domain.tolist()
        ([1, 0, 1], [0, 1])
        """
        keys, of = compact(domain * n_units + unit, (int(domain.max()) + 1) * n_units)
        return cls(of, keys // n_units, keys % n_units)


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Sums of one stage, as sparse matrices made once.

    ``unit`` (cell, respondent) weighs and sums respondents into cells; ``stratum`` (stratum cell, cell) sums
    those; ``spread`` (domain, cell) and ``lost`` (domain, stratum cell) add up their squares with the factors
    of the variance.
    """

    unit: sparse.csc_array
    stratum: sparse.csc_array
    spread: sparse.csc_array
    lost: sparse.csc_array

    @classmethod
    def of(cls, layer: Layer, units: Cells, strata: Cells, n_domains: int, weights: FloatArray) -> Self:
        """Sums over the cells of a layer."""
        scale, shrink = layer.scale, layer.scale * layer.shrink
        return cls(
            sums_matrix(units.of, units.unit.size, weights),
            sums_matrix(strata.of, strata.unit.size, np.ones(strata.of.size)),
            sums_matrix(units.domain, n_domains, scale[layer.stratum[units.unit]]),
            sums_matrix(strata.domain, n_domains, shrink[strata.unit]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Domains laid over a design.

    ``domain`` (respondent,) is coded 0 to ``n_domains - 1``; for each stage of the design, ``units`` are the
    cells of respondents with its units, ``strata`` the cells of those cells with its strata, ``sums`` what
    adds them up.
    """

    domain: IntArray
    n_domains: int
    units: tuple[Cells, ...]
    strata: tuple[Cells, ...]
    sums: tuple[Sums, ...]

    @classmethod
    def of(cls, design: Design, domain: IntArray, n_domains: int) -> Self:
        """Layout of the domains over the design.

        >>> Layout.of(Design(strata=[1, 1, 2, 2]), np.array([0, 0, 0, 1]), 2).df.tolist()
        [1, 0]
        """
        units = tuple(Cells.found(domain, layer.unit, layer.stratum.size) for layer in design.layers)
        strata = tuple(
            Cells.found(cells.domain, layer.stratum[cells.unit], layer.scale.size)
            for cells, layer in zip(units, design.layers, strict=True)
        )
        sums = tuple(
            Sums.of(layer, cells, homes, n_domains, design.weights)
            for layer, cells, homes in zip(design.layers, units, strata, strict=True)
        )
        return cls(domain, n_domains, units, strata, sums)

    @property
    def df(self) -> IntArray:
        """Degrees of freedom (domain,) of the domains by themselves: their PSUs less their strata."""
        units, strata = self.units[0].domain, self.strata[0].domain
        return np.bincount(units, minlength=self.n_domains) - np.bincount(strata, minlength=self.n_domains)

    @property
    def size(self) -> FloatArray:
        """Number (domain,) of respondents."""
        return np.bincount(self.domain, minlength=self.n_domains).astype(float)

    def kish(self, weight: FloatArray) -> FloatArray:
        """Factor (domain,) by which unequal weights cut sample size, ``n sum w^2 / (sum w)^2``; 1 if none."""
        n, total, squares = (
            np.bincount(self.domain, weights=power, minlength=self.n_domains)
            for power in (weight > 0, weight, weight**2)
        )
        return np.asarray(np.divide(n * squares, total**2, out=np.ones(total.size), where=total > 0))

    @property
    def cluster_size(self) -> FloatArray:
        """Mean number (domain,) of the domain's respondents in the PSU of one of them."""
        cells = self.units[0]
        count = np.bincount(cells.of, minlength=cells.unit.size).astype(float)
        squares = np.bincount(cells.domain, weights=count**2, minlength=self.n_domains)
        return np.where(self.size > 0, squares / np.maximum(self.size, 1), 1.0)


def domain_variance(design: Design, layout: Layout, influence: FloatArray) -> FloatArray:
    """Variances (domain, column) of estimates whose influence (respondent, column) lies in one domain.

    Parameters
    ----------
    design : the design of all respondents.
    layout : the domains laid over it.
    influence : (respondent, column) influence in the respondent's own domain; weights not included.

    Examples
    --------
    >>> people = Design(weight=np.ones(4))
    >>> halves = Layout.of(people, np.array([0, 0, 1, 1]), 2)
    >>> domain_variance(people, halves, np.array([[0.5], [-0.5], [1], [-1]])).round(4).tolist()
    [[0.6667], [2.6667]]
    """
    if design.residuals:
        return _calibrated(design, layout, influence)
    return np.asarray(sum(_stage_variance(sums, influence) for sums in layout.sums))


def sums_matrix(rows: IntArray, n_rows: int, data: FloatArray) -> sparse.csc_array:
    """Sparse matrix (row, entry) that sums entries into rows, times ``data``.

    >>> (sums_matrix(np.array([0, 1, 0]), 2, np.ones(3)) @ np.array([1.0, 2.0, 4.0])).tolist()
    [5.0, 2.0]
    """
    return sparse.csc_array((data, rows, np.arange(rows.size + 1)), shape=(n_rows, rows.size))


def _stage_variance(sums: Sums, influence: FloatArray) -> FloatArray:
    """Variance (domain, column) of one stage from the cells that occur."""
    totals = sums.unit @ influence
    centers = sums.stratum @ totals
    spread: FloatArray = sums.spread @ np.square(totals, out=totals)
    spread -= sums.lost @ np.square(centers, out=centers)
    return np.maximum(spread, 0.0)


def _calibrated(design: Design, layout: Layout, influence: FloatArray) -> FloatArray:
    """Variance (domain, column) under calibrated weights, a block of domains at a time."""
    columns, fits = influence.shape[1], _regressions(design, layout, influence)
    result = np.zeros((layout.n_domains, columns))
    for layer, cells, sums in zip(design.layers, layout.units, layout.sums, strict=True):
        n_units = layer.stratum.size
        own = sums.unit @ influence
        spans = [
            (unit_sums(layer.unit, design.weights[:, None] * basis, n_units), fit) for basis, fit in fits
        ]
        step = max(1, _CELLS // (n_units * columns))
        for start in range(0, layout.n_domains, step):
            block = slice(start, min(start + step, layout.n_domains))
            inside = (cells.domain >= block.start) & (cells.domain < block.stop)
            totals = np.zeros((n_units, block.stop - start, columns))
            totals[cells.unit[inside], cells.domain[inside] - start] = own[inside]
            for span, fit in spans:
                totals -= np.tensordot(span, fit[:, block], axes=1)
            flat = totals.reshape(n_units, -1)
            flat -= (unit_sums(layer.stratum, flat, layer.scale.size) * layer.shrink[:, None])[layer.stratum]
            np.square(flat, out=flat)
            result[block] += (layer.scale[layer.stratum] @ flat).reshape(-1, columns)
    return result


def _regressions(
    design: Design, layout: Layout, influence: FloatArray
) -> list[tuple[FloatArray, FloatArray]]:
    """Bases and coefficients (auxiliary, domain, column) that calibration takes from the influence."""
    fits: list[tuple[FloatArray, FloatArray]] = []
    for residuals in reversed(design.residuals):
        weighted = residuals.basis * residuals.weight[:, None]
        fit = np.stack(
            [sums_matrix(layout.domain, layout.n_domains, column) @ influence for column in weighted.T]
        )
        for basis, earlier in fits:
            fit -= np.tensordot(weighted.T @ basis, earlier, axes=1)
        fits.append((residuals.basis, fit))
    return fits
