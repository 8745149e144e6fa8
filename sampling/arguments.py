"""What every function asks of its arguments, and how labels come back on the answer."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias, TypeVar, cast

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
Values: TypeAlias = ArrayLike | xr.DataArray
Seed: TypeAlias = np.random.Generator | int | None
A = TypeVar("A", bound=np.generic)

TOLERANCE = 1e-9
"""Relative slack when a float is compared with a whole number or a bound."""


def place(values: Values, index: tuple[int, ...]) -> str:
    """Where an entry is, in its labels where it has some.

    >>> place(np.zeros((2, 3)), (1, 2))
    '(1, 2)'
    """
    if not isinstance(values, xr.DataArray):
        return str(index[0]) if len(index) == 1 else str(index)
    names = [
        f"{dim} {values.indexes[dim][i]}" if dim in values.indexes else f"{dim} {i}"
        for dim, i in zip(values.dims, index, strict=True)
    ]
    return ", ".join(names)


def numbers(
    name: str, values: Values, *, minimum: float = 0.0, infinite: bool = False, remedy: str = "correct it"
) -> FloatArray:
    """The values as floats, each checked to be a number of at least `minimum`.

    >>> numbers("sizes", [1, -2])
    Traceback (most recent call last):
    ValueError: sizes must be at least 0, got -2.0 at 1; correct it
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(_no_number(name, values)) from error
    bad = np.isnan(array) | (array < minimum)
    if not infinite:
        bad |= np.isinf(array)
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        where = f" at {place(values, index)}" if index else ""
        kind = "finite numbers" if not np.isfinite(array[index]) else f"at least {minimum:g}"
        message = f"{name} must be {kind}, got {array[index]}{where}; {remedy}"
        raise ValueError(message)
    return array


def _no_number(name: str, values: Values) -> str:
    """What to say of the first entry that is no number."""
    try:
        ragged = any(np.ndim(entry) for entry in np.asarray(values, dtype=object).flat)
    except ValueError:
        ragged = True
    if ragged:
        return f"{name} must be numbers in rows of one length, got {values!r}; fill in what is missing"
    entries = np.asarray(values, dtype=object)
    for index, entry in np.ndenumerate(entries):
        try:
            float(entry)
        except (TypeError, ValueError):
            where = f" at {place(values, index)}" if index else ""
            return f"{name} must be numbers, got {entry!r}{where}; write decimals with a point"
    return f"{name} must be numbers, got {entries.tolist()!r}; write decimals with a point"


def matching(
    name: str, values: Values, like: Values, *, minimum: float = 0.0, infinite: bool = False
) -> FloatArray:
    """The values as floats in the shape (and with the labels) of another argument, scalars spread over it.

    >>> matching("sd", 0.5, [10, 20]).tolist()
    [0.5, 0.5]
    """
    if isinstance(values, xr.DataArray) and isinstance(like, xr.DataArray):
        try:
            values = xr.align(like, values.broadcast_like(like), join="exact")[1].transpose(*like.dims)
        except ValueError as error:
            message = f"{name} must carry the labels of the sizes it goes with ({error}); reindex it"
            raise ValueError(message) from error
    array = numbers(name, values, minimum=minimum, infinite=infinite)
    shape = np.shape(like)
    try:
        return np.array(np.broadcast_to(array, shape))
    except ValueError as error:
        message = f"{name} must be a number or of shape {shape}, got shape {array.shape}; give one value each"
        raise ValueError(message) from error


