"""A folder that keeps a study's replicates, chunk by chunk, through any interruption."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

HEADER: Final = "study.json"
LOCK: Final = ".lock"
NAME: Final = re.compile(r"replicates-(\d{9,})-(\d{9,})\.parquet")
Values = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Store:
    """Replicates of one study under one seed: one Parquet file a chunk, written whole or not at all.

    Attributes
    ----------
    folder
        Where the files lie: ``study.json`` and ``replicates-START-STOP.parquet`` with one row a replicate.
    chunk
        Replicates a chunk.
    """

    folder: Path
    chunk: int

    @classmethod
    def opened(
        cls,
        folder: str | os.PathLike[str],
        *,
        fingerprint: str,
        name: str,
        seed: int,
        chunk: int | None,
        usual: int,
    ) -> Self:
        """Store to write to, new or continued.

        Raises
        ------
        ValueError
            When the folder holds something else, another study's replicates, or other chunks.
        """
        path = Path(folder)
        if path.exists() and not path.is_dir():
            raise ValueError(f"store {path} must be a folder; choose another place")
        header = path / HEADER
        if header.exists():
            known = _header(header)
            if known["fingerprint"] != fingerprint or known["seed"] != seed:
                raise ValueError(
                    f"store {path} holds study {known['name']!r} (seed {known['seed']}, fingerprint "
                    f"{known['fingerprint'][:12]}), not {name!r} (seed {seed}, fingerprint "
                    f"{fingerprint[:12]}); study, seed or version differ: choose another folder"
                )
            if chunk not in (None, known["chunk"]):
                raise ValueError(
                    f"chunk must be {known['chunk']}, as in the store {path}, got {chunk}; leave it out"
                )
            return cls(path, known["chunk"])
        if path.exists() and any(entry.name != LOCK and not _partial(entry) for entry in path.iterdir()):
            raise ValueError(f"store {path} must be empty or a study's store; choose another folder")
        path.mkdir(parents=True, exist_ok=True)
        facts = {"name": name, "seed": seed, "chunk": chunk or usual, "fingerprint": fingerprint}
        _write_whole(header, (json.dumps(facts, indent=1, ensure_ascii=False) + "\n").encode())
        return cls(path, chunk or usual)

    @contextmanager
    def held(self) -> Iterator[None]:
        """The store locked against other writers; the lock ends with the process, however it ends."""
        with (self.folder / LOCK).open("w") as lock:
            try:
                import fcntl
            except ImportError:  # not POSIX: chunks are still written whole
                yield
                return
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ValueError(f"store {self.folder} is being written by another process; wait") from error
            for entry in self.folder.iterdir():
                if _partial(entry):
                    entry.unlink()
            yield

    def done(self) -> list[range]:
        """Replicates that the store holds, one range a file, in order."""
        names = [NAME.fullmatch(path.name) for path in self.folder.iterdir()]
        spans = [range(*map(int, name.groups())) for name in names if name]
        return sorted(spans, key=lambda span: (span.start, span.stop))

    def write(self, span: range, values: Values) -> None:
        """Add a chunk; shorter files of the same start go, once it is there."""
        columns: dict[str, pa.Array] = {"replicate": pa.array(np.arange(span.start, span.stop))}
        for name, table in values.items():
            flat = np.ascontiguousarray(table, dtype=np.float64).reshape(-1)
            columns[name] = pa.FixedSizeListArray.from_arrays(pa.array(flat), table.shape[1])
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table(columns), sink, compression="zstd")
        _write_whole(self._path(span), sink.getvalue().to_pybytes())
        for other in self.done():
            if other.start == span.start and other.stop < span.stop:
                self._path(other).unlink()

    def read(self, replicates: int) -> dict[str, NDArray[np.float64]]:
        """Values of the first replicates, one (replicates, domains) array a name."""
        parts = [self._table(span) for span in self.done() if span.start < replicates]
        out = {}
        for name in parts[0].column_names[1:]:
            blocks = [_matrix(part.column(name)) for part in parts]
            out[name] = np.concatenate(blocks)[:replicates]
        return out

    def widths(self) -> dict[str, int]:
        """Number of domains of each answer that the store holds; empty where it holds none."""
        for span in self.done():
            columns = self._table(span).schema
            return {field.name: field.type.list_size for field in columns if field.name != "replicate"}
        return {}

    def _table(self, span: range) -> pa.Table:
        try:
            return pq.read_table(self._path(span))
        except (OSError, pa.ArrowException) as error:
            raise ValueError(f"{self._path(span)} is damaged ({error}); delete it and run again") from error

    def _path(self, span: range) -> Path:
        return self.folder / f"replicates-{span.start:09d}-{span.stop:09d}.parquet"


def _header(path: Path) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if {"name", "seed", "chunk", "fingerprint"} <= set(known):
            return known
    except (OSError, json.JSONDecodeError, TypeError):
        pass
    raise ValueError(f"{path} must be a study's header; restore it or choose another folder")


def _matrix(column: pa.ChunkedArray) -> NDArray[np.float64]:
    whole = column.combine_chunks()
    values: NDArray[np.float64] = whole.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(len(whole), -1)


def _partial(path: Path) -> bool:
    return path.name.endswith(".partial")


def _write_whole(path: Path, content: bytes) -> None:
    """Write beside the place, flush to the disk, then rename: a reader sees all of it or nothing."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    with suppress(OSError):  # a folder cannot be flushed everywhere
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
