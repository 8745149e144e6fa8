"""Working through the chunks of a study, here or on a cluster."""

import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Values = dict[str, NDArray[np.float64]]
IN_FLIGHT: Final = 3  # chunks a thread of the cluster: it never waits, and the graph never grows


class StudyError(RuntimeError):
    """A replicate could not be drawn or estimated; the message says how to draw it again."""


class Runnable(Protocol):
    """What a worker needs of a study."""

    @property
    def name(self) -> str:
        """Name of the scenario."""
        ...

    def estimate(self, span: range, *, seed: int) -> Values:
        """Answers for some replicates."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Answers for the replicates of a span; shorter than asked, with an error, where one failed."""

    span: range
    values: Values
    error: str = ""


def chunks_of(replicates: int, size: int, done: Sequence[range]) -> list[range]:
    """Spans of `size` that are not done yet; a span done in part is done anew, whole.

    Examples
    --------
    >>> chunks_of(10, 4, [range(0, 4), range(4, 6)])
    [range(4, 8), range(8, 10)]
    """
    if size < 1:
        raise ValueError(f"chunk must be at least 1, got {size}")
    ends = {span.start: span.stop for span in done}
    wanted = [range(start, min(start + size, replicates)) for start in range(0, replicates, size)]
    return [span for span in wanted if ends.get(span.start, 0) < span.stop]


def run_chunks(
    study: Runnable,
    seed: int,
    spans: Sequence[range],
    client: Any,
    progress: bool | None,
    keep: Callable[[Chunk], object],
) -> None:
    """Hand each chunk to `keep` as it is done.

    Raises
    ------
    StudyError
        When a replicate fails, after what came before it in its chunk was kept.
    """
    results = on_client(client, study, seed, spans) if client is not None else here(study, seed, spans)
    total = sum(len(span) for span in spans)
    with _shown(study.name, total, progress) as advance:
        for chunk in results:
            if len(chunk.span):
                keep(chunk)
            if chunk.error:
                raise StudyError(chunk.error)
            advance(len(chunk.span))


def here(study: Runnable, seed: int, spans: Sequence[range]) -> Iterator[Chunk]:
    """Chunks one after the other in this process."""
    return (chunk(study, seed, span) for span in spans)


def on_client(client: Any, study: Runnable, seed: int, spans: Sequence[range]) -> Iterator[Chunk]:
    """Chunks as a cluster finishes them.

    The study travels once, as a task of its own that every chunk depends on: a worker that dies takes nothing
    with it that the scheduler cannot make again. At most :data:`IN_FLIGHT` chunks a thread are known to
    the scheduler, however long the run.
    """
    import dask.distributed  # only here: a study runs without Dask

    as_they_end: Any = dask.distributed.as_completed
    whole = client.submit(_same, study, pure=False)
    waiting = iter(spans)
    width = IN_FLIGHT * max(sum(client.nthreads().values()), 1)

    def submit() -> list[Any]:
        span = next(waiting, None)
        return [] if span is None else [client.submit(chunk, whole, seed, span, pure=False)]

    running = as_they_end([future for _ in range(width) for future in submit()])
    try:
        for future in running:
            yield future.result()
            future.release()
            for fresh in submit():
                running.add(fresh)
    finally:
        client.cancel([*running.futures, whole])


def chunk(study: Runnable, seed: int, span: range) -> Chunk:
    """Answers for a span; where a replicate fails, those before it and how to draw it again."""
    try:
        return Chunk(span, study.estimate(span, seed=seed))
    except Exception:  # any failure of a caller's estimator is reported with its replicate
        failed = traceback.format_exc(limit=-3)
    done: list[Values] = []
    for replicate in span:
        try:
            done.append(study.estimate(range(replicate, replicate + 1), seed=seed))
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            failed = traceback.format_exc(limit=-3)
            break
    else:
        replicate, reason = span.start, f"replicates {span.start}..{span.stop - 1} fail together only"
        done = []
    before = range(span.start, span.start + len(done))
    values = {name: np.concatenate([part[name] for part in done]) for name in done[0]} if done else {}
    message = (
        f"scenario {study.name!r}, replicate {replicate}, seed {seed}: {reason}\n"
        f"Draw it again with study.draw(range({replicate}, {replicate + 1}), seed={seed}).\n{failed}"
    )
    return Chunk(before, values, message)


def _same(study: Runnable) -> Runnable:
    return study


@contextmanager
def _shown(name: str, total: int, progress: bool | None) -> Iterator[Callable[[int], None]]:
    """Progress with rate and time left on stderr, or silence."""
    if not (sys.stderr.isatty() if progress is None else progress) or not total:
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=total, rate="")

        def advance(number: int) -> None:
            bar.advance(task, number)
            speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
            bar.update(task, rate=f"{speed:.0f} replicates/s" if speed else "")

        yield advance
