"""A study's fingerprint: what a store must have been written by to be continued."""

import hashlib
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import partial
from importlib.metadata import version
from typing import Any, Final

import numpy as np
import xarray as xr

FORMAT: Final = 1
_PLAIN: Final = (bool, int, float, complex, str, bytes, range, slice, types.EllipsisType, np.generic)


def fingerprint(*values: object) -> str:
    """Hexadecimal digest of values, the same in every process and on every machine.

    Numbers, text, arrays, labelled arrays, containers, dataclasses and callables count; a function, or the
    call of a dataclass, by its code, defaults, closure and the globals that it names, so that a changed
    constant shows. Functions of other modules count by their names: their packages' versions stand for them.

    Raises
    ------
    TypeError
        For an object of no such kind: it could not be told from another.

    Examples
    --------
    >>> fingerprint(1, "a") == fingerprint(1, "a"), fingerprint(1) == fingerprint(1.0)
    (True, False)
    """
    digest = hashlib.sha256()
    for part in _parts((FORMAT, version("sapa"), np.__version__, values), frozenset()):
        digest.update(part)
    return digest.hexdigest()


def _parts(value: Any, seen: frozenset[int]) -> Iterator[bytes]:
    """Bytes that stand for a value; `seen` are the functions being described, which may call themselves."""
    if value is None or isinstance(value, _PLAIN):
        yield f"{type(value).__name__}:{value!r};".encode()
    elif isinstance(value, Enum):
        yield f"{type(value).__qualname__}.{value.name};".encode()
    elif isinstance(value, np.ndarray):
        yield f"array:{value.dtype.str}{value.shape}".encode()
        yield (
            repr(value.tolist()).encode() if value.dtype.hasobject else np.ascontiguousarray(value).tobytes()
        )
    elif isinstance(value, xr.DataArray | xr.Dataset):
        yield from _parts(_labelled(value), seen)
    elif isinstance(value, Mapping):
        yield b"mapping("
        for key in value:
            yield from _parts((key, value[key]), seen)
        yield b")"
    elif isinstance(value, tuple | list):
        yield b"sequence("
        for entry in value:
            yield from _parts(entry, seen)
        yield b")"
    elif isinstance(value, set | frozenset):
        yield from _parts(sorted(fingerprint(entry) for entry in value), seen)
    else:
        yield from _object(value, seen)


def _object(value: Any, seen: frozenset[int]) -> Iterator[bytes]:
    if is_dataclass(value) and not isinstance(value, type):
        yield f"{type(value).__module__}.{type(value).__qualname__}".encode()
        yield from _parts({entry.name: getattr(value, entry.name) for entry in fields(value)}, seen)
        call = vars(type(value)).get("__call__")
        if isinstance(call, types.FunctionType):
            yield from _function(call, seen)
    elif isinstance(value, partial):
        yield from _parts(("partial", value.func, value.args, dict(value.keywords)), seen)
    elif isinstance(value, types.MethodType):
        yield from _parts(("method", value.__func__, value.__self__), seen)
    elif isinstance(value, types.FunctionType):
        yield from _function(value, seen)
    elif isinstance(value, types.ModuleType):
        yield f"module:{value.__name__};".encode()
    elif isinstance(value, type | types.BuiltinFunctionType | np.ufunc) or (
        callable(value) and hasattr(value, "__wrapped__")
    ):
        yield f"named:{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value)};".encode()
    else:
        raise TypeError(
            f"a study must be made of arrays, dataclasses and functions to be stored, got "
            f"{type(value).__qualname__}; make it a frozen dataclass"
        )


def _function(value: types.FunctionType, seen: frozenset[int]) -> Iterator[bytes]:
    if id(value) in seen:
        yield f"again:{value.__qualname__};".encode()
        return
    yield from _parts((value.__module__, value.__qualname__, value.__defaults__, value.__kwdefaults__), seen)
    yield from _code(value, value.__code__, seen | {id(value)})
    for cell in value.__closure__ or ():
        yield from _parts(cell.cell_contents, seen | {id(value)})


def _code(owner: types.FunctionType, code: types.CodeType, seen: frozenset[int]) -> Iterator[bytes]:
    """Instructions, constants and the owner's own globals; of another package's function, only its name."""
    yield code.co_code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _code(owner, constant, seen)
        else:
            yield from _parts(constant, seen)
    for name in code.co_names:
        yield name.encode()
        if name in owner.__globals__:
            yield from _global(owner, owner.__globals__[name], seen)


def _global(owner: types.FunctionType, value: Any, seen: frozenset[int]) -> Iterator[bytes]:
    home = getattr(value, "__module__", None)
    # isinstance takes the union at run time; the checker takes no Callable there
    if isinstance(value, Callable | types.ModuleType) and home != owner.__module__:  # type: ignore[arg-type]
        yield f"{home}.{getattr(value, '__qualname__', getattr(value, '__name__', ''))};".encode()
    else:
        try:
            yield from _parts(value, seen)
        except TypeError:  # a name that happens to be a global's too, or a global that is no value
            yield f"a {type(value).__qualname__};".encode()


def _labelled(value: xr.DataArray | xr.Dataset) -> tuple[Any, ...]:
    named = value.coords if isinstance(value, xr.DataArray) else {**value.coords, **value.data_vars}
    inside = tuple((str(name), tuple(map(str, v.dims)), v.to_numpy()) for name, v in named.items())
    return (value.dims, value.to_numpy(), inside) if isinstance(value, xr.DataArray) else inside
