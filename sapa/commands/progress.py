"""Progress on standard error: a bar on a terminal, one line a stage elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from sapa.reproduction import Stage


@contextmanager
def shown() -> Iterator[Stage]:
    """Callback that shows each stage of a long job while it runs."""
    if not sys.stderr.isatty():
        yield _plain()
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)

        def stage(share: float, text: str) -> None:
            bar.update(task, description=text, completed=share)

        yield stage


def _plain() -> Stage:
    """Stages as lines with the seconds since the start, at most one every two seconds."""
    start = time.monotonic()
    due = [start]

    def stage(share: float, text: str) -> None:
        now = time.monotonic()
        if now >= due[0]:
            print(f"{now - start:6.1f} s  {share:4.0%}  {text}", file=sys.stderr, flush=True)
            due[0] = now + 2

    return stage
