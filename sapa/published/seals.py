"""Seals: a checksum of every row and every column of each published table, as released.

A figure exchanged for another one within its range breaks no rule of the codebook. It breaks the checksum of
its row and of its column, which together say where it stands. ``python -m sapa.published`` writes the seals
anew after a change that is meant.
"""

import tomllib
import zlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import pandas as pd

MEANT = "or seal a change that is meant with python -m sapa.published"
RULE = "must be as released (its checksum differs)"
SEALS = "seals.toml"
NAMED = 5

Sums = tuple[str, ...]


def seal(text: pd.DataFrame) -> tuple[Sums, Sums]:
    """Checksums of the rows and of the columns of a table of text.

    Examples
    --------
    >>> rows, columns = seal(pd.DataFrame({"a": ["1", "2"], "b": ["3", "4"]}))
    >>> len(rows), len(columns)
    (2, 2)
    """
    rows = tuple(_sum(cells) for cells in text.itertuples(index=False))
    return rows, tuple(_sum(text[name]) for name in text.columns)


def changed(name: str, text: pd.DataFrame) -> tuple[list[int], list[str]]:
    """Rows (from 0) and columns that differ from the release: all of a table without a seal of its size.

    Examples
    --------
    >>> from sapa.published import printed
    >>> text = printed("yearly")
    >>> text.loc[2, "mean_score"] = "4.99"
    >>> changed("yearly", text)
    ([2], ['mean_score'])
    """
    rows, columns = seal(text)
    known_rows, known_columns = _seals().get(name, ((), ()))
    if (len(known_rows), len(known_columns)) != text.shape:
        return list(range(len(text))), list(text.columns)
    odd_rows = [k for k, pair in enumerate(zip(rows, known_rows, strict=True)) if pair[0] != pair[1]]
    odd_columns = [c for c, was, now in zip(text.columns, known_columns, columns, strict=True) if was != now]
    return odd_rows, odd_columns


def place(rows: list[int], columns: list[str]) -> str:
    """Where the changed cells stand, in words; of many rows or columns the first few.

    >>> place([2], ["mean_score"]), place([0, 4], ["rank"])
    ('row 3, column mean_score', 'rows 1 and 5, column rank')
    """
    return f"{_listed('row', [row + 1 for row in rows])}, {_listed('column', columns)}"


def toml(tables: dict[str, pd.DataFrame]) -> str:
    """The seals of tables of text as a TOML file."""
    head = "# CRC-32 of every column and row of the published tables, written by python -m sapa.published"
    return head + "\n" + "".join(_entry(name, text) for name, text in tables.items())


def _entry(name: str, text: pd.DataFrame) -> str:
    rows, columns = seal(text)
    lines = (" ".join(rows[k : k + 12]) for k in range(0, len(rows), 12))
    body = "\n".join(lines)
    return f'\n[{name}]\ncolumns = "{" ".join(columns)}"\nrows = """\n{body}\n"""\n'


@cache
def _seals() -> dict[str, tuple[Sums, Sums]]:
    found = tomllib.loads(files("sapa.published").joinpath(SEALS).read_text(encoding="utf-8"))
    return {name: (tuple(e["rows"].split()), tuple(e["columns"].split())) for name, e in found.items()}


def _sum(cells: Iterable[str]) -> str:
    return f"{zlib.crc32(chr(31).join(cells).encode()):08x}"


def _listed(noun: str, names: list[str] | list[int]) -> str:
    *most, last = [str(name) for name in names[:NAMED]]
    said = f"{', '.join(most)} and {last}" if most else last
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{noun}{'s' if most else ''} {said}{more}"
