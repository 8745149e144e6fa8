"""``sapa init``: a commented codebook written by looking at the file and asking."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sapa.commands.python_call import PythonText, python_call, tell_python
from sapa.commands.tables import AsJson, Codebook, Data, codebook_of, print_json, working

if TYPE_CHECKING:
    from sapa.answers import AnswerCodebook, FileTable


def init(
    data: Data,
    codebook: Codebook = None,
    sheet: Annotated[str, typer.Option(help="Of a workbook; by default the first.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take the guesses without asking.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a codebook that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a commented codebook for a file of answers: looks at the file, guesses, asks.

    An answer of Enter takes the guess, - means none; where there is nobody to answer, the guesses are taken.
    Exit codes: 0 done, 2 bad input.

    Example: sapa init answers.csv --yes
    """
    from sapa.answers import check, guess_codebook, open_table, write_codebook

    place = codebook_of(data, codebook)
    if place.exists() and not force:
        raise ValueError(f"codebook {str(place)!r} is there already; edit it, or add --force to replace it")
    with working(f"looking at {data.name}"):
        table = open_table(data, sheet=sheet)
        book = guess_codebook(table)
    print(f"read {', '.join([data.name, *table.remarks])}", file=sys.stderr)
    text = python_call(guess_codebook, python_call(open_table, data, sheet=sheet))
    if not yes:
        said = _asked(table, book)
        text = text if said == book else _as_python(said)
        book = said
    write_codebook(book, place)
    call = python_call(write_codebook, text, place)
    found = check(table, book)
    print(f"wrote {place}: {len(book.items)} items, {found.counts['rows']} rows", file=sys.stderr)
    print(f"{len(found.problems)} problems; next: sapa check {data}{_named(data, place)}", file=sys.stderr)
    if as_json:
        print_json(call, files=[place], items=list(book.items), problems=len(found.problems), **found.counts)
    tell_python(call)


def _named(data: Path, place: Path) -> str:
    return "" if place == codebook_of(data, None) else f" --codebook {place}"


def _asked(table: "FileTable", book: "AnswerCodebook") -> "AnswerCodebook":
    """Guessed codebook with what the user says instead."""
    from sapa.answers.codebook import MISSING_KINDS, ROLES

    names = [str(name) for name in table.frame.columns]
    print(f"columns: {', '.join(names)}", file=sys.stderr)
    columns = {}
    for role in ROLES:
        if book.layout == "wide" and role in ("item", "rating"):
            continue
        said = _ask(f"column of the {role}", book.columns.get(role, "-"), [*names, "-"])
        if said != "-":
            columns[role] = said
    items = {}
    for name, item in book.items.items():
        if item.column in columns.values():
            continue
        criterion = _ask(f"criterion of item {name} (- leaves the item out)", item.criterion)
        if criterion != "-":
            items[name] = replace(item, criterion=criterion)
    missing = {}
    for kind in MISSING_KINDS:
        said = _ask(
            f"codes that mean {kind}, with spaces between", " ".join(book.missing.get(kind, ())) or "-"
        )
        missing[kind] = () if said == "-" else tuple(said.split())
    modes = _modes(book) if "mode" in columns else ()
    return replace(book, columns=columns, items=items, missing=missing, nonprobability=modes)


def _modes(book: "AnswerCodebook") -> tuple[str, ...]:
    """Modes that the user says are not drawn at random."""
    said = _ask("modes not drawn at random, with commas between", ", ".join(book.nonprobability) or "-")
    return () if said == "-" else tuple(filter(None, (mode.strip() for mode in said.split(","))))


def _ask(question: str, guess: str, allowed: list[str] | None = None) -> str:
    while True:
        print(f"{question} [{guess}]: ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:  # the end of a pipe, or Ctrl-D: nobody answers
            print(guess, file=sys.stderr)
            return guess
        said = line.strip() or guess
        if allowed is None or said in allowed:
            return said
        print(f"there is no column {said!r}", file=sys.stderr)


def _as_python(book: "AnswerCodebook") -> PythonText:
    """Text that makes a codebook."""
    from sapa.answers import AnswerCodebook, Item

    items = {
        name: python_call(Item, item.column, item.criterion, zone=item.zone, channels=item.channels)
        for name, item in book.items.items()
    }
    options = {"missing": dict(book.missing), "nonprobability": book.nonprobability, "sheet": book.sheet}
    return python_call(AnswerCodebook, book.layout, dict(book.columns), items, **options)
