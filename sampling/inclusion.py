"""Inclusion probabilities, and the units they leave to chance."""

from typing import Final

import numpy as np

from sampling.arguments import FloatArray, IntArray, Values, labelled, numbers, whole
from sampling.filling import fill

CERTAIN: Final = 1e-9


def inclusion(size: Values, n: int) -> FloatArray:
    """The inclusion probabilities in proportion to size for a fixed sample size.

    ``min(1, t * size)`` with t such that they sum to n: units too large for their share are certain.

    Parameters
    ----------
    size : array (N,)
        Positive for units that may be chosen.
    n : int
        Sample size.

    Returns
    -------
    array (N,)
        With the labels of size.

    Raises
    ------
    ValueError
        If n exceeds the number of units of positive size.

    Examples
    --------
    >>> inclusion([1, 2, 3, 14], 2).round(3).tolist()
    [0.167, 0.333, 0.5, 1.0]
    """
    values = numbers("size", size)
    count = whole("n", n)
    if count > (values > 0).sum():
        message = (
            f"n must be at most the {int((values > 0).sum())} units of positive size, got {count}; lower n"
        )
        raise ValueError(message)
    zero = np.zeros_like(values)
    return labelled(fill(values, float(count), zero, np.where(values > 0, 1.0, 0.0)), size)


def parts(prob: Values) -> tuple[IntArray, IntArray, FloatArray]:
    """The certain units, the units left to chance, and the probabilities of these.

    >>> [v.tolist() for v in parts([1.0, 0.5, 0.0, 0.5])]
    [[0], [1, 3], [0.5, 0.5]]
    """
    values = numbers("prob", prob)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"prob must be one probability per unit, got shape {values.shape}; flatten it")
    if (values > 1 + CERTAIN).any():
        raise ValueError(f"prob must be at most 1, got {values.max()}; see inclusion(size, n)")
    total = values.sum()
    if abs(total - np.rint(total)) > 1e-6:
        message = f"prob must sum to a whole sample size, got {total:.6g}; see inclusion(size, n)"
        raise ValueError(message)
    certain = np.flatnonzero(values >= 1 - CERTAIN)
    rest = np.flatnonzero((values > CERTAIN) & (values < 1 - CERTAIN))
    chance = values[rest]
    if rest.size:
        chance = chance * ((np.rint(total) - certain.size) / chance.sum())
    return certain.astype(np.int64), rest.astype(np.int64), chance


def survival(chance: FloatArray, n: int) -> FloatArray:
    """The conditional probabilities to survive each elimination, from N units down to n; (N - n, N).

    ``min(1, t_{i-1} size) / min(1, t_i size)`` with t_i such that they sum to i.

    >>> survival(np.array([0.4, 0.6, 1.0]), 2).round(3).tolist()
    [[0.4, 0.6, 1.0]]
    """
    order = np.argsort(-chance, kind="stable")
    size = chance[order]
    tail = np.cumsum(size[::-1])[::-1]
    reach = np.arange(size.size) + tail / size
    counts = np.arange(size.size, n - 1, -1)
    certain = np.minimum(np.searchsorted(np.maximum.accumulate(reach), counts - 1e-9), size.size - 1)
    level = (counts - certain) / tail[certain]
    prob = np.minimum(1.0, level[:, None] * chance)
    prob[:, order] = np.where(np.arange(size.size) < certain[:, None], 1.0, prob[:, order])
    return np.asarray(prob[1:] / prob[:-1])
