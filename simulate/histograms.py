"""Histograms of ratings drawn without drawing the ratings: what a survey of any size costs the same."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulate.rating_model import RatingModel, lattice
from simulate.streams import Purpose, Streams, numbered


def draw_histograms(
    model: RatingModel, n: ArrayLike, *, seed: int, replicates: int | range = 1
) -> NDArray[np.int64]:
    """Counts of 1..5 by cell and item, in the joint law of the ratings of n people a cell.

    Parameters
    ----------
    model
        Law of the ratings, without settlement and interviewer effects: those need people in groups.
    n
        (cells,) number of people.
    seed, replicates
        Address of the draws, as in :func:`draw`; they are other draws than those of that function.

    Returns
    -------
    (replicates, cells, items, 5) counts; zeros where the item is not asked.

    Raises
    ------
    ValueError
        When n is of another length or negative, or the model has group effects.

    Notes
    -----
    The people of a cell fall on the nodes of the common factor as a multinomial sample; given how many are
    on a node, the histograms of the items are independent multinomials. So the covariance of two items'
    counts, which people share, is kept. The cost grows with cells x items x nodes, not with n: cheaper than
    ratings beyond a few thousand people a cell.

    Examples
    --------
    >>> model = RatingModel.from_pmf([[0.0, 0.0, 0.1, 0.2, 0.7]] * 3)
    >>> counts = draw_histograms(model, [1_000_000], seed=1, replicates=4)
    >>> counts.shape, counts.sum(axis=-1).tolist()[0]
    ((4, 1, 3, 5), [[1000000, 1000000, 1000000]])
    """
    people = np.asarray(n)
    if people.shape != (model.cells,) or not np.issubdtype(people.dtype, np.integer) or (people < 0).any():
        raise ValueError(f"n must be ({model.cells},) whole numbers of at least 0, got {n!r}")
    if max(model.shares[1:]) > 0:
        raise ValueError("model must have no settlement or interviewer effect; draw ratings instead")
    span = numbered(replicates)
    streams = Streams(seed, span)
    _, weight = lattice(model.shares)
    nodes = np.stack([rng.multinomial(people, weight) for rng in streams.generators(Purpose.PERSON)])
    given = np.stack([_normalised(model.conditional(cell)) for cell in range(model.cells)])
    out = np.zeros((len(span), model.cells, model.items, 5), dtype=np.int64)
    for r, rng in enumerate(streams.generators(Purpose.RATING)):
        cell, node = np.nonzero(nodes[r])
        counts = rng.multinomial(nodes[r, cell, node][:, None], given[cell, node])
        met, start = np.unique(cell, return_index=True)
        out[r, met] = np.add.reduceat(counts, start, axis=0)
    return out * model.asked[:, :, None]


def _normalised(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares that sum to one within the slack of the generator."""
    positive = np.maximum(share, 0.0)
    positive /= positive.sum(axis=-1, keepdims=True)
    return positive
