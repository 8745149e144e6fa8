"""Simple random sampling, stratified, many samples at once; and two stages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sampling.arguments import FloatArray, IntArray, Seed, Values, numbers, whole
from sampling.inclusion import inclusion
from sampling.selection import sampford

BLOCK = 400_000
Counts = int | Sequence[int] | NDArray[np.integer[Any]] | FloatArray


def srs(size: Counts, n: Counts, *, draws: int | None = None, rng: Seed = None) -> IntArray:
    """A simple random sample without replacement, of one population or of every stratum.

    Parameters
    ----------
    size, n : int or array of int (H,)
        Stratum populations and sample sizes. Units are numbered stratum after stratum; with labels
        elsewhere, ``np.argsort(stratum, kind="stable")[srs(counts, n)]``.
    draws : int, optional
        Number of independent samples.
    rng : Generator, int or None

    Returns
    -------
    array of int64 (sum(n),) or (draws, sum(n))
        Sorted positions.

    Raises
    ------
    ValueError
        If a stratum has fewer units than asked for.

    Notes
    -----
    Positions are drawn with replacement and repeats drawn again: the first distinct values of a uniform
    sequence are a simple random sample. Where more than half is wanted, the rest is drawn.

    Examples
    --------
    >>> srs([5, 3], [2, 3], rng=1).tolist()
    [2, 4, 5, 6, 7]
    """
    sizes, wanted = _counts("size", size), _counts("n", n)
    if sizes.shape != wanted.shape:
        raise ValueError(f"n must have one number for each of {sizes.size} strata, got {wanted.size}")
    if (wanted > sizes).any():
        h = int(np.argmax(wanted > sizes))
        raise ValueError(f"n must be at most the {sizes[h]} units of stratum {h}, got {wanted[h]}; lower n")
    count = 1 if draws is None else whole("draws", draws, minimum=1)
    generator = np.random.default_rng(rng)
    most = 2 * wanted > sizes
    offsets = np.cumsum(sizes) - sizes
    few = np.where(most, sizes - wanted, wanted)
    positions = np.empty((count, int(wanted.sum())), dtype=np.int64)
    rows = max(1, BLOCK // max(positions.shape[1], 1))
    for first in range(0, count, rows):  # blocks that stay in the processor's cache
        part = slice(first, min(first + rows, count))
        drawn = _distinct(sizes, few, offsets, part.stop - first, generator)
        positions[part] = _complemented(drawn, sizes, wanted, offsets, most) if most.any() else drawn
    return positions[0] if draws is None else positions


def _counts(name: str, values: Counts) -> IntArray:
    """Whole numbers, at least one of them."""
    array = np.atleast_1d(numbers(name, values))
    if (array != np.rint(array)).any() or array.ndim != 1:
        raise ValueError(f"{name} must be whole numbers, one per stratum, got {values!r}; round them")
    return array.astype(np.int64)


def _distinct(
    sizes: IntArray, wanted: IntArray, offsets: IntArray, draws: int, rng: np.random.Generator
) -> NDArray[np.integer[Any]]:
    """Distinct positions of every stratum, (draws, sum(wanted)), sorted."""
    kind: type[np.int32] | type[np.int64] = np.int32 if sizes.sum() < 2**31 else np.int64
    start: Any = np.repeat(offsets, wanted).astype(kind)
    span = np.repeat(sizes, wanted).astype(np.float64)
    values: Any = (rng.random((draws, start.size)) * span).astype(kind)
    values += start
    if 64 * wanted.size <= start.size:  # strata lie one after the other: short sorts are cheaper
        for part in np.split(values, np.cumsum(wanted)[:-1], axis=1):
            part.sort(axis=1)
    else:
        values.sort(axis=1)
    pending: IntArray = np.arange(draws)
    while pending.size:
        block = values[pending]
        row, slot = np.nonzero(block[:, 1:] == block[:, :-1])
        slot = slot + 1
        block[row, slot] = (rng.random(row.size) * span[slot]).astype(kind) + start[slot]
        touched = np.unique(row)
        again = block[touched]
        again.sort(axis=1, kind="stable")  # nearly sorted already, which this kind notices
        values[pending[touched]] = again
        pending = pending[touched]
    return np.asarray(values)


def _complemented(
    drawn: NDArray[np.integer[Any]],
    sizes: IntArray,
    wanted: IntArray,
    offsets: IntArray,
    most: NDArray[np.bool_],
) -> IntArray:
    """The samples with the positions of some strata exchanged for those not drawn."""
    few = np.repeat(~most, np.where(most, sizes - wanted, wanted))
    units = np.repeat(offsets[most], sizes[most])
    steps = np.arange(units.size) - np.repeat(np.cumsum(sizes[most]) - sizes[most], sizes[most])
    units = units + steps
    taken = np.ones((drawn.shape[0], units.size), dtype=bool)
    out = np.searchsorted(units, drawn[:, ~few])
    np.put_along_axis(taken, out, False, axis=1)
    others = np.broadcast_to(units, taken.shape)[taken].reshape(drawn.shape[0], -1)
    return np.sort(np.concatenate([drawn[:, few], others], axis=1), axis=1).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class TwoStage:
    """A sample in two stages.

    Parameters
    ----------
    psu : array of int (n,)
        Primary unit (settlement) of each chosen person.
    unit : array of int (n,)
        Number of the person within the primary unit, from 0.
    prob : array (n,)
        Inclusion probability, of both stages together.
    """

    psu: IntArray
    unit: IntArray
    prob: FloatArray


def two_stage(size: Values, psus: int, per_psu: int, *, scheme: Any = sampford, rng: Seed = None) -> TwoStage:
    """Settlements in proportion to size, then a simple random sample of the same number in each.

    Self-weighting but for certain settlements; ``prob = prob_psu * per_psu / size``.

    Parameters
    ----------
    size : array (K,)
        Persons in every settlement, whole numbers; those with fewer than `per_psu` are refused.
    psus, per_psu : int
        Settlements, and persons in each.
    scheme : callable prob, rng -> positions
        First-stage scheme: `sampford`, `pps_systematic`, `pivotal` and so on.
    rng : Generator, int or None

    Returns
    -------
    TwoStage

    Raises
    ------
    ValueError
        If a settlement of positive size has fewer than `per_psu` persons.

    Examples
    --------
    >>> sample = two_stage([100, 300, 50, 50], 2, 5, rng=1)
    >>> len(sample.unit), round(float((1 / sample.prob).sum()))
    (10, 500)
    """
    people = _counts("size", numbers("size", size))
    each = whole("per_psu", per_psu, minimum=1)
    small = np.flatnonzero((people > 0) & (people < each))
    if small.size:
        message = (
            f"size must be at least per_psu = {each} in every settlement, got {people[small[0]]} "
            f"at {small[0]}; join it to a neighbour"
        )
        raise ValueError(message)
    generator = np.random.default_rng(rng)
    prob = inclusion(people, whole("psus", psus, minimum=1))
    chosen = np.asarray(scheme(prob, rng=generator))
    counts = people[chosen]
    positions = srs(counts, np.full(chosen.size, each), rng=generator)
    psu = np.repeat(chosen, each)
    unit = positions - np.repeat(np.cumsum(counts) - counts, each)
    return TwoStage(psu, unit, prob[psu] * each / people[psu])
