"""Codes from 0 for the labels that occur, in the order of the labels."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

IntArray = NDArray[np.intp]

_WIDEST = 2**62


def compact(keys: IntArray, bound: int) -> tuple[IntArray, IntArray]:
    """Keys that occur, increasing, and each entry's place among them.

    Keys lie in 0 to ``bound - 1``; counting replaces sorting where the bound is not far beyond their number.

    >>> found, place = compact(np.array([7, 3, 7]), 8)
    >>> found.tolist(), place.tolist()
    ([3, 7], [1, 0, 1])
    """
    if bound > _countable(keys.size):
        found, place = np.unique(keys, return_inverse=True)
        return found, place
    present = np.bincount(keys, minlength=bound) > 0
    return np.flatnonzero(present), (np.cumsum(present) - 1)[keys]


def _countable(size: int) -> int:
    """Bound up to which keys are counted rather than sorted."""
    return 16 * size + 1024


def labelled(labels: NDArray[Any], name: str, *, sort: bool = True) -> tuple[IntArray, NDArray[np.object_]]:
    """Codes (entry,) and the labels they stand for, -1 for a missing one; labels that are lists are refused.

    >>> labelled(np.array(["b", None, "a"], dtype=object), "strata")[0].tolist()
    [1, -1, 0]
    """
    try:
        codes, found = pd.factorize(labels, sort=sort)
    except TypeError:
        raise TypeError(f"{name} must have texts or numbers for labels, got some that are none") from None
    return codes.astype(np.intp), np.asarray(found, dtype=object)


def factor(labels: NDArray[Any], name: str = "labels") -> tuple[IntArray, NDArray[np.object_]]:
    """Codes (entry,) and the sorted labels they stand for; -1 for a missing label.

    >>> codes, levels = factor(np.array(["b", "a", "b"]))
    >>> codes.tolist(), levels.tolist()
    ([1, 0, 1], ['a', 'b'])
    """
    keys = _text_keys(labels)
    if keys is None:
        return labelled(labels, name)
    found, place = compact(*keys)
    first = np.empty(found.size, dtype=np.intp)
    first[place] = np.arange(place.size)
    return place, labels[first].astype(object)


def _text_keys(labels: NDArray[Any]) -> tuple[IntArray, int] | None:
    """Integers in the order of texts, and their bound; None where the labels are no texts.

    A text is read as a number whose digits are its characters, each column counted from its own least.
    """
    if labels.dtype.kind != "U" or labels.size == 0 or not labels.dtype.isnative:
        return None
    letters = np.ascontiguousarray(np.ascontiguousarray(labels).view(np.uint32).reshape(labels.size, -1).T)
    keys, bound = np.zeros(labels.size, dtype=np.int64), 1
    for column, least, most in zip(letters, letters.min(axis=1), letters.max(axis=1), strict=True):
        if most > least:
            width = int(most - least) + 1
            if bound <= keys.size < bound * width or bound * width > _WIDEST:
                found, keys = compact(keys, bound)
                bound = found.size
            bound *= width
            keys *= width
            keys += column
            keys -= least
    return keys.astype(np.intp, copy=False), bound
