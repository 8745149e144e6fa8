"""Design covariance of official scores, and what each group of leaves brings to it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from estimators.composite_influence import Array, Reading
from estimators.composite_moves import Moves, unweighted
from estimators.composite_slots import Branch, Slots
from estimators.composite_stages import crossed
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


def spreads(moves: Sequence[Sequence[Moves]], readings: Sequence[Reading], slots: Slots) -> list[Spread]:
    """Covariance of all nodes of all trees together, for each statistic, from the moves of each tree."""
    sampled = [
        _calibrated(trees, slots) if slots.design.residuals else _sampled(trees, slots) for trees in moves
    ]
    shares = _shares(moves, [pull for *_, pull in sampled], readings, slots)
    found = []
    for trees, reading, (data, squares, brought, _), share in zip(
        moves, readings, sampled, shares, strict=True
    ):
        shared = np.concatenate([each.shared for each in trees], axis=1)
        covariance = data + crossed(shared, slots.node, slots.nodes) + _own(trees, reading, slots)
        found.append(Spread(covariance, share + brought, squares))
    return found


def _sampled(trees: Sequence[Moves], slots: Slots) -> tuple[Array, Array, Array, Array]:
    """Covariance, squares and pull that sampling brings, stage by stage; shares come from the pull."""
    moved = np.concatenate([each.slots for each in trees], axis=1)
    stages = [stage.measured(moved, slots.nodes) for stage in slots.stages]
    covariance = np.sum([each for each, _, _ in stages], axis=0)
    pull = slots.weight[:, None] * np.sum([each for _, each, _ in stages], axis=0)
    return covariance, stages[0][2], np.zeros((slots.groups, slots.nodes)), pull


def _calibrated(trees: Sequence[Moves], slots: Slots) -> tuple[Array, Array, Array, Array]:
    """The same for calibrated weights, whose residuals tie all respondents together: shares, no pull."""

    def rows(group: int | None) -> Array:
        dense = np.zeros((slots.order.size, slots.nodes))
        for branch, each, node in zip(slots.branches, trees, slots.split(slots.node), strict=True):
            kept = branch.weights.leaf
            if group is not None:
                kept = kept * (branch.key // slots.nodes == group)
            moved = unweighted(branch.answers, each, kept, branch.cell_of)
            np.add.at(dense, (slots.order[:, None], node), moved)
        return deviations(slots.design, dense)

    every = rows(None)
    brought = [np.einsum("rv,rv->v", rows(group), every) for group in range(slots.groups)]
    layer = slots.design.layers[0]
    variance = unit_sums(layer.stratum, every[: layer.stratum.size] ** 2, layer.scale.size)
    degrees = np.maximum(np.bincount(layer.stratum, minlength=layer.scale.size) - 1.0, 1.0)
    squares = (variance**2 / degrees[:, None]).sum(axis=0)
    share = np.array(brought).reshape(slots.groups, slots.nodes)
    return every.T @ every, squares, share, np.zeros(slots.node.shape)


def _shares(
    moves: Sequence[Sequence[Moves]], pulls: Sequence[Array], readings: Sequence[Reading], slots: Slots
) -> list[Array]:
    """Shares (C, V) of each statistic: how a variance changes with what each leaf moves."""
    if not slots.groups:
        return [np.zeros((0, slots.nodes))] * len(moves)
    return [
        slots.by_group(
            [
                _brought(branch, each, part, reading)
                for branch, each, part in zip(slots.branches, trees, slots.split(pull), strict=True)
            ]
        )
        for trees, pull, reading in zip(moves, pulls, readings, strict=True)
    ]


def _brought(branch: Branch, each: Moves, pull: Array, reading: Reading) -> Array:
    """What each leaf brings to the variance of its slots, (L + 1, J)."""
    answers, moved, weight = branch.answers, each.moved, branch.weights.leaf
    width = weight.shape[1]
    both = np.concatenate([pull, answers.weight[:, None] * each.shared], axis=1)
    value, counted = each.told.value.T @ pull, each.told.counted.T @ both
    data = moved.residual[:, None] * (value - moved.figure[:, None] * counted[:, :width])
    data += moved.shared[:, None] * counted[:, width:]
    cells = answers.by_cell(np.concatenate([each.score[:, None] * pull, each.shared], axis=1))
    followed = each.slope[:, None] * cells[:, :width] - each.left[:, None] * cells[:, width:]
    data[:-1] += moved.thin[:-1, None] * followed[branch.cell_of]
    own = moved.own**2 * (answers.counts[2] @ reading.counted)
    return np.asarray(weight * data + weight**2 * own[:, None])


def _own(trees: Sequence[Moves], reading: Reading, slots: Slots) -> Array:
    """What sparse answers bring each by itself, (V, V); the same answer in two trees is one."""
    weighted = [
        (branch.weights.leaf * each.moved.own[:, None])[branch.leaf]
        for branch, each in zip(slots.branches, trees, strict=True)
    ]
    wide = np.concatenate(weighted, axis=2)
    return slots.scattered(
        np.matmul(wide.transpose(0, 2, 1), wide * (slots.counts @ reading.counted)[:, :, None])
    )
