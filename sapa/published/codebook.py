"""The codebook: what every column of every published table means and which values it may hold."""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Kind = Literal["id", "figure", "count", "rank", "year", "line", "flag", "text", "note"]
NUMERIC: frozenset[Kind] = frozenset({"figure", "count", "rank", "year", "line"})


@dataclass(frozen=True, slots=True)
class Column:
    """Meaning of a column and the values it may hold.

    Attributes
    ----------
    kind
        What the column is; ids are known by the table `of`.
    label, unit
        In English; figures keep the unit that the report prints.
    minimum, maximum
        Range of a number, both ends included.
    decimals
        Digits after the point that the report prints.
    also
        Numbers outside the range that the report prints with a meaning of their own.
    among, words
        The only words of a text; words that may stand in a column of numbers, such as ``total``.
    pattern
        Regular expression of an id in the table that knows it.
    blank
        What a blank means; empty where a blank is an error.
    """

    name: str
    kind: Kind
    label: str
    unit: str = ""
    of: str = ""
    minimum: float = -float("inf")
    maximum: float = float("inf")
    decimals: int | None = None
    also: tuple[float, ...] = ()
    among: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    pattern: str = ""
    blank: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A published table: where the report prints it, its keys, its columns and its number of rows.

    Attributes
    ----------
    lines
        Lines of the report's text; empty where each row says its own in ``source_line``, or where the table
        is not the report's.
    """

    name: str
    report: str
    rows: int
    keys: tuple[str, ...]
    columns: dict[str, Column] = field(hash=False)
    layout: Literal["cells", "rows"] = "cells"
    lines: str = ""


@cache
def codebook() -> dict[str, Table]:
    """Every published table by name.

    Examples
    --------
    >>> codebook()["service_ranking_2020"].report
    'Table 8'
    >>> codebook()["criteria"].columns["mean_score"].blank
    'nobody rated the criterion'
    """
    text = files("sapa.published").joinpath("codebook.toml").read_text(encoding="utf-8")
    book = tomllib.loads(text)
    return {name: _table(name, entry, book["columns"]) for name, entry in book["tables"].items()}


def _table(name: str, entry: dict[str, Any], shared: dict[str, dict[str, Any]]) -> Table:
    columns = {}
    for column in entry["columns"]:
        facts = shared[column] | entry.get("narrowed", {}).get(column, {})
        facts |= {"blank": entry.get("blank", {}).get(column, "")}
        facts |= {key: tuple(facts[key]) for key in ("among", "words", "also") if key in facts}
        columns[column] = Column(name=column, **facts)
    return Table(
        name,
        entry["report"],
        entry["rows"],
        tuple(entry["keys"]),
        columns,
        entry.get("layout", "cells"),
        entry.get("lines", ""),
    )
