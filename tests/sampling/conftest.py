"""Every outcome of a random algorithm with its exact probability: a generator that branches.

The algorithm runs on lazy uniforms. A comparison with a threshold inside the interval a uniform is still
known to lie in is a branch; the run is repeated until every branch has been taken both ways.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


class Lazy:
    """A uniform known to lie in [low, high)."""

    def __init__(self, run: "Run") -> None:
        self.run, self.low, self.high = run, 0.0, 1.0

    def below(self, threshold: float) -> bool:
        threshold = float(threshold)
        if threshold >= self.high - 1e-15:
            return True
        if threshold <= self.low + 1e-15:
            return False
        if self.run.branch((threshold - self.low) / (self.high - self.low)):
            self.high = threshold
            return True
        self.low = threshold
        return False

    def __lt__(self, other: float) -> bool:
        return self.below(other)

    def __le__(self, other: float) -> bool:
        return self.below(other)

    def __gt__(self, other: float) -> bool:
        return not self.below(other)

    def __ge__(self, other: float) -> bool:
        return not self.below(other)


class Run:
    """One path through the tree of branches, standing in for a numpy Generator."""

    def __init__(self, script: list[bool]) -> None:
        self.script, self.taken, self.weight = script, [], 1.0

    def branch(self, chance: float) -> bool:
        step = len(self.taken)
        went = self.script[step] if step < len(self.script) else True
        self.taken.append(went)
        self.weight *= chance if went else 1 - chance
        return went

    def integers(self, count: int) -> int:
        k = 0
        while k < count - 1 and not self.branch(1 / (count - k)):
            k += 1
        return k

    def random(self, size: Any = None) -> Any:
        if size is None:
            return Lazy(self)
        array = np.empty(size, dtype=object)
        for index in np.ndindex(array.shape):
            array[index] = Lazy(self)
        return array

    def permuted(self, array: np.ndarray, axis: int) -> np.ndarray:
        assert axis == 1
        out = []
        for row in array:
            left = list(row)
            out.append([left.pop(self.integers(len(left))) for _ in range(len(row))])
        return np.array(out)


def law(algorithm: Callable[[Any], Any]) -> dict[Any, float]:
    """Probability of every outcome of the algorithm, which is given the generator."""
    outcomes: dict[Any, float] = defaultdict(float)
    script: list[bool] = []
    while True:
        run = Run(script)
        outcome = algorithm(run)
        outcomes[outcome] += run.weight
        script = run.taken
        while script and not script[-1]:
            script = script[:-1]
        if not script:
            return dict(outcomes)
        script = [*script[:-1], False]


@pytest.fixture
def exact_law() -> Callable[[Callable[[Any], Any]], dict[Any, float]]:
    return law
