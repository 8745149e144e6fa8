"""Writing results: folders and files appear whole or not at all."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

MANIFEST = "manifest.json"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@contextmanager
def whole_folder(path: str | os.PathLike[str], *, made_by: str) -> Iterator[Path]:
    """Folder to write into that takes the place of `path` only when the block ends well.

    Parameters
    ----------
    path
        Of the folder wanted. An older one of the same maker is replaced.
    made_by
        Name of the maker, kept in the folder's manifest.

    Raises
    ------
    ValueError
        When something else already lies at `path`: nothing of the user's is ever overwritten.

    Examples
    --------
    >>> place = Path(tempfile.mkdtemp()) / "out"
    >>> with whole_folder(place, made_by="doctest") as folder:
    ...     _ = (folder / "a.txt").write_text("whole")
    >>> sorted(file.name for file in place.iterdir())
    ['a.txt', 'manifest.json']
    """
    target = Path(path).absolute()
    _refuse_foreign(target, made_by)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield fresh
        (fresh / MANIFEST).write_text(json.dumps({"made_by": made_by}) + "\n", encoding="utf-8")
        fresh.chmod(0o755)
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        if target.exists():
            target.replace(old / "old")
        fresh.replace(target)
        shutil.rmtree(old)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _refuse_foreign(target: Path, made_by: str) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise ValueError(f"out must be a folder, got {str(target)!r}, which is none; choose another")
    if target.is_dir() and any(target.iterdir()):
        try:
            maker = json.loads((target / MANIFEST).read_text(encoding="utf-8"))["made_by"]
        except (OSError, ValueError, KeyError, TypeError):
            maker = "others"
        if maker != made_by:
            raise ValueError(
                f"out must be a new or empty folder or one made by {made_by!r}, got {str(target)!r} "
                f"with files of {maker}; choose another or empty it"
            )


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Path to write to that takes the place of `path` only when the block ends well."""
    target = Path(path).absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.stem}.", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    fresh = Path(name)
    try:
        yield fresh
        fresh.chmod(0o644)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def write_csv(frame: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """CSV in UTF-8, whole or not at all; text that a spreadsheet would run is quoted with an apostrophe."""
    with whole_file(path) as fresh:
        _harmless(frame).to_csv(fresh, index=False, lineterminator="\n")


def write_xlsx(tables: Mapping[str, pd.DataFrame], path: str | os.PathLike[str]) -> None:
    """Workbook with one sheet a table: header in bold and frozen, filters, widths that fit.

    Parameters
    ----------
    tables
        By sheet name, 31 characters at most.
    path
        Of the file, written whole or not at all.

    Raises
    ------
    ValueError
        When a sheet name is too long for a workbook.
    """
    book = Workbook()
    book.remove(book.active)
    for name, frame in tables.items():
        if len(name) > 31:
            raise ValueError(f"tables must have names of 31 characters at most, got {name!r}; shorten it")
        _sheet(book.create_sheet(name), _harmless(frame))
    with whole_file(path) as fresh:
        book.save(fresh)


def _sheet(sheet: Any, frame: pd.DataFrame) -> None:
    sheet.append(list(frame.columns))
    for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False):
        sheet.append(list(row))
    for cell in sheet[1]:
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    for number, column in enumerate(frame.columns, start=1):
        longest = frame[column].astype(str).str.len().max() if len(frame) else 0
        sheet.column_dimensions[get_column_letter(number)].width = min(
            60, max(10, len(str(column)), longest) + 2
        )


def _harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """Same table with text that begins like a formula made plain text."""
    text = frame.select_dtypes(include=["object", "string", "category"]).columns
    return frame.assign(**{column: frame[column].map(_plain) for column in text})


def _plain(value: Any) -> Any:
    """Value as a spreadsheet may show it: text that begins like a formula gets an apostrophe, numbers do not.

    >>> _plain("=1+1"), _plain("-0.19"), _plain("Q")
    ("'=1+1", '-0.19', 'Q')
    """
    if isinstance(value, str) and value.startswith(_FORMULA):
        try:
            float(value)
        except ValueError:
            return "'" + value
    return value
