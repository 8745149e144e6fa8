"""Files that appear whole or not at all."""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

#: Files of answers, and of tables, that can be written.
ANSWERS: Final = (".csv", ".xlsx", ".parquet")
TABLES: Final = (".csv", ".xlsx", ".json")
_MARK: Final = "~sapa~"
#: A part-file that has not been written to for so many seconds has lost its writer.
ABANDONED: Final = 3600


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Path to write to that takes the place of `path` only when the block ends well.

    What is written lies beside it under a hidden name until then. A writer that is killed leaves that hidden
    file; the next one to write the same path takes it away once it is an hour old.

    Examples
    --------
    >>> place = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with whole_file(place) as fresh:
    ...     _ = fresh.write_text("whole")
    ...     place.exists()
    False
    >>> [file.name for file in place.parent.iterdir()]
    ['a.txt']
    """
    target = Path(path).absolute()
    with _told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target)
        handle, name = tempfile.mkstemp(*_beside(target))
    os.close(handle)
    fresh = Path(name)
    try:
        yield fresh
        fresh.chmod(0o644)
        _to_disk(fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def writable(path: str | os.PathLike[str], endings: tuple[str, ...]) -> Path:
    """Path of a file to write, of a kind that can be written.

    Raises
    ------
    ValueError
        When it ends otherwise, or what is there is no plain file.

    Examples
    --------
    >>> writable("table.doc", (".csv", ".xlsx"))
    Traceback (most recent call last):
    ValueError: out must end in .csv or .xlsx, got 'table.doc'; choose another name
    """
    place = Path(path)
    if place.suffix.lower() not in endings:
        raise ValueError(f"out must end in {' or '.join(endings)}, got {place.name!r}; choose another name")
    if place.is_symlink() or (place.exists() and not place.is_file()):
        raise ValueError(f"out must be a file, got {str(path)!r}, which is none; choose another name")
    return place


def _to_disk(file: Path) -> None:
    """Wait until a file's content is on the disk, lest after a power cut the name is there without it."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def part_folder(target: Path) -> Path:
    """New hidden folder beside a target, which :func:`sweep` takes away should its writer be killed."""
    with _told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(*_beside(target)))


def _beside(target: Path) -> tuple[str, str, Path]:
    """Suffix, prefix and folder of hidden names beside a target."""
    return target.suffix, f".{target.stem}{_MARK}", target.parent


@contextmanager
def _told(target: Path) -> Iterator[None]:
    """Name the target, not what lies beside it, where nothing can be written."""
    try:
        yield
    except OSError as error:
        raise type(error)(
            f"out must be in a folder that can be written, got {str(target)!r}: {error.strerror}; "
            "choose another"
        ) from error


def sweep(target: Path) -> None:
    """Take away what killed writers of the same file or folder left."""
    own = re.compile(rf"\.{re.escape(target.stem)}{_MARK}[a-z0-9_]+{re.escape(target.suffix)}")
    for entry in os.scandir(target.parent):
        if own.fullmatch(entry.name):
            with suppress(OSError):  # another writer may be faster
                if time.time() - _last_written(Path(entry.path)) > ABANDONED:
                    if entry.is_dir(follow_symlinks=False):
                        shutil.rmtree(entry.path)
                    else:
                        os.unlink(entry.path)


def _last_written(part: Path) -> float:
    """Time of the last write to a file, or to a folder and what is in it at any depth."""
    inside = part.rglob("*") if part.is_dir() and not part.is_symlink() else ()
    return max(float(place.lstat().st_mtime) for place in (part, *inside))
