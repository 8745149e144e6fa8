"""The page docs/benchmarks.md: every benchmark beside its bound, and the machine that ran it."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from benchmarks.coverage_tables import markdown

PACKAGES = ("sapa", "numpy", "scipy", "pandas", "xarray")
PAGE = """# What the kernels cost

Written by `python -m benchmarks --markdown docs/benchmarks.md`; every figure is measured, none is typed.
Measured on {date}: {machine}.

Each line names its work, and sets our time beside a bound or a peer that ran in the same minutes on the same
machine. *promised*, *target* and *set here* are limits fixed beforehand in milliseconds; every other name is
work that was really done: the least that could give the answer, the plain way to it, or another package.
A ratio under 1 keeps within the bound, or is faster than the peer; a bound that is the least work possible
can only be approached from above. Times are of the processor, unless the note says otherwise. A peer that
was not installed (svy; R with `survey` and `sampling`) has no line.

{topics}"""


def page(rows: Sequence[dict], about: dict[str, str]) -> str:
    """Page in Markdown: a table for each topic, headed by what its module says of itself."""
    parts = []
    for topic, told in about.items():
        own = [table_row(row) for row in rows if row["topic"] == topic]
        if own:
            parts.append(f"## {topic.capitalize()}\n\n{told}\n\n{markdown(own)}\n")
    date = datetime.now(UTC).date().isoformat()
    return PAGE.format(date=date, machine=", ".join(machine().values()), topics="\n".join(parts))


def table_row(row: dict) -> dict[str, str]:
    """Cells of one line, times with three digits or whole milliseconds."""
    return {
        "work": row["work"],
        "ours, ms": digits(row["ours_ms"]),
        "bound or peer": row["bound"],
        "its ms": digits(row["bound_ms"]),
        "ratio": digits(row["ratio"]),
        "note": row["note"],
    }


def digits(value: float) -> str:
    """Three significant digits, and never fewer than the whole part has."""
    return f"{value:,.0f}" if value >= 100 else f"{value:#.3g}" if value >= 0.001 else f"{value:.1g}"


def machine() -> dict[str, str]:
    """Class of the machine and versions, without a name or a path."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found = {
        "machine": f"{cores} cores ({platform.machine()}, {platform.system()})",
        "python": f"Python {platform.python_version()}",
    }
    return found | {name: f"{name} {version(name)}" for name in PACKAGES}
