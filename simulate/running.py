"""Working through the chunks of a study, here or on a cluster."""

import sys
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from time import monotonic
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Values = dict[str, NDArray[np.float64]]
IN_FLIGHT: Final = 3  # chunks a thread of the cluster: it never waits, and the graph never grows
LOOK: Final = 2.0  # seconds between looks at how many threads the cluster has now


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
    widths: Mapping[str, int] | None = None,
) -> None:
    """Hand each chunk to `keep` as it is done; `widths` are the domains of the answers kept before.

    Raises
    ------
    StudyError
        When a replicate fails, or answers in another shape than the others, after what came before it in its
        chunk was kept.
    """
    results = on_client(client, study, seed, spans) if client is not None else here(study, seed, spans)
    total = sum(len(span) for span in spans)
    with closing(results), _shown(study.name, total, progress) as advance:
        for chunk in results:
            if len(chunk.span):
                widths = widths or widths_of(chunk.values)
                if odd := difference(chunk.values, widths):
                    raise StudyError(_message(study.name, chunk.span.start, seed, f"ValueError: {odd}"))
                keep(chunk)
            if chunk.error:
                raise StudyError(chunk.error)
            advance(len(chunk.span))


def here(study: Runnable, seed: int, spans: Sequence[range]) -> Generator[Chunk]:
    """Chunks one after the other in this process."""
    for span in spans:
        yield chunk(study, seed, span)


def on_client(client: Any, study: Runnable, seed: int, spans: Sequence[range]) -> Generator[Chunk]:
    """Chunks as a cluster finishes them.

    The study travels once, as a task of its own that every chunk depends on: a worker that dies takes nothing
    with it that the scheduler cannot make again. At most :data:`IN_FLIGHT` chunks a thread are known to
    the scheduler, however long the run; workers that join later are given theirs.
    """
    import dask.distributed  # only here: a study runs without Dask

    as_they_end: Any = dask.distributed.as_completed
    whole = client.submit(_same, study, pure=False)
    waiting = iter(spans)
    in_flight: dict[Any, range] = {}
    threads = _threads(client)

    def submit() -> list[Any]:
        room = max(IN_FLIGHT * next(threads) - len(in_flight), 0)
        fresh = {client.submit(chunk, whole, seed, s, pure=False): s for s in islice(waiting, room)}
        in_flight.update(fresh)
        return list(fresh)

    running = as_they_end(submit())
    try:
        for future in running:
            span = in_flight.pop(future)
            try:
                done = future.result()
            except Exception as error:  # workers died of it, again and again, or could not be reached
                within = f"replicates {span.start}..{span.stop - 1}, or on others that it held"
                reason = f"a worker failed on {within}: {error!r}"
                done = Chunk(
                    range(span.start, span.start), {}, _message(study.name, span.start, seed, reason)
                )
            yield done
            future.release()
            for fresh in submit():
                running.add(fresh)
    finally:
        client.cancel([*in_flight, whole])


def chunk(study: Runnable, seed: int, span: range) -> Chunk:
    """Answers for a span; where a replicate fails, those before it and how to draw it again."""
    try:
        return Chunk(span, study.estimate(span, seed=seed))
    except Exception:  # any failure of a caller's estimator is reported with its replicate
        failed = traceback.format_exc(limit=-3)
    done: list[Values] = []
    widths: dict[str, int] = {}
    for replicate in span:
        try:
            widths = widths or widths_of(study.estimate(range(1), seed=seed))
            values = study.estimate(range(replicate, replicate + 1), seed=seed)
            if odd := difference(values, widths):
                raise ValueError(odd)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            failed = traceback.format_exc(limit=-3)
            break
        done.append(values)
    else:
        replicate, reason = span.start, f"replicates {span.start}..{span.stop - 1} fail together only"
        done = []
    before = range(span.start, span.start + len(done))
    joined = {name: np.concatenate([part[name] for part in done]) for name in done[0]} if done else {}
    return Chunk(before, joined, f"{_message(study.name, replicate, seed, reason)}\n{failed}")


def widths_of(values: Values) -> dict[str, int]:
    """Number of domains of each answer."""
    return {name: table.shape[1] for name, table in values.items()}


def difference(values: Values, widths: Mapping[str, int]) -> str:
    """How answers depart in names and domains from those of other replicates; empty where they do not."""
    found = widths_of(values)
    odd = sorted(name for name in {**found, **widths} if found.get(name) != widths.get(name))
    if not odd:
        return ""
    here, elsewhere = (of.get(odd[0], "none") for of in (found, widths))
    return (
        f"an estimator must give {odd[0]!r} for the same domains in every replicate, "
        f"got {here} domains in this one and {elsewhere} in others"
    )


def _message(name: str, replicate: int, seed: int, reason: str) -> str:
    return (
        f"scenario {name!r}, replicate {replicate}, seed {seed}: {reason}\n"
        f"Draw it again with study.draw(range({replicate}, {replicate + 1}), seed={seed})."
    )


def _threads(client: Any) -> Iterator[int]:
    """Threads of the cluster, at least one, asked for again every few seconds."""
    due, number = -LOOK, 1
    while True:
        if monotonic() >= due:
            due, number = monotonic() + LOOK, max(sum(client.nthreads().values()), 1)
        yield number


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
