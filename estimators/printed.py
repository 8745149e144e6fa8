"""Printed figures as the intervals of half a unit in the last digit that they stand for."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Rates = float | Floats | tuple[float | ArrayLike, float | ArrayLike]

LOWEST: Final = 1.0
HIGHEST: Final = 5.0
MAX_DIGITS: Final = 6
SLACK: Final = 1e-8  # far above float error, far below half a unit of MAX_DIGITS decimals


def half_unit(
    value: ArrayLike, digits: int | None, *, name: str, least: float, most: float
) -> tuple[Floats, Floats]:
    """Lowest and highest number that prints as `value` with `digits` decimals, both ends included.

    Parameters
    ----------
    value : array_like
        Printed numbers.
    digits : int or None
        Decimals printed, at most 6; None takes the numbers as exact.
    name : str
        The argument's name, for messages.
    least, most : float
        Range of the quantity; the interval is clipped to it.

    Returns
    -------
    low, high : ndarray, the shape of `value`

    Raises
    ------
    ValueError
        When a value is not finite, lies outside the range or has more decimals than `digits`.

    Examples
    --------
    >>> low, high = half_unit([4.58, 5.0], 2, name="mean", least=1, most=5)
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([4.575, 4.995], [4.585, 5.0])
    """
    x = np.asarray(value, dtype=np.float64)
    if not np.isfinite(x).all():
        raise ValueError(
            f"{name} must be finite, got {x[~np.isfinite(x)].flat[0]}: drop the blank cells first"
        )
    outside = (x < least - SLACK) | (x > most + SLACK)
    if outside.any():
        hint = "; divide a percentage by 100" if name == "share" else ""
        raise ValueError(f"{name} must lie in [{least:g}, {most:g}], got {x[outside].flat[0]:g}{hint}")
    if digits is None:
        return x, x
    if not 0 <= digits <= MAX_DIGITS:
        raise ValueError(f"{name}_digits must be None or lie in 0..{MAX_DIGITS}, got {digits}")
    unit = 10.0**-digits
    centre = np.rint(x / unit) * unit
    finer = np.abs(x - centre) > SLACK
    if finer.any():
        raise ValueError(
            f"{name} must have at most {digits} decimals, got {x[finer].flat[0]:.10g}: "
            f"raise {name}_digits, or give None for an exact value"
        )
    return np.clip(centre - unit / 2, least, most), np.clip(centre + unit / 2, least, most)


def mean_interval(mean: ArrayLike, digits: int | None) -> tuple[Floats, Floats]:
    """Interval of a printed mean rating, within 1..5.

    >>> [round(end.item(), 5) for end in mean_interval(4.9, 1)]
    [4.85, 4.95]
    """
    return half_unit(mean, digits, name="mean", least=LOWEST, most=HIGHEST)


def share_interval(share: ArrayLike, digits: int | None) -> tuple[Floats, Floats]:
    """Interval of a printed share of fives, a proportion.

    >>> [round(end.item(), 5) for end in share_interval(0.751, 3)]
    [0.7505, 0.7515]
    """
    return half_unit(share, digits, name="share", least=0.0, most=1.0)


def rate_interval(rating_rate: Rates) -> tuple[Floats, Floats]:
    """Lowest and highest raters/asked, from one rate (or array) or a (low, high) pair.

    >>> [end.tolist() for end in rate_interval((0.9, [0.95, 1.0]))]
    [0.9, [0.95, 1.0]]
    """
    pair = rating_rate if isinstance(rating_rate, tuple) else (rating_rate, rating_rate)
    if len(pair) != 2:
        raise ValueError(f"rating_rate must be a rate or a pair (low, high), got a tuple of {len(pair)}")
    low, high = (np.asarray(x, dtype=np.float64) for x in pair)
    if not ((low >= 0) & (low <= high) & (high > 0) & (high <= 1)).all():
        raise ValueError(f"rating_rate must be a rate in (0, 1] or a pair low <= high, got {rating_rate}")
    return low, high


def whole(value: ArrayLike, *, name: str, least: int = 1) -> Integers:
    """Whole numbers of at least `least`, as int64.

    >>> whole([3.0, 8.0], name="n").tolist()
    [3, 8]
    """
    x = np.asarray(value, dtype=np.float64)
    bad = ~(np.isfinite(x) & (x == np.rint(x)) & (x >= least))
    if bad.any():
        raise ValueError(f"{name} must be a whole number of at least {least}, got {x[bad].flat[0]:g}")
    return x.astype(np.int64)