def limits(lower: Values | None, upper: Values | None, like: Values) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bounds in the shape of another argument; none means 0 and infinity.

    >>> limits(3, 2, [1, 1])
    Traceback (most recent call last):
    ValueError: lower must not exceed upper, got 3.0 and 2.0 at 0; raise the cap or lower the minimum
    """
    low = matching("lower", 0.0 if lower is None else lower, like)
    high = matching("upper", np.inf if upper is None else upper, like, infinite=True)
    if (low > high).any():
        index = tuple(int(i) for i in np.argwhere(low > high)[0])
        where = place(like, index) if index else "the only entry"
        message = (
            f"lower must not exceed upper, got {low[index]} and {high[index]} at {where}; "
            "raise the cap or lower the minimum"
        )
        raise ValueError(message)
    return low, high


def whole(name: str, value: float, *, minimum: int = 0) -> int:
    """The value as an int, checked to be a whole number of at least `minimum`.

    >>> whole("n", 2.5)
    Traceback (most recent call last):
    ValueError: n must be a whole number of at least 0, got 2.5; round it first
    """
    if isinstance(value, bool) or not np.isfinite(value) or value != int(value) or value < minimum:
        message = f"{name} must be a whole number of at least {minimum}, got {value}; round it first"
        raise ValueError(message)
    return int(value)


def proportion(name: str, value: float, *, ends: bool = False) -> float:
    """The value checked to lie strictly between 0 and 1, or between them with the ends.

    >>> proportion("confidence", 95)
    Traceback (most recent call last):
    ValueError: confidence must lie between 0 and 1, got 95; write 95% as 0.95
    """
    if not (0 < value < 1 or (ends and value in (0, 1))):
        message = f"{name} must lie between 0 and 1, got {value}; write 95% as 0.95"
        raise ValueError(message)
    return float(value)


def check_deff(deff: float) -> None:
    """Refuse what is no design effect.

    >>> check_deff(0)
    Traceback (most recent call last):
    ValueError: deff must be a positive number, got 0; 1 is simple random sampling
    """
    if not 0 < deff < np.inf:
        raise ValueError(f"deff must be a positive number, got {deff}; 1 is simple random sampling")


def placeable(total: float, low: FloatArray, high: FloatArray, *, name: str = "n") -> None:
    """Check that a total lies between the sum of the minima and the sum of the caps.

    >>> placeable(9, np.array([5.0, 5.0]), np.array([8.0, 8.0]))
    Traceback (most recent call last):
    ValueError: n must be at least the sum of the minima 10, got 9; raise n or lower the minima
    """
    least, most = float(low.sum()), float(high.sum())
    if total < least * (1 - TOLERANCE):
        rule, remedy = f"at least the sum of the minima {least:.10g}", f"raise {name} or lower the minima"
    elif total > most * (1 + TOLERANCE):
        rule, remedy = f"at most the sum of the caps {most:.10g}", f"lower {name} or raise the caps"
    else:
        return
    message = f"{name} must be {rule}, got {total:.10g}; {remedy}"
    raise ValueError(message)


def labelled(values: NDArray[A], like: Values) -> NDArray[A]:
    """The values with the labels of another argument, where that had labels.

    Typed as an array: a DataArray stands for one, and only a caller who passed one gets one.

    >>> labelled(np.array([1, 2]), xr.DataArray([5, 6], coords={"region": ["A", "B"]})).sel(region="B").item()
    2
    """
    if isinstance(like, xr.DataArray):
        return cast("NDArray[A]", like.copy(data=values))
    return values


def unique_ids(name: str, ids: Sequence[str]) -> tuple[str, ...]:
    """The ids as a tuple of non-empty strings, each there once.

    >>> unique_ids("regions", ["AKM", "AKM"])
    Traceback (most recent call last):
    ValueError: regions must be unique, got AKM twice; keep one row each
    """
    ids = tuple(str(i) for i in ids)
    if not ids or any(not i.strip() or i == "nan" for i in ids):
        message = f"{name} must be non-empty ids, got {ids!r}; fill or remove the empty rows"
        raise ValueError(message)
    if len(set(ids)) < len(ids):
        message = f"{name} must be unique, got {Counter(ids).most_common(1)[0][0]} twice; keep one row each"
        raise ValueError(message)
    return ids
