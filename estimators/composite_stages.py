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
        """Moves (S, J, n) of the slots from those of the directions (S, D, n)."""
        return np.asarray(self.ratio.take(self.fine, axis=1) * values[:, self.of])

    def crossed(self, values: Array, rows: Codes | None = None) -> Array:
        """Sums (S, V, V) over the respondents, or those in `rows`, of the products of their values (S, D, n)."""
        fine = self.fine if rows is None else self.fine[rows]
        return self.scattered(values[:, :, None] * values[:, None], fine)

    def scattered(self, products: Array, fine: Codes) -> Array:
        """Sums (S, V, V) of products (S, D, D, rows) at the nodes of the sorted fine cells (rows,)."""
        starts = self.starts if fine is self.fine else np.flatnonzero(np.diff(fine, prepend=-1))
        ratio, place = self.ratio[:, fine[starts]], self.place[:, fine[starts]]
        blocks = np.add.reduceat(products, starts, axis=3)[:, self.of[:, None], self.of]
        blocks *= ratio[:, None] * ratio
        key = (place[:, None] * self.nodes + place).ravel()
        flat = [np.bincount(key, block.ravel(), self.nodes**2) for block in blocks]
        return np.array(flat, dtype=float).reshape(-1, self.nodes, self.nodes)


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A stage of sampling as the slots of the respondents meet it.

    Attributes
    ----------
    scale, shrink, degrees : (stratum,)
        Of the design's layer; degrees of freedom are units less one, at least 1.
    entry : (J n,) or None
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
            entry, keys = pd.factorize(unit * nodes + at)
            unit, at = np.divmod(keys, nodes)
        group, pairs = pd.factorize(layer.stratum[unit] * nodes + at)
        stratum, group_node = np.divmod(pairs, nodes)
        degrees = np.maximum(np.bincount(layer.stratum, minlength=layer.scale.size) - 1.0, 1.0)
        return cls(layer.scale, layer.shrink, degrees, entry, unit, at, group, stratum, group_node)

    def measured(self, moved: Array, touched: Touched, *, pulled: bool) -> tuple[Array, Array, Array]:
        """What the respondents' moves (S, D, n) make: covariance, Satterthwaite's squares, and pull.

        Returns
        -------
        covariance : (S, V, V)
            Sum over the strata of ``scale (sum_u t_u t_u' - shrink m m')``.
        squares : (S, V)
            Sum over the strata of squared variances over their degrees of freedom.
        pull : (S, J, n)
            How a node's variance changes with half of each slot's move; zeros unless `pulled`.
        """
        slots = touched.slots(moved)
        flat = slots.reshape(len(slots), -1)
        units = flat if self.entry is None else _sums(self.entry, flat, self.unit.size)
        strata = _sums(self.group, units, self.stratum.size)
        scale, shrink = self.scale[self.stratum], self.shrink[self.stratum]
        root, centre = np.sqrt(scale), shrink * strata
        if self.entry is None:
            covariance = touched.crossed(root[self.group[: moved.shape[2]]] * moved)
        else:
            covariance = _pairs(root[self.group] * units, self.unit, self.node, touched.nodes)
        covariance -= _pairs(root * np.sqrt(shrink) * strata, self.stratum, self.group_node, touched.nodes)
        variance = scale * (_sums(self.group, units * units, self.stratum.size) - centre * strata)
        squares = _sums(self.group_node, variance**2 / self.degrees[self.stratum], touched.nodes)
        pull = np.zeros_like(slots)
        if pulled:
            by_unit = scale[self.group] * (units - centre[:, self.group])
            pull = (by_unit if self.entry is None else by_unit[:, self.entry]).reshape(slots.shape)
        return covariance, squares, pull


def _pairs(values: Array, row: Codes, node: Codes, nodes: int) -> Array:
    """Sums (S, V, V) over the rows of the products of their values (S, pair) at rows and nodes (pair,)."""
    by_row = np.argsort(row, kind="stable")
    ends = np.searchsorted(row[by_row], np.arange(int(row.max()) + 2))
    tables = [sp.csr_array((each[by_row], node[by_row], ends), shape=(ends.size - 1, nodes)) for each in values]
    return np.array([(table.T @ table).toarray() for table in tables])


def _sums(code: Codes, values: Array, count: int) -> Array:
    """Sums (S, count) of the values (S, entry) of each code (entry,)."""
    return np.array([np.bincount(code, row, count) for row in values], dtype=float)
