"""A latent normal behind every rating, with thresholds that make each margin hold exactly.

The latent of person i on item k is ``loading_k u_i + sqrt(1 - loading_k^2) e_ik`` with a common factor u
shared by all ratings of a person and, in part, by a settlement and an interviewer. The factor lives on
a lattice of :data:`STEP` standard deviations, which turns drawing into a lookup: given the node, the items
are independent with a table of probabilities. The thresholds are solved on the lattice itself, so the
margins hold to rounding whatever the correlations.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

SCORES: Final = np.arange(1, 6)
STEP: Final = 0.125
REACH: Final = 7.0
NODES: Final = 2 * int(REACH / STEP) + 1
HIGHEST_CORRELATION: Final = 0.95
TOLERANCE: Final = 1e-9
NEWTON_STEPS: Final = 60

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RatingModel:
    """Law of the ratings of a person of each cell: exact margins, correlated within person.

    Build it with :meth:`from_pmf` or :meth:`from_graded_response`.

    Attributes
    ----------
    thresholds
        (cells, items, 4) cuts of the latent; ``-inf`` and ``inf`` where a score cannot occur.
    loading
        (cells, items) correlation of the latent with the common factor.
    shares
        Shares of person, settlement and interviewer in the variance of the common factor; sum 1.
    asked
        (cells, items) whether the item is put to the people of the cell.

    Notes
    -----
    Two ratings of one person have latents that correlate by the product of their loadings; two people of
    one settlement by that times the settlement's share. Rounding u to the lattice adds STEP^2 / 12 to its
    variance, which the person's part gives up beforehand; where that part is smaller than this, shared
    correlations shrink by the factor 1 / (1 + STEP^2 / 12) = 0.9987. Otherwise the error of a correlation
    between two ratings is of order STEP^4: below 1e-6 for every loading allowed.

    Examples
    --------
    >>> model = RatingModel.from_pmf([[0.0, 0.0, 0.1, 0.2, 0.7], [0.2] * 5], person=0.5)
    >>> model.pmf().round(12).tolist()
    [[[0.0, 0.0, 0.1, 0.2, 0.7], [0.2, 0.2, 0.2, 0.2, 0.2]]]
    """

    thresholds: Floats
    loading: Floats
    shares: tuple[float, float, float]
    asked: NDArray[np.bool_]

    @classmethod
    def from_pmf(
        cls,
        pmf: ArrayLike,
        *,
        person: float = 0.5,
        settlement: float = 0.0,
        interviewer: float = 0.0,
    ) -> Self:
        """Model with given distributions over 1..5.

        Parameters
        ----------
        pmf
            (..., items, 5) probabilities of 1..5 for each cell and item; the leading axes are the cells,
            counted in C order. Five NaN mark an item that is not put to the cell.
        person, settlement, interviewer
            Correlations of the latents of two different items: of the same person beyond the other two, of
            the same settlement, of the same interviewer. Their sum is the correlation within a person.

        Raises
        ------
        ValueError
            When a distribution is none, or the correlations are negative or add up beyond 0.95.
        """
        table = np.asarray(pmf, dtype=float)
        if table.ndim < 2 or table.shape[-1] != 5 or 0 in table.shape:
            raise ValueError(f"pmf must end in axes (items, 5), got shape {table.shape}")
        table = table.reshape(-1, *table.shape[-2:])
        asked = ~np.isnan(table).all(axis=-1)
        table = np.where(asked[..., None], table, [0.0, 0.0, 0.0, 0.0, 1.0])
        check_pmf("pmf", table)
        total = _correlations(person, settlement, interviewer)
        shares = (person / total, settlement / total, interviewer / total) if total else (1.0, 0.0, 0.0)
        loading = np.full(table.shape[:-1], np.sqrt(total))
        below = np.cumsum(table, axis=-1)[..., :-1]
        # Sums of zeros after the last score in use must be one, not one less an ulp.
        beyond = np.cumsum(table[..., ::-1], axis=-1)[..., -2::-1] == 0
        cut = _solve(np.where(beyond, 1.0, below), loading, shares)
        return cls(cut, loading, shares, asked)

    @classmethod
    def from_graded_response(
        cls,
        location: ArrayLike,
        discrimination: ArrayLike,
        *,
        settlement: float = 0.0,
        interviewer: float = 0.0,
    ) -> Self:
        """Model of graded responses: P(rating > j | ability) = Phi(discrimination (ability - location_j)).

        Parameters
        ----------
        location
            (..., items, 4) increasing locations of the steps 1|2, ..., 4|5, in SD of ability; infinite where
            a score cannot occur.
        discrimination
            (items,) or broadcast to the cells and items, 0 or more.
        settlement, interviewer
            Shares of the variance of ability.

        Notes
        -----
        Normal-ogive form (Samejima 1969); logistic discriminations are 1.7 times as large. The loading is
        a / sqrt(1 + a^2), the threshold that times the location.
        """
        step = np.asarray(location, dtype=float)
        if step.ndim < 2 or step.shape[-1] != 4 or np.isnan(step).any():
            raise ValueError(f"location must end in axes (items, 4) without NaN, got shape {step.shape}")
        if (step[..., 1:] < step[..., :-1]).any():
            raise ValueError("location must not decrease from step 1|2 to step 4|5; sort the steps")
        slope = np.broadcast_to(np.asarray(discrimination, dtype=float), step.shape[:-1])
        limit = np.sqrt(HIGHEST_CORRELATION / (1 - HIGHEST_CORRELATION))
        if not ((slope >= 0) & (slope <= limit)).all():
            raise ValueError(f"discrimination must lie in 0..{limit:.2f}, got {slope.min()}..{slope.max()}")
        shares = (1.0 - settlement - interviewer, settlement, interviewer)
        if not all(share >= 0 for share in shares):
            raise ValueError(f"settlement and interviewer must add up to at most 1, got {shares[1:]}")
        loading = (slope / np.sqrt(1 + slope**2)).reshape(-1, step.shape[-2])
        step = step.reshape(-1, *step.shape[-2:])
        finite = np.where(np.isfinite(step), step, 0.0)
        cut = np.where(np.isfinite(step), loading[..., None] * finite, step)
        return cls(cut, loading, shares, np.ones(loading.shape, dtype=bool))

    def __post_init__(self) -> None:
        if self.thresholds.shape != (*self.loading.shape, 4) or self.asked.shape != self.loading.shape:
            raise ValueError(
                f"thresholds must have shape (cells, items, 4), loading and asked (cells, items); got "
                f"{self.thresholds.shape}, {self.loading.shape}, {self.asked.shape}"
            )

    @property
    def cells(self) -> int:
        """Number of cells."""
        return int(self.loading.shape[0])

    @property
    def items(self) -> int:
        """Number of items."""
        return int(self.loading.shape[1])

    def pmf(self) -> Floats:
        """(cells, items, 5) probabilities of 1..5, as drawn; NaN where the item is not asked."""
        return _pmf(self).copy()

    def conditional(self, cell: int) -> Floats:
        """(nodes, items, 5) probabilities of 1..5 in a cell, given the node of the common factor."""
        node, _ = lattice(self.shares)
        return scores_given(self.thresholds[cell], self.loading[cell], node[:, None])

    def covariance(self, cell: int) -> Floats:
        """(items, items) covariance of the ratings of one person of the cell, exact under the lattice."""
        _, weight = lattice(self.shares)
        given = self.conditional(cell)
        mean = given @ SCORES
        centred = mean - weight @ mean
        matrix: Floats = (centred * weight[:, None]).T @ centred
        matrix[np.diag_indices(self.items)] += weight @ (given @ SCORES**2 - mean**2)
        return matrix

    def shifted(self, shifts: tuple[float, ...]) -> "RatingModel":
        """Model with one block of cells for each shift of the latent, in SD: a mode's effect on ratings.

        Cell c under shift m becomes cell ``m * cells + c``. A positive shift raises ratings.
        """
        return _shifted(self, shifts)


@lru_cache(maxsize=8)
def _pmf(model: RatingModel) -> Floats:
    """Kept: a study asks for its truth again and again."""
    _, weight = lattice(model.shares)
    table = np.stack([weight @ model.conditional(cell).reshape(NODES, -1) for cell in range(model.cells)])
    return np.where(model.asked[..., None], table.reshape(model.cells, model.items, 5), np.nan)


@lru_cache(maxsize=4)
def _shifted(model: RatingModel, shifts: tuple[float, ...]) -> RatingModel:
    """Kept, so that its lookup table is made once."""
    times = len(shifts)
    return replace(
        model,
        thresholds=np.concatenate([model.thresholds - shift for shift in shifts]),
        loading=np.tile(model.loading, (times, 1)),
        asked=np.tile(model.asked, (times, 1)),
    )


def lattice(shares: tuple[float, float, float]) -> tuple[Floats, Floats]:
    """Nodes of the common factor, in its SD, and their probabilities."""
    spread = factor_spread(shares)
    total = np.sqrt(sum(part**2 for part in spread))
    index = np.arange(NODES) - NODES // 2
    edge = ndtr((index[:-1] + 0.5) * STEP / total)
    weight = np.diff(edge, prepend=0.0, append=1.0)
    # The upper tail by symmetry, where differences of numbers near one would lose digits.
    weight = np.where(index > 0, weight[::-1], weight)
    return index * STEP / np.sqrt(total**2 + STEP**2 / 12), weight / weight.sum()


def factor_spread(shares: tuple[float, float, float]) -> tuple[float, float, float]:
    """SD of the three parts of the factor before it is rounded to the lattice."""
    person, settlement, interviewer = shares
    return np.sqrt(max(person - STEP**2 / 12, 0.0)), np.sqrt(settlement), np.sqrt(interviewer)


def scores_given(thresholds: Floats, loading: Floats, factor: Floats) -> Floats:
    """(..., 5) probabilities of 1..5 given the factor: differences of normal probabilities."""
    cut = thresholds - (loading * factor)[..., None]
    cut /= np.sqrt(1 - loading**2)[..., None]
    out = np.empty((*cut.shape[:-1], 5))
    out[..., :4] = ndtr(cut)
    out[..., 4] = 1.0
    out[..., 1:] -= out[..., :4].copy()
    return out


def check_pmf(name: str, table: Floats) -> None:
    """Refuse what is no distribution over the last axis."""
    bad = ~((table >= 0) & (table <= 1)).all(axis=-1)
    if bad.any():
        at = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(f"{name} must hold probabilities in 0..1, got {table[at].tolist()} at {at}")
    total = table.sum(axis=-1)
    if (abs(total - 1) > TOLERANCE).any():
        at = tuple(int(i) for i in np.argwhere(abs(total - 1) > TOLERANCE)[0])
        raise ValueError(f"{name} must sum to 1 over the last axis, got {total[at]} at {at}; normalise it")


def _correlations(person: float, settlement: float, interviewer: float) -> float:
    for name, value in (("person", person), ("settlement", settlement), ("interviewer", interviewer)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must be a correlation in 0..1, got {value}")
    total = person + settlement + interviewer
    if total > HIGHEST_CORRELATION:
        raise ValueError(
            f"person, settlement and interviewer must add up to a correlation of at most "
            f"{HIGHEST_CORRELATION}, got {total}; lower one of them"
        )
    return total


def _solve(below: Floats, loading: Floats, shares: tuple[float, float, float]) -> Floats:
    """Thresholds whose probabilities under the lattice are `below`: Newton from the normal quantile."""
    node, weight = lattice(shares)
    cut: Floats = ndtri(np.clip(below, 0, 1))
    flat_loading = np.broadcast_to(loading[..., None], cut.shape)
    inside = np.isfinite(cut) & (flat_loading > 0)
    x, target, a = cut[inside], np.clip(below, 0, 1)[inside], flat_loading[inside]
    unique = np.sqrt(1 - a**2)
    for _ in range(NEWTON_STEPS):
        z = (x[:, None] - a[:, None] * node) / unique[:, None]
        density = (np.exp(-(z**2) / 2) @ weight) / (unique * np.sqrt(2 * np.pi))
        lower = x < 0
        error = np.where(lower, ndtr(z) @ weight - target, (1 - target) - ndtr(-z) @ weight)
        move = np.clip(error / np.maximum(density, 1e-300), -0.5, 0.5)
        x = x - move
        if ((abs(move) < 1e-12) | (abs(error) < 1e-15)).all():
            break
    cut[inside] = x
    return cut
