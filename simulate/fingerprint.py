"""A study's fingerprint: what a store must have been written by to be continued."""

import hashlib
import sys
import sysconfig
import types
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache, cached_property, partial
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

FORMAT: Final = 2
_PLAIN: Final = (bool, int, float, complex, str, bytes, range, slice, types.EllipsisType, np.generic)
#: Functions met on the way, described after what led to them: identity to place and function.
Met = dict[int, tuple[int, types.FunctionType]]


def fingerprint(*values: object) -> str:
    """Hexadecimal digest of values, the same in every process and on every machine.

    Numbers, text, arrays, labelled arrays, containers, dataclasses and callables count. A function counts by
    its code, defaults, closure and the globals that it names; a dataclass also by its methods. Functions that
    these call count in the same way when they are one's own (a script, a notebook, a module that is not
    installed); those of an installed package count by name and the package's version.

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
    met: Met = {}
    for part in _parts((FORMAT, version("sapa"), np.__version__, values), met):
        digest.update(part)
    done = 0
    while done < len(met):
        for part in _function(list(met.values())[done][1], met):
            digest.update(part)
        done += 1
    return digest.hexdigest()


def _parts(value: Any, met: Met) -> Iterator[bytes]:
    """Bytes that stand for a value."""
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
        yield from _parts(_labelled(value), met)
    elif isinstance(value, Mapping):
        yield b"mapping("
        for key in value:
            yield from _parts((key, value[key]), met)
        yield b")"
    elif isinstance(value, tuple | list):
        yield b"sequence("
        for entry in value:
            yield from _parts(entry, met)
        yield b")"
    elif isinstance(value, set | frozenset):
        yield from _parts(sorted(fingerprint(entry) for entry in value), met)
    else:
        yield from _object(value, met)


def _object(value: Any, met: Met) -> Iterator[bytes]:
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        yield f"{kind.__module__}.{kind.__qualname__}{_version(kind.__module__)}".encode()
        yield from _parts({entry.name: getattr(value, entry.name) for entry in fields(value)}, met)
        yield from _parts(_methods(kind), met)
    elif isinstance(value, partial):
        yield from _parts(("partial", value.func, value.args, dict(value.keywords)), met)
    elif isinstance(value, types.MethodType):
        yield from _parts(("method", value.__func__, value.__self__), met)
    elif isinstance(value, types.FunctionType) and _own(value.__module__):
        place, _ = met.setdefault(id(value), (len(met), value))
        yield f"function:{place};".encode()
    elif isinstance(value, types.ModuleType):
        yield f"module:{value.__name__}{_version(value.__name__)};".encode()
    elif callable(value) and isinstance(getattr(value, "__wrapped__", None), types.FunctionType):
        yield from _parts(("wrapped", value.__wrapped__), met)
    elif isinstance(value, type | types.FunctionType | types.BuiltinFunctionType | np.ufunc):
        home = getattr(value, "__module__", "") or ""
        yield f"named:{home}.{getattr(value, '__qualname__', value)}{_version(home)};".encode()
    else:
        raise TypeError(
            f"a study must be made of arrays, dataclasses and functions to be stored, got "
            f"{type(value).__qualname__}; make it a frozen dataclass"
        )


def _function(value: types.FunctionType, met: Met) -> Iterator[bytes]:
    yield from _parts((value.__module__, value.__qualname__, value.__defaults__, value.__kwdefaults__), met)
    yield from _code(value, value.__code__, met)
    for cell in value.__closure__ or ():
        yield from _parts(cell.cell_contents, met)
        yield from _used(cell.cell_contents, value.__code__, met)


def _code(owner: types.FunctionType, code: types.CodeType, met: Met) -> Iterator[bytes]:
    """Instructions, constants, and what the names in them stand for."""
    yield code.co_code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _code(owner, constant, met)
        else:
            yield from _parts(constant, met)
    for name in code.co_names:
        yield name.encode()
        value = owner.__globals__.get(name)
        yield from _loosely(value, met)
        yield from _used(value, code, met)


def _used(module: Any, code: types.CodeType, met: Met) -> Iterator[bytes]:
    """What code takes from a module of one's own."""
    if isinstance(module, types.ModuleType) and _own(module.__name__):
        for name in code.co_names:
            yield from _loosely(vars(module).get(name), met)


def _loosely(value: Any, met: Met) -> Iterator[bytes]:
    """A global: a name that happens to be a global's too, or a global that is no value, has its type only."""
    try:
        yield from list(_parts(value, met))
    except TypeError:
        yield f"a {type(value).__qualname__};".encode()


def _methods(kind: type) -> dict[str, types.FunctionType]:
    """Functions of a class of one's own and of its bases, by name; those that Python makes apart."""
    found = {}
    for base in reversed(kind.__mro__[:-1]):
        if not _own(base.__module__):
            continue
        for name, entry in vars(base).items():
            inside = {property: "fget", cached_property: "func"}.get(type(entry), "__func__")
            entry = getattr(entry, inside, entry)
            if isinstance(entry, types.FunctionType) and (name == "__call__" or not name.startswith("__")):
                found[name] = entry
    return found


@cache
def _own(module: str) -> bool:
    """Whether a module is the user's own: neither Python's nor of an installed package."""
    if module.partition(".")[0] in sys.stdlib_module_names | {""}:
        return module == "__main__"
    place = getattr(sys.modules.get(module), "__file__", None)
    if place is None:
        return module in sys.modules and module not in sys.builtin_module_names
    installed = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    return not any(Path(place).is_relative_to(folder) for folder in installed)


@cache
def _version(module: str) -> str:
    """Version of the installed package that a module belongs to; empty where it belongs to none."""
    distributions = _distributions().get(module.partition(".")[0])
    return f" {version(distributions[0])}" if distributions else ""


@cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def _labelled(value: xr.DataArray | xr.Dataset) -> tuple[Any, ...]:
    named = value.coords if isinstance(value, xr.DataArray) else {**value.coords, **value.data_vars}
    inside = tuple((str(name), tuple(map(str, v.dims)), v.to_numpy()) for name, v in named.items())
    return (value.dims, value.to_numpy(), inside) if isinstance(value, xr.DataArray) else inside
