"""Estimates with their joint covariance, checked once: what every comparison and ranking starts from."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
SLACK = 1e-8  # relative; covariances arrive with rounding error, not with wrong signs
UNKNOWN = "an error that could not be estimated is not zero; give a pooled variance or a bound"


@dataclass(frozen=True, slots=True, eq=False)
class JointEstimate:
    """Estimates of several units and the covariance of their errors.

    Parameters
    ----------
    values : ndarray (unit,)
    covariance : ndarray (unit, unit)
        Symmetric and positive semidefinite.
    dim : str
        Name of the units' dimension.
    labels : ndarray (unit,)
        Names of the units, all different.
    """

    values: Array
    covariance: Array
    dim: str = "unit"
    labels: NDArray[Any] = field(default_factory=lambda: np.arange(0))

    def __post_init__(self) -> None:
        """Refuse what is no estimate, no covariance, or not about the same units."""
        size = len(self.values)
        if size == 0:
            raise ValueError("estimate must have at least one unit, got none")
        if not np.isfinite(self.values).all():
            raise ValueError(
                f"estimate must be finite, got {self.values[~np.isfinite(self.values)][0]}: "
                "drop the units without an estimate first"
            )
        _check_covariance(self.covariance, size)
        if len(self.labels) != size or len(set(self.labels.tolist())) != size:
            raise ValueError(f"labels must be {size} different names, got {self.labels.tolist()}")

    @property
    def se(self) -> Array:
        """Standard error of each unit's estimate, (unit,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def se_difference(self) -> Array:
        """Standard error of each difference, (unit, unit); the diagonal is 0.

        Raises
        ------
        ValueError
            If two units' difference has no variance: nothing can be tested then.
        """
        variance = np.diag(self.covariance)
        out = variance[:, None] + variance[None, :] - 2 * self.covariance
        scale = variance[:, None] + variance[None, :]
        empty = (out <= SLACK**1.5 * scale) & ~np.eye(len(variance), dtype=bool)
        if empty.any():
            first, second = self.labels[np.argwhere(empty)[0]]
            raise ValueError(
                f"the difference of {first} and {second} has standard error 0: {UNKNOWN}, "
                "or leave one of the two out"
            )
        np.fill_diagonal(out, 0.0)
        return np.sqrt(out)

    @classmethod
    def of(cls, estimate: ArrayLike | xr.DataArray, covariance_or_se: ArrayLike | xr.DataArray) -> Self:
        """Join an estimate with its covariance matrix, or with a vector of standard errors.

        Parameters
        ----------
        estimate : array-like (unit,) or DataArray
            A DataArray gives its dimension and labels to the results; otherwise units are 0, 1, ...
        covariance_or_se : array-like (unit, unit) or (unit,)
            A vector is read as standard errors of independent estimates. A labelled one must carry
            the estimate's labels in the estimate's order.

        Examples
        --------
        >>> JointEstimate.of([4.5, 4.6], [0.03, 0.04]).se_difference.round(3).tolist()
        [[0.0, 0.05], [0.05, 0.0]]
        """
        values = np.asarray(estimate, dtype=np.float64)
        if values.ndim != 1:
            raise ValueError(f"estimate must have one dimension, got shape {values.shape}")
        dim, labels = "unit", np.arange(len(values))
        if isinstance(estimate, xr.DataArray):
            dim = str(estimate.dims[0])
            labels = estimate[dim].values
            _check_labels(covariance_or_se, labels)
        return cls(values, _as_covariance(covariance_or_se, len(values)), dim, labels)


def labelled(values: ArrayLike | xr.DataArray, *, dim: str = "unit") -> xr.DataArray:
    """Give an array dimension names, `dim` and `dim`_1, ...; a labelled one keeps its own.

    >>> labelled([[4.5, 4.6]]).dims
    ('unit', 'unit_1')
    """
    if isinstance(values, xr.DataArray):
        return values.astype(np.float64)
    array = np.asarray(values, dtype=np.float64)
    return xr.DataArray(array, dims=[f"{dim}_{i}" if i else dim for i in range(array.ndim)])


def _as_covariance(given: ArrayLike | xr.DataArray, size: int) -> Array:
    matrix = np.asarray(given, dtype=np.float64)
    if matrix.shape == (size, size):
        return matrix
    if matrix.shape != (size,):
        raise ValueError(
            f"covariance_or_se must have shape ({size}, {size}) or ({size},) as the estimate has, "
            f"got {matrix.shape}"
        )
    if not (np.isfinite(matrix) & (matrix >= 0)).all():
        raise ValueError(
            "standard errors must be finite and at least 0, got "
            f"{matrix[~(np.isfinite(matrix) & (matrix >= 0))][0]}"
        )
    return np.diag(matrix**2)


def _check_covariance(covariance: Array, size: int) -> None:
    if covariance.shape != (size, size):
        raise ValueError(f"covariance must have shape ({size}, {size}), got {covariance.shape}")
    if not np.isfinite(covariance).all():
        raise ValueError("covariance must be finite, got NaN or inf: drop the units without a variance first")
    scale = float(np.abs(np.diag(covariance)).max())
    if np.abs(covariance - covariance.T).max() > SLACK * scale:
        raise ValueError("covariance must be symmetric: average it with its transpose if that is rounding")
    diagonal = np.array_equal(covariance, np.diag(np.diag(covariance)))
    least = float(np.diag(covariance).min() if diagonal else np.linalg.eigvalsh(covariance)[0])
    if least < -SLACK * scale * size:
        raise ValueError(
            f"covariance must be positive semidefinite, got an eigenvalue of {least:.3g}: "
            "were correlations or standard errors given for covariances?"
        )


def _check_labels(other: Any, labels: NDArray[Any]) -> None:
    if not isinstance(other, xr.DataArray):
        return
    for dim in other.dims:
        if dim in other.coords and not np.array_equal(other[dim].values, labels):
            raise ValueError(
                f"covariance_or_se has other labels along {dim!r} than the estimate: align the two first"
            )
