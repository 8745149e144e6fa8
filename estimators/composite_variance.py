"""Design covariance of official scores, and what each group of leaves brings to it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse as sp

from estimators.composite_influence import Array, Codes, Parts, onto_nodes
from estimators.composite_layout import Layout
from estimators.design import Design, Layer
from estimators.linearization import deviations


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Covariance of the nodes' scores, deff aside.

    Attributes
    ----------
    covariance : (V, V)
    share : (C, V)
        Part of each node's variance that the leaves of each group bring; the groups sum to the variance.
    squares : (V,)
        Sum over the strata of squared variance over degrees of freedom, Satterthwaite's denominator.
    """

    covariance: Array
    share: Array
    squares: Array

    @property
    def df(self) -> Array:
        """Satterthwaite's degrees of freedom over the strata, at least 1; replaced variances as known."""
        total = np.diag(self.covariance) ** 2
        degrees = np.divide(total, self.squares, out=np.full_like(total, np.inf), where=self.squares > 0)
        return np.maximum(degrees, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """The nodes that each fine cell touches, all trees side by side.

    Attributes
    ----------
    node : (F, J)
    nodes
        Their number V.
    label : per tree, (F, K)
        Group of the leaf of each position, `groups` where there is none.
    groups
        Their number C.
    """

    node: Codes
    nodes: int
    label: tuple[Codes, ...]
    groups: int

    def split(self, values: Array, parts: Sequence[Parts]) -> list[Array]:
        """Columns of each tree from the columns of all."""
        ends = np.cumsum([part.node.shape[1] for part in parts])[:-1]
        return np.split(values, ends, axis=1)

    def by_group(self, brought: Array, tree: int, part: Parts) -> Array:
        """Sums (C, V) of what positions bring, (F, K, J), by group of the leaf and node of the slot."""
        key = self.label[tree][:, :, None] * self.nodes + part.node[:, None, :]
        flat = np.bincount(key.ravel(), brought.ravel(), (self.groups + 1) * self.nodes)
        return np.asarray(flat.reshape(self.groups + 1, self.nodes)[: self.groups], dtype=float)


def spread(
    parts: Sequence[Parts],
    layout: Layout,
    design: Design,
    *,
    groups: Sequence[Codes],
    nodes: int,
) -> Spread:
    """Covariance of all nodes of all trees together.

    Parameters
    ----------
    parts
        Of each tree; nodes of different trees have different numbers.
    layout
        Whose parts they are.
    design
        In the order of the ratings table.
    groups
        Of each tree: (L,) group of each leaf, numbered alike in all trees.
    nodes
        Number of nodes V.
    """
    count = 1 + max(int(codes.max()) for codes in groups)
    label = tuple(np.append(codes, count)[part.leaf] for part, codes in zip(parts, groups, strict=True))
    slots = Slots(np.concatenate([part.node for part in parts], axis=1), nodes, label, count)
    sampled = _calibrated if design.residuals else _sampled
    data = sampled(parts, layout, design, slots)
    shared, own = _shared(parts, layout, slots), _own(parts, slots)
    return Spread(
        data.covariance + shared.covariance + own.covariance,
        data.share + shared.share + own.share,
        data.squares,
    )


def _sampled(parts: Sequence[Parts], layout: Layout, design: Design, slots: Slots) -> Spread:
    """What sampling brings: each stage's scale_h (sum_u t_u t_u' - shrink_h m_h m_h'), t_u totals of units.

    The nodes that a respondent does not touch stay zeros of sparse matrices.
    """
    weight = design.weights[layout.order][:, None]
    moved = weight * np.concatenate([_moved(part, part.leaf_weight, layout) for part in parts], axis=1)
    node = slots.node[layout.fine]
    covariance = np.zeros((slots.nodes, slots.nodes))
    pull, squares = np.zeros_like(moved), np.zeros(slots.nodes)
    for stage, layer in enumerate(design.layers):
        unit = layer.unit[layout.order]
        totals = _indicator(unit, layer.stratum.size) @ _sparse(moved, node, slots.nodes)
        sums = _indicator(layer.stratum, layer.scale.size) @ totals
        outer = layer.scale * layer.shrink
        covariance += (totals.T @ (layer.scale[layer.stratum][:, None] * totals)).toarray()
        covariance -= (sums.T @ (outer[:, None] * sums)).toarray()
        stratum = layer.stratum[unit][:, None]
        in_unit = _group_total(unit[:, None] * slots.nodes + node, moved)
        in_stratum = _group_total(stratum * slots.nodes + node, moved)
        pull += layer.scale[stratum] * (in_unit - layer.shrink[stratum] * in_stratum)
        if stage == 0:
            squares = _stratum_squares(layer, totals, sums)
    share = np.zeros((slots.groups, slots.nodes))
    for tree, (part, own) in enumerate(zip(parts, slots.split(pull, parts), strict=True)):
        pulled = weight * own
        brought = _products(part.moved, pulled, layout)
        followed = np.add.reduceat(part.score[:, None] * pulled, layout.starts)
        brought += part.follow[:, :, None] * followed[:, None, :]
        share += slots.by_group(part.leaf_weight * brought, tree, part)
    return Spread(covariance, share, squares)


def _calibrated(parts: Sequence[Parts], layout: Layout, design: Design, slots: Slots) -> Spread:
    """The same for calibrated weights, whose residuals tie all respondents together."""

    def rows(group: int | None) -> Array:
        dense = np.zeros((layout.fine.size, slots.nodes))
        for part, label in zip(parts, slots.label, strict=True):
            kept = part.leaf_weight if group is None else part.leaf_weight * (label == group)[:, :, None]
            moved = _moved(part, kept, layout)
            dense[layout.order] += _sparse(moved, part.node[layout.fine], slots.nodes).toarray()
        return deviations(design, dense)

    every = rows(None)
    share = np.stack([np.einsum("rv,rv->v", rows(group), every) for group in range(slots.groups)])
    layer = design.layers[0]
    first = every[: layer.stratum.size] ** 2
    variance = _indicator(layer.stratum, layer.scale.size) @ first
    return Spread(every.T @ every, share, (variance**2 / _degrees(layer)[:, None]).sum(axis=0))


def _shared(parts: Sequence[Parts], layout: Layout, slots: Slots) -> Spread:
    """What sparse answers of one respondent share, respondents being independent."""
    moved = np.concatenate([onto_nodes(part.shared, part.leaf_weight, layout.fine) for part in parts], axis=1)
    rows = _sparse(moved, slots.node[layout.fine], slots.nodes)
    share = np.zeros((slots.groups, slots.nodes))
    for tree, (part, own) in enumerate(zip(parts, slots.split(moved, parts), strict=True)):
        share += slots.by_group(part.leaf_weight * _products(part.shared, own, layout), tree, part)
    return Spread((rows.T @ rows).toarray(), share, np.zeros(slots.nodes))


def _own(parts: Sequence[Parts], slots: Slots) -> Spread:
    """What sparse answers bring each by itself; the same answer in two trees is one."""
    counted = parts[0].squared_weights
    weighted = [part.leaf_weight * part.own[:, :, None] for part in parts]
    wide = np.concatenate(weighted, axis=2)
    blocks = np.matmul(wide.transpose(0, 2, 1), wide * counted[:, :, None])
    key = slots.node[:, :, None] * slots.nodes + slots.node[:, None, :]
    flat: Array = np.asarray(np.bincount(key.ravel(), blocks.ravel(), slots.nodes**2), dtype=float)
    share = np.zeros((slots.groups, slots.nodes))
    for tree, (part, bare) in enumerate(zip(parts, weighted, strict=True)):
        share += slots.by_group(bare**2 * counted[:, :, None], tree, part)
    return Spread(flat.reshape(slots.nodes, slots.nodes), share, np.zeros(slots.nodes))


def _moved(part: Parts, leaf_weight: Array, layout: Layout) -> Array:
    """What each respondent moves the nodes, (n, J): own residuals, and sparse leaves by the score."""
    followed = np.einsum("fk,fkj->fj", part.follow, leaf_weight)
    own = onto_nodes(part.moved, leaf_weight, layout.fine)
    return np.asarray(own + part.score[:, None] * followed[layout.fine])


def _products(moved: Array, slots: Array, layout: Layout) -> Array:
    """Sums over each fine cell's respondents of answers (n, K) times slots (n, J): (F, K, J)."""
    sums = [np.add.reduceat(moved * slots[:, [j]], layout.starts) for j in range(slots.shape[1])]
    return np.stack(sums, axis=2)


def _stratum_squares(layer: Layer, totals: sp.csr_array, sums: sp.csr_array) -> Array:
    square = _indicator(layer.stratum, layer.scale.size) @ totals.multiply(totals)
    variance = layer.scale[:, None] * (square - layer.shrink[:, None] * sums.multiply(sums))
    return np.asarray((variance.power(2) / _degrees(layer)[:, None]).sum(axis=0))


def _degrees(layer: Layer) -> Array:
    return np.asarray(np.maximum(np.bincount(layer.stratum, minlength=layer.scale.size) - 1.0, 1.0))


def _indicator(code: Codes, count: int) -> sp.csr_array:
    """Matrix (count, rows) that sums rows by their code."""
    rows = sp.csr_array((np.ones(code.size), code, np.arange(code.size + 1)), shape=(code.size, count))
    return rows.T.tocsr()


def _sparse(slots: Array, node: Codes, nodes: int) -> sp.csr_array:
    """Matrix (rows, V) of the slots (rows, J) of each row."""
    size, width = slots.shape
    starts = np.arange(0, size * width + 1, width)
    return sp.csr_array((slots.ravel(), node.ravel(), starts), shape=(size, nodes))


def _group_total(key: Codes, values: Array) -> Array:
    """Each entry replaced by the sum of the entries with its key."""
    code, _ = pd.factorize(key.ravel())
    return np.asarray(np.bincount(code, values.ravel())[code].reshape(values.shape), dtype=float)
