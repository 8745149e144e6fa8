"""What each respondent moves the nodes of a tree, and what stands for the variance of sparse leaves."""

from dataclasses import dataclass

import numpy as np

from estimators.composite_answers import Answers, Told
from estimators.composite_influence import Array, Codes, Moved, Weights, inverse
from estimators.sparse import SparseRule

ROUNDING = 1e-20  # mean square of scores that cancel, in squared standard deviations of an answer


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """What the respondents move the slots of one tree, for one statistic.

    Attributes
    ----------
    told, moved
        Answers, and what one moves its leaf.
    score : (n,)
        Sum of a respondent's standardised residuals.
    slope : (cells + 1,)
        Standard deviations by which one unit of the score moves a sparse answer.
    left : (cells + 1,)
        Standard deviations that each respondent's shared deviation loses to the score.
    slots : (n, J)
        Weighted moves of the nodes: own residuals, and sparse leaves by the score.
    shared : (n, J)
        Deviations of what sparse answers share and the score does not tell, independent between people.
    """

    told: Told
    moved: Moved
    score: Array
    slope: Array
    left: Array
    slots: Array
    shared: Array


def moves(
    answers: Answers, told: Told, moved: Moved, weights: Weights, *, cell_of: Codes, rule: SparseRule
) -> Moves:
    """Moves of one tree, whose leaves lie in the cells `cell_of` (L,), for the statistic that `told` reads.

    Notes
    -----
    An answer to a sparse leaf is ``figure + sd (sqrt(rho) u + sqrt(1 - rho) e)``, u of the
    respondent and e of the answer. The respondent's K other answers have the same law, so their
    standardised sum D tells u with reliability ``r = K rho / (1 + (K - 1) rho)``: the part
    ``sqrt(rho r) sd D / sd(D)`` enters the influence, the rest is added as variance. Every term is a sum
    of squares, so the covariance of the nodes is positive semidefinite whatever the data.
    """
    size, weight = len(weights.node), answers.weight[:, None]
    columns = np.concatenate([moved.residual[:, None] * weights.leaf, moved.standard[:, None]], axis=1)
    apart = np.concatenate([moved.figure[:, None] * columns, moved.shared[:, None] * weights.leaf], axis=1)
    value, counted = told.value @ columns, told.counted @ apart
    deviation, sparse = value - counted[:, : value.shape[1]], counted[:, value.shape[1] :]
    score = deviation[:, -1]
    known = np.bincount(cell_of[moved.residual[:-1] > 0], minlength=size)
    slope, left = _told_by_score(answers, score, known, rule)
    thin = thin_weight(moved, weights.leaf, cell_of, size)
    slots = weight * (deviation[:, :-1] + score[:, None] * (slope[:, None] * thin)[answers.cell])
    shared = weight * sparse - (left[:, None] * thin)[answers.cell]
    return Moves(told, moved, score, slope, left, slots, shared)


def _told_by_score(answers: Answers, score: Array, known: Codes, rule: SparseRule) -> tuple[Array, Array]:
    """Slope and left (cells + 1,) from the scores (n,) and the number of `known` leaves of each cell."""
    ones = np.stack([np.ones(score.size), (answers.weight * score) ** 2], axis=1)
    people, squares = answers.by_cell(ones).T
    certain = known * rule.rho / (1 + np.maximum(known - 1, 0) * rule.rho)
    reliability = np.where(squares > ROUNDING * people, certain, 0.0)
    # sd of the sum over people of D, by the simple random sample's n / (n - 1), times sqrt n
    root = people * np.sqrt(inverse(np.maximum(people - 1, 1)) * squares)
    slope = np.sqrt(rule.rho * reliability) * inverse(root)
    return slope, np.sqrt(rule.rho) * (1 - np.sqrt(1 - reliability)) * inverse(people)


def thin_weight(moved: Moved, leaf: Array, cell_of: Codes, size: int) -> Array:
    """Sum (cells + 1, J) over each cell's sparse leaves of their deviation times their weight, (L + 1, J)."""
    thin = moved.thin[:-1, None] * leaf[:-1]
    return np.stack([np.bincount(cell_of, column, size) for column in thin.T], axis=1)


def unweighted(answers: Answers, each: Moves, leaf: Array, cell_of: Codes) -> Array:
    """What each respondent moves the slots, weights aside, (n, J), for the leaves' weights (L + 1, J)."""
    columns = each.moved.residual[:, None] * leaf
    own = each.told.value @ columns - each.told.counted @ (each.moved.figure[:, None] * columns)
    thin = thin_weight(each.moved, leaf, cell_of, each.slope.size)
    return np.asarray(own + each.score[:, None] * (each.slope[:, None] * thin)[answers.cell])
