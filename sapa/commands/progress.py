"""Progress on standard error: a bar on a terminal, nothing elsewhere unless it is asked for."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sapa.reproduction import Stage

ShowProgress = Annotated[
    bool | None,
    typer.Option(
        "--progress/--no-progress",
        help="Progress on standard error; by default where that is a terminal.",
        show_default=False,
    ),
]


@contextmanager
def shown(progress: bool | None = None) -> Iterator["Stage"]:
    """Callback that shows each stage of a long job while it runs.

    Parameters
    ----------
    progress
        Whether it shows anything; by default where standard error is a terminal. Elsewhere one line a stage.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    terminal = sys.stderr.isatty()
    if not (terminal if progress is None else progress):
        yield lambda share, text: None
        return
    if not terminal:
        yield _plain()
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)

        def stage(share: float, text: str) -> None:
            bar.update(task, description=text, completed=share)

        yield stage


def _plain() -> "Stage":
    """Stages as lines with the seconds since the start, at most one every two seconds."""
    start = time.monotonic()
    due = [start]

    def stage(share: float, text: str) -> None:
        now = time.monotonic()
        if now >= due[0]:
            print(f"{now - start:6.1f} s  {share:4.0%}  {text}", file=sys.stderr, flush=True)
            due[0] = now + 2

    return stage
