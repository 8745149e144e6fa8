"""What each respondent moves the nodes of a tree, and what stands for the variance of sparse leaves."""

from dataclasses import dataclass

import numpy as np

from estimators.composite_answers import Answers
from estimators.composite_influence import Array, Codes, Moved, Reading, inverse
from estimators.sparse import SparseRule

ROUNDING = 1e-20  # mean square of scores that cancel, in squared standard deviations of an answer


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """What the respondents move the slots of one tree, for all statistics.

    Attributes
    ----------
    moved
        What one answer moves its leaf.
    score : (S, n)
        Sum of the standardised residuals of each of `rows`, 0 of all others.
    slope : (S, cells)
        Standard deviations by which one unit of the score moves a sparse answer.
    left : (S, cells)
        Standard deviations that each respondent's shared deviation loses to the score.
    slots : (S, D, n)
        Weighted moves of the directions: own residuals, and sparse leaves by the score.
    shared : (S, D, n)
        Deviations of what sparse answers share and the score does not tell, independent between people.
    rows : (r,)
        Respondents in cells with a sparse leaf.
    """

    moved: Moved
    score: Array
    slope: Array
    left: Array
    slots: Array
    shared: Array
    rows: Codes


def moves(
    answers: Answers, moved: Moved, leaf: Array, reading: Reading, *, cell_of: Codes, rule: SparseRule
) -> Moves:
    """Moves of one tree, whose leaves lie in the cells `cell_of` (L,), for the statistics of `reading`.

    The leaves' weights are `leaf` (D, L + 1).

    Notes
    -----
    An answer to a sparse leaf is ``figure + sd (sqrt(rho) u + sqrt(1 - rho) e)``, u of the
    respondent and e of the answer. The respondent's K other answers have the same law, so their
    standardised sum D tells u with reliability ``r = K rho / (1 + (K - 1) rho)``: the part
    ``sqrt(rho r) sd D / sd(D)`` enters the influence, the rest is added as variance. Every term is a sum
    of squares, so the covariance of the nodes is positive semidefinite whatever the data.
    """
    cell, own = answers.cell, moved.residual[:, None] * leaf
    slots = _read(answers, reading, own, -moved.figure[:, None] * own)
    thin = thin_weight(moved, leaf, cell_of, answers.cells)
    rows = np.flatnonzero(np.any(thin > 0, axis=(0, 1)).take(cell))
    some, of_rows = answers.of(rows), cell[rows]
    standard, alike = moved.standard[:, None], moved.shared[:, None] * leaf
    score, shared = np.zeros((len(slots), cell.size)), np.zeros_like(slots)
    score[:, rows] = _read(some, reading, standard, -moved.figure[:, None] * standard)[:, 0]
    told = _read(some, reading, np.zeros_like(alike), alike)
    known = np.stack(
        [np.bincount(cell_of[each[:-1] > 0], minlength=answers.cells) for each in moved.residual]
    )
    slope, left = _told_by_score(some, score[:, rows], known, rule)
    slots[:, :, rows] += score[:, None, rows] * (slope[:, None] * thin)[:, :, of_rows]
    shared[:, :, rows] = some.weight * told - (left[:, None] * thin)[:, :, of_rows]
    return Moves(moved, score, slope, left, answers.weight * slots, shared, rows)


def _read(answers: Answers, reading: Reading, weight: Array, shift: Array) -> Array:
    """Sums (S, C, n) over each one's counted answers of value times weight plus shift, (S, C, L + 1)."""
    codes = np.stack([reading.value, reading.counted], axis=1)
    pairs = np.stack([weight, shift], axis=3)
    table = np.empty((weight.shape[2], codes.shape[2]))
    found = np.empty((*weight.shape[:2], answers.weight.size))
    for place in np.ndindex(weight.shape[:2]):
        found[place] = answers.by_respondent(np.matmul(pairs[place], codes[place[0]], out=table))
    return found


def _told_by_score(answers: Answers, score: Array, known: Codes, rule: SparseRule) -> tuple[Array, Array]:
    """Slope and left (S, cells) from the scores (S, n) and the number of `known` leaves (S, cells)."""
    people = np.bincount(answers.cell, minlength=answers.cells).astype(float)
    squares = answers.by_cell((answers.weight * score) ** 2)
    certain = known * rule.rho / (1 + np.maximum(known - 1, 0) * rule.rho)
    reliability = np.where(squares > ROUNDING * people, certain, 0.0)
    # sd of the sum over people of D, by the simple random sample's n / (n - 1), times sqrt n
    root = people * np.sqrt(inverse(np.maximum(people - 1, 1)) * squares)
    slope = np.sqrt(rule.rho * reliability) * inverse(root)
    return slope, np.sqrt(rule.rho) * (1 - np.sqrt(1 - reliability)) * inverse(people)


def thin_weight(moved: Moved, leaf: Array, cell_of: Codes, cells: int) -> Array:
    """Sum (S, J, cells) over each cell's sparse leaves of their deviation times their weight (J, L + 1)."""
    thin = np.flatnonzero(moved.thin.any(axis=0))
    weighted = moved.thin[:, None, thin] * leaf[:, thin]
    return np.array([[np.bincount(cell_of[thin], row, cells) for row in rows] for rows in weighted])


def unweighted(answers: Answers, each: Moves, leaf: Array, cell_of: Codes, reading: Reading) -> Array:
    """What each respondent moves the slots, weights aside, (S, J, n), for the leaves' weights (J, L + 1)."""
    weight = each.moved.residual[:, None] * leaf
    own = _read(answers, reading, weight, -each.moved.figure[:, None] * weight)
    thin = thin_weight(each.moved, leaf, cell_of, answers.cells)
    return np.asarray(own + each.score[:, None] * (each.slope[:, None] * thin)[:, :, answers.cell])
