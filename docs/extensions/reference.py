"""The reference, written anew at every build: a page for each module with public names, and the command line.

A name in an ``__all__`` appears because it is there; nobody keeps a list.
"""

import importlib
import inspect
import pkgutil
import typing
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Literal

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.typing import ExtensionMetadata
from typer.main import get_command
from typer.testing import CliRunner

PACKAGES = ("sampling", "simulate", "estimators", "sapa")
NOT_FOR_PYTHON = {"cli", "commands", "__main__"}


def public(module: ModuleType) -> list[str]:
    """Names of a module that are meant for others: its ``__all__``, or what it defines without underscore."""
    if hasattr(module, "__all__"):
        return sorted(module.__all__, key=str.lower)
    own = (
        name for name, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__
    )
    return sorted((name for name in own if not name.startswith("_")), key=str.lower)


def home(package: ModuleType, name: str) -> str:
    """Module that defines a package's name; that of the constants for a constant."""
    thing = getattr(package, name)
    if documented(thing):
        return str(thing.__module__)
    modules = (
        importlib.import_module(found.name)
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    )
    return next(module.__name__ for module in modules if vars(module).get(name) is thing)


def described(module: ModuleType, names: Iterable[str]) -> str:
    """Directives that describe names of a module."""
    parts = []
    for name in names:
        thing, full = getattr(module, name), f"{module.__name__}.{name}"
        if inspect.isclass(thing):
            parts.append(f".. autoclass:: {full}\n   :members:\n   :member-order: bysource\n")
        elif inspect.isroutine(thing):
            parts.append(f".. autofunction:: {full}\n")
        else:
            parts.append(f".. py:data:: {full}\n\n   {constant(thing)}\n")
    return "\n".join(parts)


def documented(thing: object) -> bool:
    """Whether a thing has a docstring of its own: a class or a function, no constant, no alias of a type."""
    return inspect.isclass(thing) or inspect.isroutine(thing)


def constant(thing: object) -> str:
    """A constant in words: the keys of a mapping, or the value."""
    if typing.get_origin(thing) is Literal:
        return "One of " + ", ".join(f"``{value!r}``" for value in typing.get_args(thing)) + "."
    if isinstance(thing, Mapping):
        return "Mapping with the keys " + ", ".join(f"``{key!r}``" for key in thing) + "."
    return f"``{thing!r}``"


def page(title: str, text: str, module: ModuleType, names: list[str]) -> str:
    """A page: heading, a sentence, table of the names, their descriptions."""
    told = [name for name in names if documented(getattr(module, name))]
    listed = "".join(f"   ~{module.__name__}.{name}\n" for name in told)
    table = f".. autosummary::\n   :nosignatures:\n\n{listed}\n" if told else ""
    return f"{title}\n{'=' * len(title)}\n\n{text}\n\n{table}{described(module, names)}"


def sentence(module: ModuleType) -> str:
    """First line of a module's docstring."""
    return (module.__doc__ or "").strip().splitlines()[0]


def package_pages(package: ModuleType) -> dict[str, str]:
    """Pages of a package by name: one a defining module, and the package's own, which lists them."""
    groups = defaultdict(list)
    for name in public(package):
        groups[home(package, name)].append(name)
    pages = {}
    rows = []
    for module_name, names in sorted(groups.items()):
        module = importlib.import_module(module_name)
        place = module_name.replace(".", "_")
        noun = module_name.rpartition(".")[2].replace("_", " ").capitalize()
        title = ", ".join(names) if package.__name__ == "sapa" else noun
        pages[place] = page(title, sentence(module), package, names)
        rows.append((place, sentence(module), names))
    if package.__name__ == "sapa":
        pages |= (own := dict(subpackage_pages(package)))
        rows += [(place, sentence(importlib.import_module(place)), []) for place in own]
    pages[package.__name__] = overview(package, rows)
    return pages


def subpackage_pages(package: ModuleType) -> Iterable[tuple[str, str]]:
    """Pages of the modules below a package whose names it does not itself offer."""
    for found in pkgutil.iter_modules(package.__path__):
        if found.name in NOT_FOR_PYTHON or found.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{found.name}")
        offered = {id(getattr(package, name)) for name in public(package)}
        if names := [name for name in public(module) if id(getattr(module, name)) not in offered]:
            yield module.__name__, page(module.__name__, sentence(module), module, names)


def overview(package: ModuleType, rows: list[tuple[str, str, list[str]]]) -> str:
    """Page of a package: what each module holds."""
    name = package.__name__
    lines = [f"{name}\n{'=' * len(name)}\n\n{sentence(package)}\n\n.. list-table::\n   :widths: 45 55\n"]
    for place, text, names in rows:
        known = ", ".join(f":py:obj:`~{name}.{one}`" for one in names) or f":doc:`{place}`"
        lines.append(f"   * - {text}\n     - {known}")
    tree = "".join(f"   {place}\n" for place, _, _ in rows)
    return "\n".join(lines) + f"\n\n.. toctree::\n   :hidden:\n\n{tree}"


def command_line() -> str:
    """Page of the command line: the help of every verb."""
    from sapa.cli import app

    runner = CliRunner(env={"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"})
    parts = ["The command sapa\n================\n\nWhat ``--help`` says of every verb.\n"]
    for words in [[], *([verb] for verb in get_command(app).commands)]:
        title = " ".join(["sapa", *words])
        said = runner.invoke(app, [*words, "--help"], prog_name="sapa").output
        body = "\n".join(f"   {line.rstrip()}" for line in said.splitlines())
        parts.append(f"{title}\n{'-' * len(title)}\n\n.. code-block:: text\n\n{body}\n")
    return "\n".join(parts)


def write(app: Sphinx, config: Config) -> None:
    """Write the pages that are new or changed, and remove those without a module."""
    folder = Path(app.srcdir) / "reference"
    folder.mkdir(exist_ok=True)
    pages = {"command_line": command_line()}
    for name in PACKAGES:
        pages |= package_pages(importlib.import_module(name))
    for place, text in pages.items():
        path = folder / f"{place}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in folder.glob("*.rst"):
        if path.stem not in pages:
            path.unlink()


def setup(app: Sphinx) -> ExtensionMetadata:
    """Write the pages before the site is read."""
    app.connect("config-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
