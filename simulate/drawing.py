"""Drawing ratings from a model: one table lookup a rating, many replicates at once.

Given its node of the lattice, a rating has probabilities p_1..p_5. One octet decides it: floor(256 p_j) of
the 256 values belong to score j, the few values left over (at least one) send the rating to an exact draw
from what remains. So every probability is exact, and no normal is drawn per rating.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulate.rating_model import NODES, STEP, RatingModel, factor_spread, lattice, scores_given
from simulate.streams import Purpose, Streams, numbered, octets

BLOCK: Final = 8192  # rows that stay in the second-level cache
ESCAPE: Final = 6
Ints = NDArray[np.intp]


def draw(
    model: RatingModel,
    cell: ArrayLike,
    *,
    seed: int,
    replicates: int | range = 1,
    settlement: ArrayLike | None = None,
    interviewer: ArrayLike | None = None,
) -> NDArray[np.int8]:
    """Ratings of surveys whose respondents belong to given cells of a model.

    Parameters
    ----------
    model
        Law of the ratings.
    cell
        (n,) or (replicates, n) cell of each respondent.
    seed, replicates
        Address of the draws; a number of replicates counts from 0.
    settlement, interviewer
        (n,) or (replicates, n) group of each respondent, where the model has such effects; an interviewer of
        -1 is none.

    Returns
    -------
    (replicates, n, items) int8: 1..5, and 0 where the item is not asked of the cell.

    Raises
    ------
    ValueError
        When a cell is unknown, or the model has group effects and no groups are given.

    Examples
    --------
    >>> model = RatingModel.from_pmf([[0.0, 0.0, 0.1, 0.2, 0.7]] * 3)
    >>> ratings = draw(model, [0] * 1000, seed=1, replicates=20)
    >>> ratings.shape, ratings.dtype.name, bool(abs((ratings == 5).mean() - 0.7) < 0.01)
    ((20, 1000, 3), 'int8', True)
    """
    span = numbered(replicates)
    streams = Streams(seed, span)
    cells = checked_cells(model, cell, len(span))
    size = cells.shape[-1]
    node = factor_nodes(
        model,
        streams,
        size,
        settlement=_groups("settlement", settlement, len(span), size, lowest=0),
        interviewer=_groups("interviewer", interviewer, len(span), size, lowest=-1),
    )
    return ratings_given(model, cells, node, streams)


def checked_cells(model: RatingModel, cell: ArrayLike, replicates: int) -> Ints:
    """Cells as (n,) or (replicates, n) positions, each known to the model."""
    cells = np.asarray(cell)
    if cells.ndim not in (1, 2) or (cells.ndim == 2 and cells.shape[0] != replicates):
        raise ValueError(f"cell must have shape (n,) or ({replicates}, n), got {cells.shape}")
    if not np.issubdtype(cells.dtype, np.integer):
        raise TypeError(f"cell must hold whole numbers, got {cells.dtype}")
    if cells.size and (cells.min() < 0 or cells.max() >= model.cells):
        raise ValueError(f"cell must lie in 0..{model.cells - 1}, got {cells.min()}..{cells.max()}")
    return cells.astype(np.intp, copy=False)


def factor_nodes(
    model: RatingModel,
    streams: Streams,
    size: int,
    *,
    settlement: Ints | None = None,
    interviewer: Ints | None = None,
    shift: NDArray[np.float64] | None = None,
) -> Ints:
    """(replicates, size) nodes of each person's common factor.

    `shift` moves the person's own part, in its SD, before the factor is rounded: recruitment that prefers
    some people. Who has no interviewer (-1) has that part of the factor alone, so that margins stay.
    """
    spread = factor_spread(model.shares)
    factor = streams.normals(Purpose.PERSON, size)
    if shift is not None:
        factor += shift
    if interviewer is not None and spread[2] > 0 and interviewer.min(initial=0) < 0:
        factor *= np.where(interviewer < 0, np.hypot(spread[0], spread[2]), spread[0]) / STEP
    else:
        factor *= spread[0] / STEP
    for sd, group, purpose, name in (
        (spread[1], settlement, Purpose.SETTLEMENT, "settlement"),
        (spread[2], interviewer, Purpose.INTERVIEWER, "interviewer"),
    ):
        if sd == 0:
            continue
        if group is None:
            raise ValueError(f"{name} must be given: the model has an effect of the {name}")
        effect = streams.normals(purpose, int(group.max(initial=-1)) + 1)
        effect = np.pad(effect, ((0, 0), (0, 1)))  # the last is nobody's, at -1
        whole = np.broadcast_to(group, factor.shape)
        factor += np.take_along_axis(effect, whole, axis=1) * (sd / STEP)
    np.rint(factor, out=factor)
    np.clip(factor, -(NODES // 2), NODES // 2, out=factor)
    return factor.astype(np.intp) + NODES // 2


def ratings_given(model: RatingModel, cell: Ints, node: Ints, streams: Streams) -> NDArray[np.int8]:
    """(replicates, n, items) ratings given each person's node."""
    replicates, size = node.shape
    items = model.items
    table = _table(model)
    row = (cell * NODES + node).ravel()
    ratings = np.empty((replicates * size, items), dtype=np.int8)
    escaped = [np.zeros(0, dtype=np.intp)]
    for block, values in _octets(streams, size, items):
        _look_up(table, row[block], values, ratings[block])
        escaped.append(np.flatnonzero(ratings[block] == ESCAPE) + block.start * items)
    _settle(model, table, row, np.concatenate(escaped), ratings, streams)
    if not model.asked.all():
        ratings *= model.asked[row // NODES]
    return ratings.reshape(replicates, size, items)


def _octets(streams: Streams, size: int, items: int) -> Iterator[tuple[slice, NDArray[np.uint8]]]:
    """Rows that fit the cache and their octets: parts of a large survey, or several small ones.

    A part has a multiple of 8 rows, so that the octets are those of the stream drawn at once.
    """
    parts = -(-size // BLOCK)
    step = max(8 * -(-size // (8 * max(parts, 1))), 8)
    together = max(BLOCK // max(size, 1), 1)
    generators = list(streams.generators(Purpose.RATING))
    for first in range(0, len(generators), together):
        some = generators[first : first + together]
        for start in range(0, size, step):
            stop = min(start + step, size)
            drawn = [octets(rng, (stop - start) * items) for rng in some]
            begin = first * size + start
            block = slice(begin, begin + len(some) * (stop - start))
            yield block, np.concatenate(drawn).reshape(-1, items)


def _look_up(table: NDArray[np.void], row: Ints, octets: NDArray[np.uint8], out: NDArray[np.int8]) -> None:
    """One more than the number of cumulated slots that the octet reaches: 1..5, or 6 for an escape."""
    out[...] = 1
    slots = np.empty(row.size, dtype=table.dtype)
    cumulated = slots.view(np.uint8).reshape(octets.shape)
    reached = np.empty(octets.shape, dtype=bool)
    for score in range(5):
        np.take(table[score], row, out=slots, mode="clip")
        np.greater_equal(octets, cumulated, out=reached)
        np.add(out, reached.view(np.int8), out=out)


def _settle(
    model: RatingModel,
    table: NDArray[np.void],
    row: Ints,
    where: Ints,
    ratings: NDArray[np.int8],
    streams: Streams,
) -> None:
    """Exact draw of the ratings that escaped, a block at a time, which stays in the cache."""
    per_replicate = ratings.size // len(streams)
    ends = np.searchsorted(where, np.arange(1, len(streams) + 1) * per_replicate)
    counts = np.diff(ends, prepend=0)
    uniform = np.concatenate(
        [rng.random(n) for rng, n in zip(streams.generators(Purpose.REMAINDER), counts, strict=True)]
    )
    flat = ratings.reshape(-1)
    for start in range(0, where.size, BLOCK):
        block = where[start : start + BLOCK]
        flat[block] = _exactly(model, table, row, block, uniform[start : start + BLOCK])


def _exactly(
    model: RatingModel, table: NDArray[np.void], row: Ints, where: Ints, uniform: NDArray[np.float64]
) -> NDArray[np.int8]:
    """Ratings by what the slots of a rating leave of its probabilities."""
    person, item = np.divmod(where, model.items)
    at = row[person]
    cell, node = np.divmod(at, NODES)
    position, _ = lattice(model.shares)
    share = scores_given(model.thresholds[cell, item], model.loading[cell, item], position[node])
    slots = table.view(np.uint8).reshape(5, -1, model.items)[:, at, item].T.astype(float)
    left = np.maximum(share - np.diff(slots, axis=-1, prepend=0.0) / 256, 0.0)
    cumulated = np.cumsum(left, axis=-1)
    reached = (uniform * cumulated[:, -1])[:, None] >= cumulated[:, :-1]
    score: NDArray[np.int8] = 1 + reached.sum(axis=-1, dtype=np.int8)
    return score


@lru_cache(maxsize=4)
def _table(model: RatingModel) -> NDArray[np.void]:
    """(5, cells * nodes) cumulated slots of 256 of all items together, made once a model."""
    slots = np.empty((5, model.cells, NODES, model.items), dtype=np.uint8)
    for cell in range(model.cells):
        whole = np.floor(256 * model.conditional(cell))
        # One value is always left over, so that the cumulated slots fit an octet.
        full = whole.sum(axis=-1) >= 256
        largest = whole.argmax(axis=-1)[..., None]
        taken = np.take_along_axis(whole, largest, axis=-1) - full[..., None]
        np.put_along_axis(whole, largest, taken, axis=-1)
        slots[:, cell] = np.moveaxis(np.cumsum(whole, axis=-1), -1, 0)
    return slots.view(np.dtype((np.void, model.items))).reshape(5, -1)


def _groups(name: str, group: ArrayLike | None, replicates: int, size: int, *, lowest: int) -> Ints | None:
    """Groups of people as whole numbers, one a person, or one a replicate and person."""
    if group is None:
        return None
    codes = np.asarray(group)
    if not np.issubdtype(codes.dtype, np.integer) or (codes < lowest).any():
        wrong = codes.min() if np.issubdtype(codes.dtype, np.integer) else codes.dtype
        raise ValueError(f"{name} must be whole numbers of at least {lowest}, got {wrong}; number the groups")
    if codes.shape not in ((size,), (replicates, size)):
        raise ValueError(
            f"{name} must have shape ({size},) or {(replicates, size)}, got {codes.shape}; give one a person"
        )
    return codes.astype(np.intp, copy=False)
