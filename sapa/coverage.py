"""Coverage of intervals for one item, as far as few ratings go: what a figure of them shows."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from estimators.coverage import exact_coverage
from estimators.intervals import IntervalKind

SIZES: Final = (5, 8, 12, 20, 30)
KINDS: Final[tuple[IntervalKind, ...]] = ("wald", "logit", "wilson", "smoothed_moments", "profile")


def coverage_by_size(
    law: NDArray[np.float64],
    *,
    level: float = 0.95,
    sizes: Sequence[int] = SIZES,
    kinds: Sequence[IntervalKind] = KINDS,
) -> dict[str, list[float]]:
    """Exact coverage of the mean by kind of interval, one value a size, for ratings 1 to 5 of that law.

    Examples
    --------
    >>> found = coverage_by_size(np.array([0, 0, 0, 0.5, 0.5]), sizes=[5], kinds=["wald"])
    >>> round(found["wald"][0], 3)
    0.938
    """
    return {
        kind: [float(exact_coverage(law, n, kind=kind, level=level).coverage) for n in sizes]
        for kind in kinds
    }
