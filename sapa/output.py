"""Writing results: tables as files, and folders that appear whole or not at all."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from sapa.json_text import json_text
from sapa.spreadsheet_text import csv_text, for_sheet
from sapa.whole_file import TABLES, part_folder, sweep, whole_file, writable

MANIFEST = "manifest.json"
MOST_ROWS: Final = 2**20


@contextmanager
def whole_folder(path: str | os.PathLike[str], *, made_by: str) -> Iterator[Path]:
    """Folder to write into that takes the place of `path` only when the block ends well.

    What is written lies beside it under a hidden name until then. A writer that is killed leaves that hidden
    folder; the next one to write the same path takes it away once nothing in it is younger than an hour.

    Parameters
    ----------
    path
        Of the folder wanted. An older one of the same maker is replaced, if it holds nothing else.
    made_by
        Name of the maker, kept in the folder's manifest with the files written.

    Raises
    ------
    ValueError
        When something else lies at `path` or in it: nothing of the user's is ever overwritten.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "out"
    >>> with whole_folder(place, made_by="doctest") as folder:
    ...     _ = (folder / "a.txt").write_text("whole")
    >>> sorted(file.name for file in place.iterdir())
    ['a.txt', 'manifest.json']
    """
    target = Path(path).absolute()
    _refuse_foreign(target, made_by)
    fresh = part_folder(target)
    try:
        yield fresh
        manifest = {"made_by": made_by, "files": {name: _print_of(fresh / name) for name in _files(fresh)}}
        (fresh / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        fresh.chmod(0o755)
        _refuse_foreign(target, made_by)
        _swap(fresh, target)
        sweep(target)  # last, for one that was killed may have left the only older folder aside
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, target: Path) -> None:
    """Put the fresh folder in the place of the target; the old one comes back if that fails."""
    if not target.exists():
        fresh.replace(target)
        return
    aside = part_folder(target) / "old"
    try:
        target.replace(aside)
        fresh.replace(target)
    except BaseException:
        if aside.exists() and not target.exists():
            aside.replace(target)
        raise
    finally:
        shutil.rmtree(aside.parent, ignore_errors=True)


def _files(folder: Path) -> list[str]:
    """Files of a folder at any depth, but for the manifest."""
    found = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if not file.is_dir())
    return sorted(name for name in found if name != MANIFEST)


def _print_of(file: Path) -> str:
    """Fingerprint of a file's content; a link has none, for it is not ours."""
    return "" if file.is_symlink() else hashlib.sha256(file.read_bytes()).hexdigest()


def _refuse_foreign(target: Path, made_by: str) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise ValueError(f"out must be a folder, got {str(target)!r}, which is none; choose another")
    if not target.is_dir() or not any(target.iterdir()):
        return
    try:
        manifest = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
        maker, listed = manifest["made_by"], dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError):
        maker, listed = "others", {}
    foreign = [name for name in _files(target) if _print_of(target / name) != listed.get(name)]
    if maker != made_by or foreign:
        whose = f"the file {foreign[0]!r}" if foreign else f"files of {maker}"
        raise ValueError(
            f"out must be a new or empty folder or one made by {made_by!r} alone, got {str(target)!r} "
            f"with {whose}, new or changed since; choose another folder or move what is yours"
        )


def write(table: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Table in a file, with what it assumes where the format has a place for it.

    Parameters
    ----------
    table
        Of results; its ``attrs`` say what was assumed.
    path
        Ends in ``.csv`` (the table alone), ``.xlsx`` (sheets *table* and *about*) or ``.json`` (``rows`` and
        ``notes``). Written whole or not at all; an older file is replaced.

    Raises
    ------
    ValueError
        When the name ends otherwise, or what is there is a folder or a link.
    """
    place = writable(path, TABLES)
    notes = notes_of(table)
    if place.suffix.lower() == ".csv":
        write_csv(table, place)
    elif place.suffix.lower() == ".xlsx":
        about = pd.DataFrame({"what": [*notes], "value": [str(note) for note in notes.values()]})
        write_xlsx({"table": table, "about": about}, place)
    else:
        with whole_file(place) as fresh:
            fresh.write_text(json_text({"notes": notes, "rows": table}) + "\n", encoding="utf-8")


def notes_of(table: pd.DataFrame) -> dict[str, Any]:
    """What a table of results says of itself: its attributes that are not empty."""
    return {
        str(key): value for key, value in table.attrs.items() if value is not None and value not in ("", [])
    }


def write_csv(frame: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """CSV in UTF-8, whole or not at all; see :func:`sapa.spreadsheet_text.csv_text`."""
    with whole_file(path) as fresh:
        fresh.write_text(csv_text(frame), encoding="utf-8", newline="")


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
        When a sheet name or a table is too long for a workbook.
    """
    book = Workbook()
    book.remove(book.active)
    for name, frame in tables.items():
        if len(name) > 31:
            raise ValueError(f"tables must have names of 31 characters at most, got {name!r}; shorten it")
        if len(frame) >= MOST_ROWS:
            raise ValueError(f"a sheet holds fewer than {MOST_ROWS:,} rows, got {len(frame):,}; write .csv")
        _sheet(book.create_sheet(name), for_sheet(frame))
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
