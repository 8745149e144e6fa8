"""Moves of people between regions that leave items their counts and regions their people.

Who of a region's people complained, used the assistant, did not answer, or came by which channel, is printed
of services only. A user moves with an answer to every item put to users; a person of one channel swaps places
with one of another channel, all their answers with them; an item's only rater in a region swaps answers with
someone elsewhere who gave none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from sapa.microdata.layout import Layout, people_of

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Step:
    """An answer to each of some blocks leaves one region and comes to another.

    Attributes
    ----------
    blocks : (K,) int
    leaves, comes
        Regions.
    rates
        Whether the answer is a rating, or none; either where this is not told.
    """

    blocks: Ints
    leaves: int
    comes: int
    rates: bool | None = None


Move = tuple[Step, ...]


def user_moves(laid: Layout, cells: Ints) -> Iterator[Move]:
    """One user of a region becomes one of another that has people who are none."""
    people = people_of(laid, cells.sum(axis=2)).T
    for label in np.unique(laid.users[laid.users >= 0]):
        blocks = np.flatnonzero(laid.users == label)
        asked = cells[blocks[0]].sum(axis=1)
        for a, b in _pairs(asked > 0, asked < people[laid.channel[blocks[0]]]):
            yield (Step(blocks, a, b),)


def channel_swaps(laid: Layout, cells: Ints) -> Iterator[Move]:
    """A person of one channel in a region swaps places with one of another channel elsewhere."""
    people = people_of(laid, cells.sum(axis=2)).T
    for h, g in combinations(range(len(people)), 2):
        for a, b in _pairs(people[h] > 0, people[g] > 0):
            yield Step(_of_person(laid, cells, h, a), a, b), Step(_of_person(laid, cells, g, b), b, a)


def blank_swaps(laid: Layout, cells: Ints) -> Iterator[Move]:
    """An item's only rater in a region swaps answers with one elsewhere who gave none, or the reverse."""
    raters, silent = cells[..., 1:].sum(axis=2), cells[..., 0]
    for block in np.flatnonzero(silent.any(axis=1)).tolist():
        last, none = raters[block] == 1, (raters[block] == 0) & (silent[block] > 0)
        one = np.array([block])
        for a, b in sorted({*_pairs(last, silent[block] > 0), *_pairs(raters[block] > 0, none)}):
            yield Step(one, a, b, rates=True), Step(one, b, a, rates=False)


def made(cells: Ints, move: Move, rng: np.random.Generator) -> Ints:
    """(B, R, 6) answers after a move; which of a region's answers to an item goes is drawn."""
    new = cells.copy()
    for step in move:
        leave = cells[step.blocks, step.leaves] > 0
        if step.rates is not None:
            leave &= (np.arange(6) > 0) == step.rates
        answer = np.argmax((1 - rng.random(leave.shape)) * leave, axis=1)
        new[step.blocks, step.leaves, answer] -= 1
        new[step.blocks, step.comes, answer] += 1
    return new


def _of_person(laid: Layout, cells: Ints, channel: int, region: int) -> Ints:
    """Items put to a person of a channel: those of users only where all people of the region are users."""
    mine, asked = laid.channel == channel, cells[:, region].sum(axis=1)
    people = asked[mine & (laid.users < 0)].max()
    return np.flatnonzero(mine & ((laid.users < 0) | (asked == people)))


def _pairs(leave: NDArray[np.bool_], come: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Pairs of different regions that one may leave and one may come to."""
    a, b = np.nonzero(np.outer(leave, come) & ~np.eye(leave.size, dtype=bool))
    return list(zip(a.tolist(), b.tolist(), strict=True))
