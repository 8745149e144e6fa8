"""What few interviews cost: Student's t instead of the normal, for intervals and for tests of change."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.polynomial import Chebyshev
from scipy.special import stdtrit
from scipy.stats import norm

from sampling.arguments import FloatArray, check_deff, proportion
from sampling.comparisons import detectable_shift


def student_factor(confidence: float, deff: float) -> Callable[[FloatArray], FloatArray]:
    """The normal quantile over Student's at ``n / deff - 1`` degrees of freedom, as a function of n.

    >>> student_factor(0.95, 1.0)(np.array([1.0, 2.0, 30.0])).round(3).tolist()
    [0.0, 0.154, 0.958]
    """
    level = (1 + proportion("confidence", confidence)) / 2
    check_deff(deff)
    z = norm.ppf(level)

    def factor(n: FloatArray) -> FloatArray:
        df = n / deff - 1
        return np.where(df >= 1, z / stdtrit(np.maximum(df, 1.0), level), 0.0)

    return factor


def power_factor(power: float, level: float, deff: float) -> tuple[Callable[[FloatArray], FloatArray], float]:
    """The detectable shift of a normal test over that of Student's at ``2 * n / deff - 2``, and the former.

    >>> factor, most = power_factor(0.8, 0.05, 1.0)
    >>> factor(np.array([1.0, 2.0, 30.0])).round(3).tolist(), round(most, 4)
    ([0.0, 0.496, 0.983], 2.8016)
    """
    check_deff(deff)
    shift, most = _shifts(proportion("power", power), proportion("level", level))

    def factor(n: FloatArray) -> FloatArray:
        df = 2 * n / deff - 2
        return np.where(df >= 1, most / np.exp(shift(1 / np.maximum(df, 1.0))), 0.0)

    return factor, most


@cache
def _shifts(power: float, level: float) -> tuple[Chebyshev, float]:
    """Logarithm of the detectable shift, a polynomial of 1 / df on 0..1, and the shift itself at 0."""

    def shift(inverse: FloatArray) -> FloatArray:
        df = np.divide(1.0, inverse, out=np.full_like(inverse, np.inf), where=inverse > 1e-12)
        return np.log(detectable_shift(df, power=power, level=level))

    curve = Chebyshev.interpolate(shift, 40, domain=[0.0, 1.0])
    return curve, float(np.exp(shift(np.zeros(1))[0]))
