"""Invented interviews and the back-check that finds some of them."""

from dataclasses import dataclass
from math import comb
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulate.answering import NOT_APPLICABLE, NOT_ASKED
from simulate.fieldwork import check_chance, check_whole, sums_by, turns
from simulate.rating_model import check_pmf
from simulate.streams import Purpose, Streams

Ints = NDArray[np.intp]
Ratings = NDArray[np.int8]
LEAST_BACKCHECK: Final = 0.15


@dataclass(frozen=True, slots=True)
class Fabrication:
    """Interviews invented by interviewers, and the back-check that finds some of them.

    Only interviews of an interviewer are invented and checked. Every item put to the person gets an invented
    rating, whether it would have been answered or not; what does not apply stays so: an inventor reports
    complaints no more often than there are any.

    Attributes
    ----------
    rate
        Share of interviews fabricated.
    fabricators
        Share of interviewers who do it; each then fabricates rate / fabricators of theirs.
    pmf
        Distribution over 1..5 of an invented rating.
    backcheck
        Share of each interviewer's interviews checked, rounded up; at least 0.15.
    sensitivity
        Chance that a check of a fabricated interview finds it.
    void_all
        Whether one find voids all of the interviewer's interviews, or the found one only.
    """

    rate: float = 0.0
    fabricators: float = 1.0
    pmf: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.2, 0.8)
    backcheck: float = LEAST_BACKCHECK
    sensitivity: float = 1.0
    void_all: bool = True

    def __post_init__(self) -> None:
        for name in ("rate", "fabricators", "backcheck", "sensitivity"):
            check_chance(name, getattr(self, name))
        if np.shape(self.pmf) != (5,):
            raise ValueError(f"pmf must have a probability for each of 1..5, got {self.pmf}")
        check_pmf("pmf", np.array(self.pmf))
        if self.backcheck < LEAST_BACKCHECK:
            raise ValueError(f"backcheck must be at least {LEAST_BACKCHECK}, got {self.backcheck}")
        if self.rate > self.fabricators:
            raise ValueError(f"rate must not exceed fabricators, got {self.rate} and {self.fabricators}")

    def checks(self, workload: int | Ints) -> Ints:
        """Number of interviews checked out of a workload."""
        return np.ceil(np.round(self.backcheck * np.asarray(workload), 9)).astype(np.intp)

    def detection(self, workload: int, fabricated: int) -> float:
        """Chance that the back-check finds an interviewer with that many fabricated interviews.

        The number checked among the fabricated is hypergeometric; each is found with `sensitivity`.

        Examples
        --------
        >>> round(Fabrication(rate=0.05).detection(20, 4), 4)
        0.5088
        """
        check_whole("workload", workload, least=1)
        check_whole("fabricated", fabricated, least=0)
        if fabricated > workload:
            raise ValueError(f"fabricated must lie in 0..{workload}, got {fabricated}")
        checked = int(self.checks(workload))
        missed = sum(
            comb(fabricated, seen)
            * comb(workload - fabricated, checked - seen)
            * (1 - self.sensitivity) ** seen
            for seen in range(min(fabricated, checked) + 1)
        )
        return 1 - missed / comb(workload, checked)

    def apply(
        self, ratings: Ratings, interviewer: Ints | None, took_part: NDArray[np.bool_], streams: Streams
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
        """Invent ratings in place; returns (replicates, n) which were invented and which are voided."""
        if self.rate == 0:
            return None
        if interviewer is None:
            raise ValueError("fabrication needs interviewers; give Response an Interviewers with a workload")
        replicates, size, items = ratings.shape
        has = np.broadcast_to(interviewer >= 0, (replicates, size))
        people = int(interviewer.max()) + 1
        who = np.where(has, interviewer, people)  # those without one are nobody's, together
        threshold = self.rate / self.fabricators
        chosen, guilty = np.empty((replicates, size)), np.empty((replicates, people + 1))
        made = []
        for r, rng in enumerate(streams.generators(Purpose.FABRICATION)):
            rng.random(out=chosen[r])
            made.append(rng.random((np.count_nonzero(chosen[r] < threshold), items)))
            rng.random(out=guilty[r])  # last, since how many interviewers there are may differ
        picked = chosen < threshold
        by_one = took_part & has
        invented = picked & by_one & (np.take_along_axis(guilty, who, axis=1) < self.fabricators)
        uniform = np.concatenate(made)[invented[picked]]
        fresh = 1 + (uniform[..., None] >= np.cumsum(self.pmf)[:-1]).sum(axis=-1, dtype=np.int8)
        rows = ratings[invented]
        kept = (rows == NOT_ASKED) | (rows == NOT_APPLICABLE)
        ratings[invented] = np.where(kept, rows, fresh)
        return invented, self._voided(who, invented, by_one, streams)

    def _voided(
        self, who: Ints, invented: NDArray[np.bool_], by_one: NDArray[np.bool_], streams: Streams
    ) -> NDArray[np.bool_]:
        """Interviews that the back-check takes out."""
        uniform = streams.uniforms(Purpose.BACKCHECK, 2, who.shape[1])
        # Those not interviewed rank last, so that the first places are drawn from the others.
        order = np.argsort(np.where(by_one, 0.0, 1.0) + uniform[:, 0], axis=1)
        place = np.empty(who.shape, dtype=np.intp)
        np.put_along_axis(place, order, turns(np.take_along_axis(who, order, axis=1))[0], axis=1)
        checked = by_one & (place < self.checks(sums_by(who, by_one)))
        found: NDArray[np.bool_] = checked & invented & (uniform[:, 1] < self.sensitivity)
        if self.void_all:
            return by_one & (sums_by(who, found) > 0)
        return found
