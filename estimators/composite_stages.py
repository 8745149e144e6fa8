"""Which units and strata of a design move which nodes: sums over them without the zeros of all others."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse as sp

from estimators.design import Layer

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A stage of sampling as the slots of the respondents meet it.

    Attributes
    ----------
    scale, shrink, degrees : (stratum,)
        Of the design's layer; degrees of freedom are units less one, at least 1.
    entry : (n, J) or None
        Pair (unit, node) of each slot; None where every respondent is a unit, whose slots are the pairs.
    unit, node : (pair,)
    group : (pair,)
        Pair (stratum, node) that the pair lies in.
    stratum, group_node : (group,)
    """

    scale: Array
    shrink: Array
    degrees: Array
    entry: Codes | None
    unit: Codes
    node: Codes
    group: Codes
    stratum: Codes
    group_node: Codes

    @classmethod
    def of(cls, layer: Layer, order: Codes, node: Codes, nodes: int) -> Self:
        """Stage of a design's layer for respondents in the given order with slots at `node` (n, J)."""
        unit = np.broadcast_to(layer.unit[order][:, None], node.shape).ravel()
        at, entry = node.ravel(), None
        if layer.stratum.size < order.size:
            codes, keys = pd.factorize(unit * nodes + at)
            entry, (unit, at) = codes.reshape(node.shape), np.divmod(keys, nodes)
        group, pairs = pd.factorize(layer.stratum[unit] * nodes + at)
        stratum, group_node = np.divmod(pairs, nodes)
        degrees = np.maximum(np.bincount(layer.stratum, minlength=layer.scale.size) - 1.0, 1.0)
        return cls(layer.scale, layer.shrink, degrees, entry, unit, at, group, stratum, group_node)

    def totals(self, moved: Array) -> tuple[Array, Array]:
        """Totals of units (pair,) and of strata (group,) of what respondents move, (n, J)."""
        flat = moved.ravel()
        units = flat if self.entry is None else _sums(self.entry.ravel(), flat, self.unit.size)
        return units, _sums(self.group, units, self.stratum.size)

    def pull(self, moved: Array) -> Array:
        """How a node's variance changes with half of each slot's move, (n, J)."""
        units, strata = self.totals(moved)
        h = self.stratum[self.group]
        pulled = self.scale[h] * (units - self.shrink[h] * strata[self.group])
        return pulled.reshape(moved.shape) if self.entry is None else pulled[self.entry]

    def covariance(self, moved: Array, nodes: int) -> Array:
        """Covariance (V, V): sum over strata of scale (sum_u t_u t_u' - shrink m m')."""
        units, strata = self.totals(moved)
        root = np.sqrt(self.scale)
        first = self._crossed(root[self.stratum[self.group]] * units, self.unit, self.node, nodes)
        shrunk = (root * np.sqrt(self.shrink))[self.stratum] * strata
        return first - self._crossed(shrunk, self.stratum, self.group_node, nodes)

    def squares(self, moved: Array, nodes: int) -> Array:
        """Sum over the strata of squared variances over their degrees of freedom, (V,)."""
        units, strata = self.totals(moved)
        raw = _sums(self.group, units * units, self.stratum.size)
        variance = self.scale[self.stratum] * (raw - self.shrink[self.stratum] * strata**2)
        return np.asarray(np.bincount(self.group_node, variance**2 / self.degrees[self.stratum], nodes))

    @staticmethod
    def _crossed(values: Array, row: Codes, node: Codes, nodes: int) -> Array:
        table = sp.csr_array((values, (row, node)), shape=(int(row.max()) + 1, nodes))
        return np.asarray((table.T @ table).toarray())


def _sums(code: Codes, values: Array, count: int) -> Array:
    return np.asarray(np.bincount(code, values, count), dtype=float)
