"""What the commands on own answers share: their options, and how a table is shown or written."""

import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Final

import pandas as pd
import typer
import xarray as xr
from rich.console import Console

from sapa.answers import read
from sapa.output import whole_file, write_csv, write_xlsx

Data = Annotated[Path, typer.Argument(help="File of answers: .csv, .xlsx, .parquet, .sav or .dta.")]
Codebook = Annotated[
    Path | None,
    typer.Option(help="TOML file that names the columns; by default the data's name ending in .toml."),
]
Drop = Annotated[bool, typer.Option("--drop", help="Leave out the rows with problems instead of refusing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON: the table, what it assumes, the call.")]
Out = Annotated[
    Path | None, typer.Option(help="Write the table to this .csv, .xlsx or .json, whole or not at all.")
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
WRITERS: Final = (".csv", ".xlsx", ".json")


def codebook_of(data: Path, codebook: Path | None) -> Path:
    """Codebook given, or the one beside the data."""
    return data.with_suffix(".toml") if codebook is None else codebook


def reading(data: Path, codebook: Path | None, *, drop: bool) -> tuple[xr.Dataset, str]:
    """Answers, and the Python text that reads them."""
    book = codebook_of(data, codebook)
    if not book.is_file():
        raise ValueError(f"there is no codebook {str(book)!r}; write one with: sapa init {data}")
    text = python_call("sapa.read", read, repr(str(data)), codebook=str(book), drop=drop)
    with working(f"reading {data.name}"):
        return read(data, codebook=str(book), drop=drop), text


def python_call(name: str, function: Callable[..., Any], *positional: str, **options: Any) -> str:
    """Python text of a call; options that have their default value are left out.

    Examples
    --------
    >>> python_call("sapa.read", read, "'a.csv'", codebook="a.toml", drop=False)
    "sapa.read('a.csv', codebook='a.toml')"
    """
    default = {key: part.default for key, part in inspect.signature(function).parameters.items()}
    told = [f"{key}={_literal(value)}" for key, value in options.items() if value != default[key]]
    return f"{name}({', '.join([*positional, *told])})"


def _literal(value: object) -> str:
    """Python text of a value; infinity has no name of its own."""
    return f"float({str(value)!r})" if isinstance(value, float) and not isfinite(value) else repr(value)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Spinner on standard error while a step runs; silent when that is no terminal."""
    if not sys.stderr.isatty():
        yield
        return
    with Console(stderr=True).status(what):
        yield


def show(table: pd.DataFrame, *, call: str, as_json: bool, out: Path | None) -> None:
    """Table on standard output or in a file, and the Python call that makes it on standard error.

    On a terminal the table is laid out and rounded; in a pipe it is CSV with every digit.
    """
    notes = {key: value for key, value in table.attrs.items() if value not in ("", [], None)}
    if out is not None:
        _write(table, notes, call, out)
    if as_json:
        print(json_text(table, notes, call))
    elif out is None and sys.stdout.isatty():
        _laid_out(table, notes)
    elif out is None:
        table.to_csv(sys.stdout, index=False, lineterminator="\n")
    if "caution" in notes:
        print(f"caution: {notes['caution']}", file=sys.stderr)
    print(f"Python: {call}", file=sys.stderr)


def json_text(table: pd.DataFrame, notes: Mapping[str, Any], call: str) -> str:
    """JSON of a table; blank and infinite numbers are null."""
    rows = json.loads(table.to_json(orient="records", double_precision=15))
    notes = {key: None if value in (float("inf"), float("-inf")) else value for key, value in notes.items()}
    return json.dumps({"python": call, "notes": notes, "rows": rows}, ensure_ascii=False, indent=1)


def _write(table: pd.DataFrame, notes: Mapping[str, Any], call: str, out: Path) -> None:
    kind = out.suffix.lower()
    if kind not in WRITERS:
        raise ValueError(f"out must end in one of {WRITERS}, got {out.name!r}; choose one of these")
    if out.is_dir() or out.is_symlink():
        raise ValueError(f"out must be a file, got {str(out)!r}, which is none; choose another name")
    if kind == ".csv":
        write_csv(table, out)
    elif kind == ".xlsx":
        about = pd.DataFrame({"what": [*notes, "python"], "value": [*map(str, notes.values()), call]})
        write_xlsx({"table": table, "about": about}, out)
    else:
        with whole_file(out) as fresh:
            fresh.write_text(json_text(table, notes, call) + "\n", encoding="utf-8")
    print(f"wrote {out}", file=sys.stderr)


def _laid_out(table: pd.DataFrame, notes: Mapping[str, Any]) -> None:
    rounded = table.copy()
    for name in rounded.select_dtypes("float").columns:
        rounded[name] = rounded[name].map(lambda value: "" if pd.isna(value) else f"{value:.3f}")
    print(rounded.to_string(index=False, na_rep=""))
    for key, value in notes.items():
        if key != "caution":  # said anyway
            print(f"{key}: {value}", file=sys.stderr)
