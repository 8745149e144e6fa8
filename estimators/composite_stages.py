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
        """Sums (S, V, V) over the respondents (those in `rows`) of the products of their values (S, D, n)."""
        fine, some = (self.fine, values) if rows is None else (self.fine[rows], values[:, :, rows])
        return self.scattered(some[:, :, None] * some[:, None], fine)

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
    part, part_fine : (n,), (P,)
        Part of a fine cell that lies in one unit, or in one stratum where every respondent is a unit, of each
        respondent; the fine cell of each part.
    entry : (J P,) or None
        Pair (unit, node) of each part's slot; None where every respondent is a unit.
    unit, node : (pair,)
        Of these pairs.
    group : (pair,) or (J P,)
        Pair (stratum, node) that a pair, or else a part's slot, lies in.
    stratum, group_node : (group,)
    """

    scale: Array
    shrink: Array
    degrees: Array
    part: Codes
    part_fine: Codes
    entry: Codes | None
    unit: Codes
    node: Codes
    group: Codes
    stratum: Codes
    group_node: Codes

    @classmethod
    def of(cls, layer: Layer, order: Codes, touched: Touched) -> Self:
        """Stage of a design's layer for respondents in the given order."""
        nodes, fines = touched.nodes, touched.starts.size
        unit, clustered = layer.unit[order], layer.stratum.size < order.size
        within = unit if clustered else layer.stratum[unit]
        part, parts = pd.factorize(within * fines + touched.fine)
        inside, part_fine = np.divmod(parts, fines)
        node = touched.place[:, part_fine].ravel()
        inside = np.tile(inside, len(touched.place))
        entry, where = None, inside
        if clustered:
            entry, keys = pd.factorize(inside * nodes + node)
            inside, node = np.divmod(keys, nodes)
            where = layer.stratum[inside]
        group, pairs = pd.factorize(where * nodes + node)
        stratum, group_node = np.divmod(pairs, nodes)
        degrees = np.maximum(np.bincount(layer.stratum, minlength=layer.scale.size) - 1.0, 1.0)
        rates = layer.scale, layer.shrink, degrees
        return cls(*rates, part, part_fine, entry, inside, node, group, stratum, group_node)

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
        scale, shrink = self.scale[self.stratum], self.shrink[self.stratum]
        root, slots = np.sqrt(scale), self._by_part(moved, touched.ratio, touched)
        if self.entry is None:
            units, strata = None, _sums(self.group, slots, self.stratum.size)
            square = _sums(self.group, self._by_part(moved**2, touched.ratio**2, touched), self.stratum.size)
            first = self.group[: self.part_fine.size]
            covariance = touched.crossed(root[first][self.part] * moved)
        else:
            units = _sums(self.entry, slots, self.unit.size)
            strata = _sums(self.group, units, self.stratum.size)
            square = _sums(self.group, units * units, self.stratum.size)
            covariance = _pairs(root[self.group] * units, self.unit, self.node, touched.nodes)
        centre = shrink * strata
        covariance -= _pairs(root * np.sqrt(shrink) * strata, self.stratum, self.group_node, touched.nodes)
        variance = scale * (square - centre * strata)
        squares = _sums(self.group_node, variance**2 / self.degrees[self.stratum], touched.nodes)
        if pulled:
            return covariance, squares, self._pull(moved, units, centre, touched)
        return covariance, squares, np.zeros((len(moved), *touched.node.shape))

    def _by_part(self, moved: Array, ratio: Array, touched: Touched) -> Array:
        """Sums (S, J P) by part of fine cell of what the directions (S, D, n) move the slots."""
        count = self.part_fine.size
        sums = _sums(self.part, moved.reshape(-1, moved.shape[2]), count).reshape(*moved.shape[:2], count)
        return np.asarray((ratio[:, self.part_fine] * sums[:, touched.of]).reshape(len(moved), -1))

    def _pull(self, moved: Array, units: Array | None, centre: Array, touched: Touched) -> Array:
        """How a node's variance changes with half of each slot's move, (S, J, n)."""
        slots = (touched.of.size, self.part_fine.size)
        if units is None or self.entry is None:
            group = self.group.reshape(slots)[:, self.part]
            return np.asarray(self.scale[self.stratum][group] * (touched.slots(moved) - centre[:, group]))
        by_unit = self.scale[self.stratum][self.group] * (units - centre[:, self.group])
        return np.asarray(by_unit[:, self.entry.reshape(slots)[:, self.part]])


def _pairs(values: Array, row: Codes, node: Codes, nodes: int) -> Array:
    """Sums (S, V, V) over the rows of the products of their values (S, pair) at rows and nodes (pair,)."""
    by_row = np.argsort(row, kind="stable")
    ends = np.searchsorted(row[by_row], np.arange(int(row.max()) + 2))
    tables = [
        sp.csr_array((each[by_row], node[by_row], ends), shape=(ends.size - 1, nodes)) for each in values
    ]
    return np.array([(table.T @ table).toarray() for table in tables])


def _sums(code: Codes, values: Array, count: int) -> Array:
    """Sums (S, count) of the values (S, entry) of each code (entry,)."""
    return np.array([np.bincount(code, row, count) for row in values], dtype=float)
