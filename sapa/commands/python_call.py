"""The Python call that does the same as a command: its text, with the imports that it needs."""

import ast
import inspect
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from types import ModuleType
from typing import Any


class PythonText(str):
    """Python text that stands in another call as it is, not as a string."""

    __slots__ = ()


def python_call(function: Callable[..., Any], *positional: Any, **options: Any) -> PythonText:
    """Text of a call of a public function; options that have their default value are left out.

    Parameters
    ----------
    function
        Called by its shortest name: ``sapa.rank``, ``sampling.allocate``.
    positional, options
        Values, or the text of other calls. A path is written as a string.

    Examples
    --------
    >>> import sapa
    >>> answers = python_call(sapa.read, Path("a.csv"), codebook="a.toml", drop=False)
    >>> answers
    "sapa.read('a.csv', codebook='a.toml')"
    >>> python_call(sapa.rank, answers, by="region", df=float("inf"), rng=0)
    "sapa.rank(sapa.read('a.csv', codebook='a.toml'), by='region', df=float('inf'))"
    """
    default = {key: part.default for key, part in inspect.signature(function).parameters.items()}
    told = [f"{key}={_text(value)}" for key, value in options.items() if not _same(value, default.get(key))]
    return PythonText(f"{_public_name(function)}({', '.join([*map(_text, positional), *told])})")


def pasteable(call: str) -> str:
    """One line that runs as it is: the imports that the call needs, then the call.

    Examples
    --------
    >>> pasteable("sapa.rank(sapa.read('a.csv', codebook='a.toml'))")
    "import sapa; sapa.rank(sapa.read('a.csv', codebook='a.toml'))"
    >>> pasteable("sapa.write(sapa.studies.study('rules'), 'rules.csv')")
    "import sapa.studies; sapa.write(sapa.studies.study('rules'), 'rules.csv')"
    """
    chains = (_chain(node) for node in ast.walk(ast.parse(call)) if isinstance(node, ast.Attribute))
    found = sorted({module for chain in chains if (module := _module(chain))})
    modules = [name for name in found if not any(other.startswith(f"{name}.") for other in found)]
    return f"import {', '.join(modules)}; {call}" if modules else call


def tell_python(call: str) -> None:
    """Say on standard error which Python call does the same."""
    print(f"Python: {pasteable(call)}", file=sys.stderr)


def _text(value: object) -> str:
    """Python text of a value; infinities have no name of their own."""
    from numpy import generic

    if isinstance(value, PythonText):
        return value
    if isinstance(value, Path):
        return repr(str(value))
    if isinstance(value, generic):
        return _text(value.item())
    if isinstance(value, float) and not isfinite(value):
        return f"float({str(value)!r})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_text(key)}: {_text(own)}' for key, own in value.items())}}}"
    return repr(value)


def _same(value: object, default: object) -> bool:
    return value is default or (type(value) is type(default) and value == default)


def _public_name(function: Callable[..., Any]) -> str:
    """Shortest dotted name under which a function can be had."""
    name, parts = function.__name__, function.__module__.split(".")
    for length in range(1, len(parts)):
        package = ".".join(parts[:length])
        if getattr(sys.modules.get(package), name, None) is function:
            return f"{package}.{name}"
    return f"{function.__module__}.{name}"


def _chain(node: ast.expr) -> list[str]:
    """Parts of a dotted name; empty when it does not begin with a name."""
    if isinstance(node, ast.Name):
        return [node.id]
    above = _chain(node.value) if isinstance(node, ast.Attribute) else []
    return [*above, node.attr] if above and isinstance(node, ast.Attribute) else []


def _module(chain: list[str]) -> str:
    """Longest beginning of a dotted name that is a module; empty when none is.

    A function may have the name of a module of its package, as ``sapa.estimation.official`` has: it wins.
    """
    found = ""
    for length in range(1, len(chain)):
        name = ".".join(chain[:length])
        own = getattr(sys.modules.get(found), chain[length - 1], None)
        if not (isinstance(own, ModuleType) or (own is None and find_spec(name))):
            break
        found = name
    return found
