"""What the commands on own answers share: their options, and how a table is shown or written."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sapa.commands.python_call import PythonText, pasteable, python_call, tell_python
from sapa.whole_file import TABLES, writable

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Data = Annotated[
    Path, typer.Argument(help="File of answers: .csv, .tsv, .txt, .xlsx, .parquet, .sav or .dta.")
]
Codebook = Annotated[
    Path | None,
    typer.Option(help="TOML file that names the columns; by default the data's name ending in .toml."),
]
Drop = Annotated[bool, typer.Option("--drop", help="Leave out the rows with problems instead of refusing.")]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print JSON: the result, what it assumes, the Python call.")
]


def _early(out: Path | None) -> Path | None:
    """A file that cannot be written is refused before the work, not after it."""
    return out if out is None else writable(out, TABLES)


Out = Annotated[
    Path | None,
    typer.Option(help="Write the table to this .csv, .xlsx or .json, whole or not at all.", callback=_early),
]
MinCell = Annotated[int, typer.Option(help="Leave the figures of fewer raters than this blank.")]
Deff = Annotated[float, typer.Option(help="Factor on every variance for what the design leaves out.")]
ConfidenceLevel = Annotated[float, typer.Option(help="Confidence level.")]
MinRaters = Annotated[int, typer.Option(help="Fewer raters than this: shown, but not ranked.")]
MinDf = Annotated[float, typer.Option(help="Fewer degrees of freedom than this: shown, but not ranked.")]
Df = Annotated[
    float | None,
    typer.Option(help="Of the critical value; by default the fewest among the ranked units; inf: known."),
]
Seed = Annotated[int, typer.Option(help="Seed of the draws behind the critical value.")]


def codebook_of(data: Path, codebook: Path | None) -> Path:
    """Codebook given, or the one beside the data."""
    return data.with_suffix(".toml") if codebook is None else codebook


def reading(data: Path, codebook: Path | None, *, drop: bool) -> tuple["xr.Dataset", PythonText]:
    """Answers, and the Python text that reads them."""
    from sapa.answers import read

    book = codebook_of(data, codebook)
    if not book.is_file():
        raise ValueError(f"there is no codebook {str(book)!r}; write one with: sapa init {data}")
    text = python_call(read, data, codebook=book, drop=drop)
    with working(f"reading {data.name}"):
        return read(data, codebook=str(book), drop=drop), text


@contextmanager
def working(what: str) -> Iterator[None]:
    """Spinner on standard error while a step runs; silent when that is no terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


def show(table: "pd.DataFrame", *, call: PythonText, as_json: bool, out: Path | None) -> None:
    """Table on standard output or in a file, and the Python call that makes it on standard error.

    On a terminal the table is laid out and rounded; in a pipe it is CSV with every digit.
    """
    from sapa.output import notes_of, write
    from sapa.spreadsheet_text import csv_text

    call = call if out is None else python_call(write, call, out)
    if out is not None:
        write(table, out)
        print(f"wrote {out}", file=sys.stderr)
    notes = notes_of(table)
    if as_json:
        print_json(call, notes=notes, rows=table)
    elif out is None and sys.stdout.isatty():
        _laid_out(table)
    elif out is None:
        sys.stdout.write(csv_text(table))
    tell_notes(notes)
    tell_python(call)


def tell_notes(notes: Mapping[str, Any]) -> None:
    """Say on standard error what a table says of itself; a caution has a line of its own."""
    told = {key: value for key, value in notes.items() if key != "caution"}
    if told:
        print("; ".join(f"{key}: {_short(value)}" for key, value in told.items()), file=sys.stderr)
    if "caution" in notes:
        print(f"caution: {notes['caution']}", file=sys.stderr)


def print_json(call: str, **facts: Any) -> None:
    """One JSON object on standard output: the Python call that gives the same, and the facts."""
    from sapa.json_text import json_text

    print(json_text({"python": pasteable(call), **facts}))


def _laid_out(table: "pd.DataFrame") -> None:
    rounded = table.copy()
    for name in rounded.select_dtypes("float").columns:
        rounded[name] = rounded[name].map(lambda value: "" if value != value else f"{value:.3f}")
    print(rounded.to_string(index=False, na_rep=""))


def _short(value: object) -> str:
    """Value for a person to read."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
