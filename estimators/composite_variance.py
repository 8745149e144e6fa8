"""Design covariance of official scores, and what each group of leaves brings to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from estimators.composite_influence import Array, Codes, Parts, onto_nodes
from estimators.composite_layout import Layout
from estimators.composite_stages import Stage
from estimators.design import Design
from estimators.linearization import deviations, unit_sums


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
    """The nodes that each fine cell touches, all trees side by side: what both statistics share.

    Attributes
    ----------
    layout, design
        Whose slots they are.
    node : per tree, (F, J)
    nodes
        Number of nodes V; nodes of different trees have different numbers.
    label : per tree, (F, K)
        Group of the leaf of each position, `groups` where there is none.
    groups
        Their number C.
    stages
        Of the design, none where weights are calibrated.
    """

    layout: Layout
    design: Design
    node: tuple[Codes, ...]
    nodes: int
    label: tuple[Codes, ...]
    groups: int
    stages: tuple[Stage, ...]

    @classmethod
    def of(
        cls, layout: Layout, design: Design, *, node: Sequence[Codes], nodes: int, groups: Sequence[Codes]
    ) -> Self:
        """Slots from each tree's nodes (F, J) and groups (L,) of leaves, numbered alike in all trees."""
        count = 1 + max(int(codes.max()) for codes in groups)
        label = tuple(np.append(codes, count)[leaf] for codes, leaf in zip(groups, layout.leaf, strict=True))
        at = np.concatenate(node, axis=1)[layout.fine]
        layers = () if design.residuals else design.layers
        stages = tuple(Stage.of(layer, layout.order, at, nodes) for layer in layers)
        return cls(layout, design, tuple(node), nodes, label, count, stages)

    def split(self, values: Array) -> list[Array]:
        """Columns of each tree from the columns of all."""
        return np.split(values, np.cumsum([node.shape[1] for node in self.node])[:-1], axis=1)

    def by_group(self, brought: Array, tree: int) -> Array:
        """Sums (C, V) of what positions bring, (F, K, J), by group of the leaf and node of the slot."""
        key = self.label[tree][:, :, None] * self.nodes + self.node[tree][:, None, :]
        flat = np.bincount(key.ravel(), brought.ravel(), (self.groups + 1) * self.nodes)
        return np.asarray(flat.reshape(self.groups + 1, self.nodes)[: self.groups], dtype=float)

    def scattered(self, blocks: Array) -> Array:
        """Sum (V, V) of the fine cells' blocks (F, J, J) at the nodes of their slots."""
        node = np.concatenate(self.node, axis=1)
        key = node[:, :, None] * self.nodes + node[:, None, :]
        flat = np.bincount(key.ravel(), blocks.ravel(), self.nodes**2)
        return np.asarray(flat.reshape(self.nodes, self.nodes), dtype=float)


def spread(parts: Sequence[Parts], slots: Slots) -> Spread:
    """Covariance of all nodes of all trees together, from what moves the leaves of each tree."""
    sampled = _calibrated if slots.design.residuals else _sampled
    data, shared, own = sampled(parts, slots), _shared(parts, slots), _own(parts, slots)
    return Spread(
        data.covariance + shared.covariance + own.covariance,
        data.share + shared.share + own.share,
        data.squares,
    )


def _sampled(parts: Sequence[Parts], slots: Slots) -> Spread:
    """What sampling brings, stage by stage."""
    layout = slots.layout
    weight = slots.design.weights[layout.order][:, None]
    moved = weight * np.concatenate([_moved(part, part.leaf_weight, layout) for part in parts], axis=1)
    covariance = sum(stage.covariance(moved, slots.nodes) for stage in slots.stages)
    pull = sum(stage.pull(moved) for stage in slots.stages)
    share = np.zeros((slots.groups, slots.nodes))
    for tree, (part, own) in enumerate(zip(parts, slots.split(weight * pull), strict=True)):
        followed = np.add.reduceat(part.score[:, None] * own, layout.starts)
        brought = _products(part.moved, own, layout) + part.follow[:, :, None] * followed[:, None, :]
        share += slots.by_group(part.leaf_weight * brought, tree)
    return Spread(np.asarray(covariance), share, slots.stages[0].squares(moved, slots.nodes))


def _calibrated(parts: Sequence[Parts], slots: Slots) -> Spread:
    """The same for calibrated weights, whose residuals tie all respondents together."""
    layout = slots.layout

    def rows(group: int | None) -> Array:
        dense = np.zeros((layout.fine.size, slots.nodes))
        for part, label, node in zip(parts, slots.label, slots.node, strict=True):
            kept = part.leaf_weight if group is None else part.leaf_weight * (label == group)[:, :, None]
            at = layout.order[:, None], node[layout.fine]
            np.add.at(dense, at, _moved(part, kept, layout))
        return deviations(slots.design, dense)

    every = rows(None)
    share = np.stack([np.einsum("rv,rv->v", rows(group), every) for group in range(slots.groups)])
    layer = slots.design.layers[0]
    variance = unit_sums(layer.stratum, every[: layer.stratum.size] ** 2, layer.scale.size)
    degrees = np.maximum(np.bincount(layer.stratum, minlength=layer.scale.size) - 1.0, 1.0)
    return Spread(every.T @ every, share, (variance**2 / degrees[:, None]).sum(axis=0))


def _shared(parts: Sequence[Parts], slots: Slots) -> Spread:
    """What sparse answers of one respondent share, respondents being independent."""
    layout = slots.layout
    moved = np.concatenate([onto_nodes(part.shared, part.leaf_weight, layout.fine) for part in parts], axis=1)
    blocks = _products(moved, moved, layout)
    share = np.zeros((slots.groups, slots.nodes))
    for tree, (part, own) in enumerate(zip(parts, slots.split(moved), strict=True)):
        share += slots.by_group(part.leaf_weight * _products(part.shared, own, layout), tree)
    return Spread(slots.scattered(blocks), share, np.zeros(slots.nodes))


def _own(parts: Sequence[Parts], slots: Slots) -> Spread:
    """What sparse answers bring each by itself; the same answer in two trees is one."""
    counted = parts[0].squared_weights[:, :, None]
    weighted = [part.leaf_weight * part.own[:, :, None] for part in parts]
    wide = np.concatenate(weighted, axis=2)
    blocks = np.matmul(wide.transpose(0, 2, 1), wide * counted)
    share = np.zeros((slots.groups, slots.nodes))
    for tree, bare in enumerate(weighted):
        share += slots.by_group(bare**2 * counted, tree)
    return Spread(slots.scattered(blocks), share, np.zeros(slots.nodes))


def _moved(part: Parts, leaf_weight: Array, layout: Layout) -> Array:
    """What each respondent moves the nodes, (n, J): own residuals, and sparse leaves by the score."""
    followed = np.einsum("fk,fkj->fj", part.follow, leaf_weight)
    own = onto_nodes(part.moved, leaf_weight, layout.fine)
    return np.asarray(own + part.score[:, None] * followed[layout.fine])


def _products(moved: Array, slots: Array, layout: Layout) -> Array:
    """Sums over each fine cell's respondents of answers (n, K) times slots (n, J): (F, K, J)."""
    sums = [np.add.reduceat(moved * slots[:, [j]], layout.starts) for j in range(slots.shape[1])]
    return np.stack(sums, axis=2)
