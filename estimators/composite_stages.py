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
class Touched:
    """The nodes that each respondent moves.

    Attributes
    ----------
    node : (J, n)
        Node of each slot of the respondents.
    place : (J, F)
        The same of the fine cells, in whose order the respondents are.
    fine, starts
        (n,) fine cell of each respondent; (F,) first respondent of each fine cell.
    of, ratio : (J,), (J, F)
        Direction of each slot, and slot over direction.
    nodes
        Their number V.
    """

    node: Codes
    place: Codes
    fine: Codes
    starts: Codes
    of: Codes
    ratio: Array
    nodes: int

    def slots(self, values: Array) -> Array:
        """Moves (J, n) of the slots from those of the directions (D, n)."""
        return np.asarray(self.ratio[:, self.fine] * values[self.of])

    def crossed(self, values: Array) -> Array:
        """Sum (V, V) over the respondents of the products of their values (D, n) at their nodes."""
        return self.scattered(values[:, None] * values, self.fine)

    def scattered(self, products: Array, fine: Codes) -> Array:
        """Sum (V, V) of products (D, D, rows) of directions at the nodes of the sorted fine cells (rows,)."""
        starts = np.flatnonzero(np.diff(fine, prepend=-1))
        some = fine[starts]
        ratio, place = self.ratio[:, some], self.place[:, some]
        blocks = np.add.reduceat(products, starts, axis=2)[self.of[:, None], self.of]
        key = place[:, None] * self.nodes + place
        flat = np.bincount(key.ravel(), (blocks * ratio[:, None] * ratio).ravel(), self.nodes**2)
        return np.asarray(flat.reshape(self.nodes, self.nodes), dtype=float)


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A stage of sampling as the slots of the respondents meet it.

    Attributes
    ----------
    scale, shrink, degrees : (stratum,)
        Of the design's layer; degrees of freedom are units less one, at least 1.
    entry : (J, n) or None
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
    def of(cls, layer: Layer, order: Codes, touched: Touched) -> Self:
        """Stage of a design's layer for respondents in the given order."""
        nodes, unit = touched.nodes, np.tile(layer.unit[order], len(touched.node))
        at, entry = touched.node.ravel(), None
        if layer.stratum.size < order.size:
            codes, keys = pd.factorize(unit * nodes + at)
            entry, (unit, at) = codes.reshape(touched.node.shape), np.divmod(keys, nodes)
        group, pairs = pd.factorize(layer.stratum[unit] * nodes + at)
        stratum, group_node = np.divmod(pairs, nodes)
        degrees = np.maximum(np.bincount(layer.stratum, minlength=layer.scale.size) - 1.0, 1.0)
        return cls(layer.scale, layer.shrink, degrees, entry, unit, at, group, stratum, group_node)

    def measured(self, moved: Array, touched: Touched) -> tuple[Array, Array, Array]:
        """What the respondents' moves (D, n) make: covariance, pull, and Satterthwaite's squares.

        Returns
        -------
        covariance : (V, V)
            Sum over the strata of ``scale (sum_u t_u t_u' - shrink m m')``.
        pull : (J, n)
            How a node's variance changes with half of each slot's move.
        squares : (V,)
            Sum over the strata of squared variances over their degrees of freedom.
        """
        flat = touched.slots(moved).ravel()
        units = flat if self.entry is None else _sums(self.entry.ravel(), flat, self.unit.size)
        strata = _sums(self.group, units, self.stratum.size)
        scale, shrink = self.scale[self.stratum], self.shrink[self.stratum]
        root, centre = np.sqrt(scale), shrink * strata
        if self.entry is None:
            covariance = touched.crossed(root[self.group[: moved.shape[1]]] * moved)
        else:
            covariance = _pairs(root[self.group] * units, self.unit, self.node, touched.nodes)
        covariance -= _pairs(root * np.sqrt(shrink) * strata, self.stratum, self.group_node, touched.nodes)
        pull = scale[self.group] * (units - centre[self.group])
        pull = pull.reshape(touched.node.shape) if self.entry is None else pull[self.entry]
        variance = scale * (_sums(self.group, units * units, self.stratum.size) - centre * strata)
        squares = _sums(self.group_node, variance**2 / self.degrees[self.stratum], touched.nodes)
        return covariance, pull, squares


def _pairs(values: Array, row: Codes, node: Codes, nodes: int) -> Array:
    """Sum (V, V) over the rows of the products of their values (pair,) at rows and nodes (pair,)."""
    table = sp.csr_array((values, (row, node)), shape=(int(row.max()) + 1, nodes))
    return np.asarray((table.T @ table).toarray())


def _sums(code: Codes, values: Array, count: int) -> Array:
    return np.asarray(np.bincount(code, values, count), dtype=float)
