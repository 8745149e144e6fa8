"""Design covariance of official scores, and what each group of leaves brings to it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from estimators.composite_influence import Array, Codes, Reading
from estimators.composite_moves import Moves, unweighted
from estimators.composite_slots import Branch, Slots
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


def spreads(trees: Sequence[Moves], reading: Reading, slots: Slots) -> list[Spread]:
    """Covariance of all nodes of all trees together, for each statistic, from the moves of each tree."""
    measured = _calibrated(trees, reading, slots) if slots.design.residuals else _sampled(trees, slots)
    data, squares, brought, pull = measured
    shared = np.concatenate([each.shared for each in trees], axis=1)
    rest = slots.touched.crossed(shared, _any_of(trees)) + _own(trees, reading, slots)
    share = brought + _shares(trees, pull, reading, slots)
    return [Spread(*parts) for parts in zip(data + rest, share, squares, strict=True)]


def _any_of(trees: Sequence[Moves]) -> Codes:
    """Respondents with a sparse leaf among their own in any tree."""
    some = np.zeros(trees[0].score.shape[1], dtype=bool)
    for each in trees:
        some[each.rows] = True
    return np.flatnonzero(some)


def _sampled(trees: Sequence[Moves], slots: Slots) -> tuple[Array, Array, Array, Array]:
    """Covariance, squares and pull that sampling brings, stage by stage; shares come from the pull."""
    moved = np.concatenate([each.slots for each in trees], axis=1)
    stages = [stage.measured(moved, slots.touched, pulled=slots.groups > 0) for stage in slots.stages]
    covariance, squares, pull = zip(*stages, strict=True)
    brought = np.zeros((len(moved), slots.groups, slots.nodes))
    return np.add.reduce(covariance), squares[0], brought, slots.weight * np.add.reduce(pull)


def _calibrated(trees: Sequence[Moves], reading: Reading, slots: Slots) -> tuple[Array, Array, Array, Array]:
    """The same for calibrated weights, whose residuals tie all respondents together: shares, no pull."""
    statistics = len(reading.value)

    def rows(group: int | None) -> Array:
        dense = np.zeros((slots.order.size, slots.nodes, statistics))
        for branch, each, node in zip(slots.branches, trees, slots.split(slots.touched.node), strict=True):
            kept = branch.weights.leaf.T
            if group is not None:
                kept = kept * (branch.key // slots.nodes == group)
            moved = unweighted(branch.answers, each, kept, branch.cell_of, reading)
            np.add.at(dense, (slots.order, node), np.moveaxis(moved, 0, 2))
        flat = deviations(slots.design, dense.reshape(len(dense), -1))
        return flat.reshape(len(flat), slots.nodes, statistics)

    every = rows(None)
    brought = [np.einsum("rvs,rvs->sv", rows(group), every) for group in range(slots.groups)]
    layer = slots.design.layers[0]
    first = every[: layer.stratum.size].reshape(layer.stratum.size, -1) ** 2
    variance = unit_sums(layer.stratum, first, layer.scale.size).reshape(-1, slots.nodes, statistics)
    degrees = np.maximum(np.bincount(layer.stratum, minlength=layer.scale.size) - 1.0, 1.0)
    squares = (variance**2 / degrees[:, None, None]).sum(axis=0).T
    share = np.array(brought).reshape(slots.groups, statistics, slots.nodes).swapaxes(0, 1)
    covariance = np.stack([each.T @ each for each in every.transpose(2, 0, 1)])
    return covariance, squares, share, np.zeros((statistics, *slots.touched.node.shape))


def _shares(trees: Sequence[Moves], pull: Array, reading: Reading, slots: Slots) -> Array:
    """Shares (S, C, V) of each statistic: how a variance changes with what each leaf moves."""
    if not slots.groups:
        return np.zeros((len(reading.value), 0, slots.nodes))
    brought = [
        _brought(branch, each, part, reading)
        for branch, each, part in zip(slots.branches, trees, slots.split(pull), strict=True)
    ]
    return np.stack([slots.by_group(parts) for parts in zip(*brought, strict=True)])


def _brought(branch: Branch, each: Moves, pull: Array, reading: Reading) -> Array:
    """What each leaf brings to the variance of its slots, (S, J, L + 1)."""
    answers, moved, along, weight = branch.answers, each.moved, branch.directions, branch.weights.leaf.T
    width, of = pull.shape[1], pull.shape[1] + along.of  # rows of the directions come after the slots'
    rows = np.concatenate([pull, answers.weight * each.shared], axis=1)
    sums = answers.by_answer(np.ascontiguousarray(rows.reshape(-1, pull.shape[2]).T))
    codes = np.concatenate([reading.value, reading.counted])
    told = (codes @ sums).reshape(len(sums), 2, len(pull), *rows.shape[:2])
    value, counted = (np.einsum("lssj->sjl", told[:, k]) for k in (0, 1))
    data = moved.residual[:, None] * (value[:, :width] - moved.figure[:, None] * counted[:, :width])
    data[:, :, :-1] += moved.shared[:, None, :-1] * counted[:, of, :-1] * along.ratio[:, branch.cell_of]
    cells = answers.by_cell(np.concatenate([each.score[:, None] * pull, each.shared], axis=1))
    followed = each.slope[:, None] * cells[:, :width] - each.left[:, None] * cells[:, of] * along.ratio
    data[:, :, :-1] += moved.thin[:, None, :-1] * followed[:, :, branch.cell_of]
    own = moved.own**2 * (reading.counted @ answers.counts[2].T)
    return np.asarray(weight * data + weight**2 * own[:, None])


def _own(trees: Sequence[Moves], reading: Reading, slots: Slots) -> Array:
    """What sparse answers bring each by itself, (S, V, V); the same answer in two trees is one."""
    pairs = list(zip(slots.branches, trees, strict=True))
    where = [np.asarray(each.moved.own.any(axis=0))[branch.answers.leaf] for branch, each in pairs]
    thin = np.array(where).any(axis=0)
    fine = np.nonzero(thin)[0]
    leaves = [branch.answers.leaf[thin] for branch, _ in pairs]
    moved = [
        each.moved.own[:, None, leaf] * branch.directions.leaf[:, leaf]
        for (branch, each), leaf in zip(pairs, leaves, strict=True)
    ]
    wide, counted = np.concatenate(moved, axis=1), reading.counted @ slots.counts[thin].T
    return slots.touched.scattered((wide * counted[:, None])[:, :, None] * wide[:, None], fine)
