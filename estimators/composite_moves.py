"""What each respondent moves the nodes of a tree, and what stands for the variance of sparse leaves."""

from dataclasses import dataclass

import numpy as np

from estimators.composite_answers import Answers
from estimators.composite_influence import Array, Codes, Moved, Reading, Weights, inverse
from estimators.ratings import CODES
from estimators.sparse import SparseRule

ROUNDING = 1e-20  # mean square of scores that cancel, in squared standard deviations of an answer


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """What the respondents move the slots of one tree, for all statistics.

    Attributes
    ----------
    moved
        What one answer moves its leaf.
    score : (n, S)
        Sum of a respondent's standardised residuals.
    slope : (cells + 1, S)
        Standard deviations by which one unit of the score moves a sparse answer.
    left : (cells + 1, S)
        Standard deviations that each respondent's shared deviation loses to the score.
    slots : (n, S, J)
        Weighted moves of the nodes: own residuals, and sparse leaves by the score.
    shared : (n, S, J)
        Deviations of what sparse answers share and the score does not tell, independent between people.
    """

    moved: Moved
    score: Array
    slope: Array
    left: Array
    slots: Array
    shared: Array


def moves(
    answers: Answers, moved: Moved, weights: Weights, reading: Reading, *, cell_of: Codes, rule: SparseRule
) -> Moves:
    """Moves of one tree, whose leaves lie in the cells `cell_of` (L,), for the statistics of `reading`.

    Notes
    -----
    An answer to a sparse leaf is ``figure + sd (sqrt(rho) u + sqrt(1 - rho) e)``, u of the
    respondent and e of the answer. The respondent's K other answers have the same law, so their
    standardised sum D tells u with reliability ``r = K rho / (1 + (K - 1) rho)``: the part
    ``sqrt(rho r) sd D / sd(D)`` enters the influence, the rest is added as variance. Every term is a sum
    of squares, so the covariance of the nodes is positive semidefinite whatever the data.
    """
    size, weight = len(weights.node), answers.weight[:, None, None]
    deviation, sparse = _deviations(answers, moved, weights.leaf, reading)
    score = deviation[:, :, -1]
    known = np.stack([np.bincount(cell_of[own[:-1] > 0], minlength=size) for own in moved.residual], axis=1)
    slope, left = _told_by_score(answers, score, known, rule)
    thin = thin_weight(moved, weights.leaf, cell_of, size)
    slots = weight * (deviation[:, :, :-1] + score[:, :, None] * (slope[:, :, None] * thin)[answers.cell])
    shared = weight * sparse - (left[:, :, None] * thin)[answers.cell]
    return Moves(moved, score, slope, left, slots, shared)


def _deviations(answers: Answers, moved: Moved, leaf: Array, reading: Reading) -> tuple[Array, Array]:
    """Sums over a respondent's answers, for the leaves' weights (L + 1, J).

    Residuals times weights, the last column standardised ones, (n, S, J + 1); shared deviations of sparse
    leaves times weights, (n, S, J).
    """
    slots = leaf.shape[1]
    table = np.zeros((len(CODES), len(leaf), len(reading.value), 2 * slots + 1))
    residual = moved.residual.T[:, :, None] * leaf[:, None, :]
    own = np.concatenate([residual, moved.standard.T[:, :, None]], axis=2)
    from_figure, shared = moved.figure.T[:, :, None] * own, moved.shared.T[:, :, None] * leaf[:, None, :]
    for code, (value, counted) in enumerate(zip(reading.value.T, reading.counted.T, strict=True)):
        if counted.any():
            table[code, :, :, : slots + 1] = value[:, None] * own - counted[:, None] * from_figure
            table[code, :, :, slots + 1 :] = counted[:, None] * shared
    found = answers.by_respondent(table)
    return found[:, :, : slots + 1], found[:, :, slots + 1 :]


def _told_by_score(answers: Answers, score: Array, known: Codes, rule: SparseRule) -> tuple[Array, Array]:
    """Slope and left (cells + 1, S) from the scores (n, S) and the number of `known` leaves (cells + 1, S)."""
    ones = np.ones((len(score), 1))
    sums = answers.by_cell(np.concatenate([ones, (answers.weight[:, None] * score) ** 2], axis=1))
    people, squares = sums[:, :1], sums[:, 1:]
    certain = known * rule.rho / (1 + np.maximum(known - 1, 0) * rule.rho)
    reliability = np.where(squares > ROUNDING * people, certain, 0.0)
    # sd of the sum over people of D, by the simple random sample's n / (n - 1), times sqrt n
    root = people * np.sqrt(inverse(np.maximum(people - 1, 1)) * squares)
    slope = np.sqrt(rule.rho * reliability) * inverse(root)
    return slope, np.sqrt(rule.rho) * (1 - np.sqrt(1 - reliability)) * inverse(people)


def thin_weight(moved: Moved, leaf: Array, cell_of: Codes, size: int) -> Array:
    """Sum (cells + 1, S, J) over each cell's sparse leaves of their deviation times their weight (L + 1, J)."""
    found = np.zeros((size, len(moved.thin), leaf.shape[1]))
    thin = np.flatnonzero(moved.thin.any(axis=0))
    np.add.at(found, cell_of[thin], moved.thin.T[thin, :, None] * leaf[thin, None, :])
    return found


def unweighted(answers: Answers, each: Moves, leaf: Array, cell_of: Codes, reading: Reading) -> Array:
    """What each respondent moves the slots, weights aside, (n, S, J), for the leaves' weights (L + 1, J)."""
    own, _ = _deviations(answers, each.moved, leaf, reading)
    thin = thin_weight(each.moved, leaf, cell_of, len(each.slope))
    return np.asarray(own[:, :, :-1] + each.score[:, :, None] * (each.slope[:, :, None] * thin)[answers.cell])
