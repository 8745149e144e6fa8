"""Standard errors of means and shares that a sample will have, and the quantiles they are multiplied by."""

import numpy as np
from scipy.stats import t

from sampling.arguments import FloatArray, Values, numbers, proportion, whole


def completed(n: Values, response: Values) -> FloatArray:
    """Completed interviews expected of the issued contacts."""
    rate = numbers("response", response)
    if (rate <= 0).any() or (rate > 1).any():
        raise ValueError(f"response must lie above 0 and at most 1, got {rate.min():g}; write 40% as 0.4")
    return np.asarray(at_least("n", n, 0.0) * rate)


def at_least(name: str, values: Values, above: float) -> FloatArray:
    """Numbers that must be positive."""
    array = numbers(name, values)
    if (array <= above).any():
        raise ValueError(f"{name} must be above {above:g}, got {array.min():g}; give a positive number")
    return array


def deviation(sd: Values | None, share: Values | None, population: Values) -> FloatArray:
    """The standard deviation of one answer."""
    if sd is not None and share is None:
        return numbers("sd", sd)
    if sd is not None or share is None:
        raise ValueError(
            f"exactly one of sd and share must be given, got sd={sd} and share={share}; drop one"
        )
    p = numbers("share", share)
    if (p > 1).any():
        raise ValueError(f"share must lie between 0 and 1, got {p.max():g}; write 75% as 0.75")
    count = at_least(
        "population",
        np.where(np.isinf(numbers("population", population, infinite=True)), 1e300, population),
        1.0,
    )
    return np.asarray(np.sqrt(p * (1 - p) * (count / (count - 1))))


def standard_error(done: FloatArray, spread: FloatArray, population: Values, deff: FloatArray) -> FloatArray:
    """Of a mean, with the finite-population correction."""
    size = numbers("population", population, infinite=True)
    if (done > size * (1 + 1e-9)).any():
        raise ValueError(
            "n must not exceed the population, got more completed interviews than persons; lower n"
        )
    return np.asarray(np.sqrt(deff * spread**2 * np.maximum(1 / done - 1 / size, 0.0)))


def per_interval(confidence: float, multiplicity: int) -> float:
    """The level of each of several statements that hold together (Bonferroni).

    >>> round(per_interval(0.95, 5), 4)
    0.99
    """
    count = whole("multiplicity", multiplicity, minimum=1)
    return 1 - (1 - proportion("confidence", confidence)) / count


def student_quantile(level: float, df: FloatArray) -> FloatArray:
    """Student's t, infinite below one degree of freedom."""
    usable = df >= 1
    return np.where(usable, t.ppf((1 + level) / 2, np.where(usable, df, 1.0)), np.inf)
