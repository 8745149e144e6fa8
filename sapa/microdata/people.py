"""People behind fixed counts: who gave which rating, correlated within a person."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimators.ratings import NOT_ANSWERED, NOT_APPLICABLE

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Group:
    """People who share a service, a channel and (where counts are fixed by region) a region.

    Attributes
    ----------
    size
        People.
    asked : (J,) int
        People whom each item applies to.
    counts : (J, 5) int
        Ratings 1..5 of each item; asked less their sum gave no rating.
    shared : (J,) int
        Items of equal label apply to the same people (the complainers, the users of the assistant);
        -1 where the item applies to everyone.
    """

    size: int
    asked: Ints
    counts: Ints
    shared: Ints


def order(group: Group, *, rho: float, rng: np.random.Generator) -> NDArray[np.int8]:
    """Ratings of a group's people: the fixed counts, dealt in the order of correlated latent scores.

    Person i's latent score on item k is ``sqrt(rho) u_i + sqrt(1 - rho) e_ik`` with u, e standard normal:
    two items of one person correlate `rho`. The raters of an item are a random draw; the lowest
    scores among them get its ones, and so on, so the counts do not depend on `rho` or on the draw.

    Returns
    -------
    (size, J) codes of :mod:`estimators.ratings`.

    Examples
    --------
    >>> group = Group(3, np.array([3]), np.array([[1, 0, 0, 0, 1]]), np.array([-1]))
    >>> sorted(order(group, rho=0.5, rng=np.random.default_rng(1)).ravel().tolist())
    [-2, 1, 5]
    """
    size, items = group.size, group.asked.size
    latent = np.sqrt(rho) * rng.standard_normal((size, 1)) + np.sqrt(1 - rho) * rng.standard_normal(
        (size, items)
    )
    draw = rng.permuted(np.tile(np.arange(size)[:, None], (1, items)), axis=0)
    for label in np.unique(group.shared[group.shared >= 0]):
        same = np.flatnonzero(group.shared == label)
        draw[:, same] = draw[:, same[:1]]
    raters = group.counts.sum(axis=1)
    # the first of the draw are not asked, the next do not answer; the rest rate in the order of their scores
    place = np.argsort(np.where(draw < size - raters, draw - 1e6, latent), axis=0)
    ratings = np.empty((size, items), dtype=np.int8)
    np.put_along_axis(ratings, place, _codes(group), axis=0)
    return ratings


def _codes(group: Group) -> NDArray[np.int8]:
    """(size, J) codes of each item in ascending order of the deal."""
    kinds = np.array([NOT_APPLICABLE, NOT_ANSWERED, 1, 2, 3, 4, 5], dtype=np.int8)
    silent = group.asked - group.counts.sum(axis=1)
    table = np.column_stack([group.size - group.asked, silent, group.counts])
    ends = table.cumsum(axis=1)
    codes: NDArray[np.int8] = kinds[(np.arange(group.size)[:, None, None] >= ends).sum(axis=2)]
    return codes
