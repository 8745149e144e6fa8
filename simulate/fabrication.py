"""Invented interviews and the back-check that finds some of them."""

from dataclasses import dataclass
from math import comb
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulate.answering import NOT_ASKED
from simulate.fieldwork import check_chance
from simulate.rating_model import check_pmf
from simulate.streams import Purpose, Streams

Ints = NDArray[np.intp]
Ratings = NDArray[np.int8]
LEAST_BACKCHECK: Final = 0.15


@dataclass(frozen=True, slots=True)
class Fabrication:
    """Interviews invented by interviewers, and the back-check that finds some of them.

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
        if not 0 <= fabricated <= workload:
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
        who = np.broadcast_to(interviewer, (replicates, size))
        people = int(who.max()) + 1
        cuts = np.cumsum(self.pmf)[:-1]
        invented = np.empty((replicates, size), dtype=bool)
        for r, rng in enumerate(streams.generators(Purpose.FABRICATION)):
            chosen, made = rng.random(size), rng.random((size, items))
            # Last, since how many interviewers there are may differ between replicates.
            guilty = rng.random(people) < self.fabricators
            invented[r] = guilty[who[r]] & (chosen < self.rate / self.fabricators) & took_part[r]
            made = made[invented[r]]
            rows = ratings[r, invented[r]]
            fresh = 1 + (made[..., None] >= cuts).sum(axis=-1, dtype=np.int8)
            ratings[r, invented[r]] = np.where(rows != NOT_ASKED, fresh, NOT_ASKED)
        return invented, self._voided(who, invented, took_part, streams)

    def _voided(
        self, who: Ints, invented: NDArray[np.bool_], took_part: NDArray[np.bool_], streams: Streams
    ) -> NDArray[np.bool_]:
        """Interviews that the back-check takes out."""
        uniform = streams.uniforms(Purpose.BACKCHECK, 2, who.shape[1])
        # Those without an interview rank last, so that the first places are drawn from the others.
        key = who + np.where(took_part, 0.5 * uniform[:, 0], 0.5 + 0.5 * uniform[:, 0])
        place = np.empty(who.shape, dtype=np.intp)
        people = int(who.max()) + 1
        found = np.empty(who.shape, dtype=bool)
        for r, order in enumerate(np.argsort(key, axis=1)):
            count = np.bincount(who[r], minlength=people)
            place[r, order] = np.arange(order.size) - (np.cumsum(count) - count)[who[r, order]]
            done = np.bincount(who[r], weights=took_part[r], minlength=people)
            checked = took_part[r] & (place[r] < self.checks(done.astype(np.intp))[who[r]])
            found[r] = checked & invented[r] & (uniform[r, 1] < self.sensitivity)
            if self.void_all:
                caught = np.bincount(who[r], weights=found[r], minlength=people) > 0
                found[r] = caught[who[r]] & took_part[r]
        return found
