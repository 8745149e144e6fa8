"""Intervals of official composites: the scale of asin sqrt, and Student's t where that scale ends."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimators.options import check_level
from estimators.share_intervals import arcsine, student_t, wald

Array = NDArray[np.float64]


def composite_interval(
    estimate: ArrayLike,
    *,
    se: ArrayLike,
    df: ArrayLike = np.inf,
    bounds: tuple[float, float] = (0.0, 1.0),
    level: float = 0.95,
) -> tuple[Array, Array]:
    """Ends of confidence intervals of composite scores, inside the scale, elementwise.

    Parameters
    ----------
    estimate, se, df : (...)
        Scores, linearised standard errors (above 0) and degrees of freedom; NaN gives NaN.
    bounds
        Ends of the scale: (1, 5) for Q, (0, 1) for a share.
    level
        Of confidence, in (0, 1).

    Returns
    -------
    lower, upper : (...)

    Raises
    ------
    ValueError
        For an estimate outside the scale, a standard error that is not positive, or a level outside (0, 1).

    Notes
    -----
    With p the score's place on the scale, ends are ``asin sqrt p -+ t se / (2 sqrt(p (1 - p)))`` turned back.
    Where that reach exceeds pi/4 (scores at or next to an end) the transform tells nothing and the ends are
    ``p -+ t se``, cut at the scale. Chosen by coverage, see docs/composites.md.

    Examples
    --------
    >>> low, high = composite_interval([4.8, 5.0], se=[0.1, 0.2], df=[20, 10], bounds=(1, 5))
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([4.54, 4.55], [4.96, 5.0])
    """
    lowest, highest = bounds
    width = highest - lowest
    p, error = (np.asarray(estimate, dtype=float) - lowest) / width, np.asarray(se, dtype=float) / width
    check_level(level)
    if ((p < -1e-12) | (p > 1 + 1e-12)).any():
        raise ValueError(f"estimate must lie in {bounds}, got {np.asarray(estimate)[(p < 0) | (p > 1)][0]}")
    if (error <= 0).any():
        raise ValueError("se must be above 0: an error that could not be estimated is not zero")
    degrees = np.broadcast_to(np.asarray(df, dtype=float), p.shape)
    p = np.clip(p, 0.0, 1.0)
    root = 2 * np.sqrt(p * (1 - p))
    inside = student_t(degrees, level) * error < root * np.pi / 4
    middle = np.where(inside, p, 0.5)
    turned = arcsine(middle, se=error, df=degrees, level=level)
    plain = wald(p, se=error, df=degrees, level=level)
    low, high = (np.where(inside, a, b) for a, b in zip(turned, plain, strict=True))
    known = np.isfinite(p) & np.isfinite(error)
    low, high = (np.where(known, lowest + width * end, np.nan) for end in (low, high))
    return low, high
