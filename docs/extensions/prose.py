"""Sections of docstrings in plain prose, which numpydoc allows and napoleon would cut into pieces."""

from collections.abc import Iterator
from itertools import pairwise

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata


def sections(lines: list[str], titles: set[str]) -> Iterator[tuple[int, int]]:
    """Where sections with these titles start and end, last first, so that they can be replaced in turn."""
    heads = [at for at in range(len(lines) - 1) if lines[at].strip() and set(lines[at + 1]) == {"-"}]
    for end, start in pairwise([len(lines), *heads[::-1]]):
        if lines[start] in titles:
            yield start, end


def returned(body: list[str]) -> list[str] | None:
    """A result described flush left, as one field set apart by two blank lines."""
    if not body or any(line.startswith(" ") for line in body):
        return None
    return ["", "", f":returns: {body[0]}", *(f"    {line}".rstrip() for line in body[1:]), "", ""]


def parameters(body: list[str]) -> list[str] | None:
    """Parameters given as ``name : a sentence.``, with the sentence below the name where it is no type."""
    alone = [line for line, below in pairwise([*body, ""]) if not below.startswith(" ")]
    if not any(" : " in line and line.endswith(".") and not line.startswith(" ") for line in alone):
        return None
    changed = []
    for line in body:
        name, colon, text = line.partition(" : ")
        changed += [name, f"    {text}"] if colon and not line.startswith(" ") else [line]
    return changed


def prose(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Rewrite the sections in place, before napoleon reads them."""
    for titles, rewrite in (({"Returns"}, returned), ({"Parameters", "Attributes"}, parameters)):
        for start, end in sections(lines, titles):
            body = "\n".join(lines[start + 2 : end]).strip("\n").splitlines()
            if (changed := rewrite(body)) is not None:
                kept = [] if rewrite is returned else lines[start : start + 2]
                lines[start:end] = [*kept, *changed, ""]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Napoleon's own priority is 500."""
    app.connect("autodoc-process-docstring", prose, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
