"""Addressed randomness: every draw is found by (seed, replicate, purpose) and by nothing else.

Scenario, chunk and worker are no part of the address, so replicate r is the same in any run, and
designs compared under one seed share their random numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Purpose(IntEnum):
    """What a stream is for. The numbers are part of every published result: add, never renumber."""

    SELECTION = 0
    PERSON = 1
    SETTLEMENT = 2
    INTERVIEWER = 3
    RATING = 4
    REMAINDER = 5
    MODE = 6
    CONTACT = 7
    COOPERATION = 8
    RECRUITMENT = 9
    APPLICABLE = 10
    STRAIGHTLINING = 11
    ACQUIESCENCE = 12
    ITEM = 13
    BREAKOFF = 14
    FABRICATION = 15
    BACKCHECK = 16
    ESTIMATION = 17


def generator(seed: int, replicate: int, purpose: Purpose) -> np.random.Generator:
    """Generator of one stream.

    Parameters
    ----------
    seed
        Of the study, 0 or more.
    replicate
        Number of the replicate, from 0.
    purpose
        What the draws are for.

    Examples
    --------
    >>> float(generator(1, 0, Purpose.PERSON).random()) == float(generator(1, 0, Purpose.PERSON).random())
    True
    """
    address = np.random.SeedSequence(seed, spawn_key=(replicate, int(purpose)))
    return np.random.Generator(np.random.PCG64(address))


def numbered(replicates: int | range) -> range:
    """Numbers of the replicates: as given, or so many from 0.

    Examples
    --------
    >>> numbered(3), numbered(range(5, 7))
    (range(0, 3), range(5, 7))
    """
    if isinstance(replicates, range):
        span = replicates
    elif isinstance(replicates, bool) or not isinstance(replicates, int | np.integer):
        raise TypeError(f"replicates must be a whole number or a range of them, got {replicates!r}")
    else:
        span = range(int(replicates))
    if not len(span):
        raise ValueError(f"replicates must be at least 1, got {replicates}")
    return span


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams of some replicates of a study, drawn with the replicate as leading axis.

    Attributes
    ----------
    seed
        Of the study, 0 or more.
    replicates
        Numbers of the replicates.

    Examples
    --------
    >>> few = Streams(1, range(2)).uniforms(Purpose.CONTACT, 3)
    >>> many = Streams(1, range(9)).uniforms(Purpose.CONTACT, 3)
    >>> bool((few == many[:2]).all())
    True
    """

    seed: int
    replicates: range

    def __post_init__(self) -> None:
        if isinstance(self.seed, bool) or not isinstance(self.seed, int | np.integer):
            raise TypeError(f"seed must be a whole number, got {self.seed!r}; choose one and write it down")
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0, got {self.seed}")
        if self.replicates.start < 0 or self.replicates.step != 1:
            raise ValueError(f"replicates must count upwards from 0 or more, got {self.replicates}")

    def __len__(self) -> int:
        return len(self.replicates)

    def generators(self, purpose: Purpose) -> Iterator[np.random.Generator]:
        """One generator a replicate."""
        return (generator(int(self.seed), replicate, purpose) for replicate in self.replicates)

    def normals(self, purpose: Purpose, size: int) -> NDArray[np.float64]:
        """(replicates, size) standard normals."""
        out = np.empty((len(self), size))
        for row, rng in zip(out, self.generators(purpose), strict=True):
            rng.standard_normal(out=row)
        return out

    def uniforms(self, purpose: Purpose, *shape: int) -> NDArray[np.float64]:
        """Uniforms on [0, 1), one row a replicate: shape ``(replicates, *shape)``."""
        out = np.empty((len(self), *shape))
        for row, rng in zip(out, self.generators(purpose), strict=True):
            rng.random(out=row)
        return out


def octets(rng: np.random.Generator, size: int) -> NDArray[np.uint8]:
    """(size,) uniform whole numbers 0..255: the bytes of 64-bit words, lowest first.

    Calls for multiples of 8 continue one stream; the rest of a word is dropped.
    """
    words = rng.bit_generator.random_raw(-(-size // 8))
    return words.astype("<u8", copy=False).view(np.uint8)[:size]
