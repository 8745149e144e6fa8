"""The page of benchmarks: every row beside its bound, every topic measured."""

import re
from pathlib import Path

from benchmarks.page import digits, machine, page

ROOT = Path(__file__).parents[1]
ROW = {"topic": "ranks", "work": "70 ranks", "ours_ms": 57.719, "bound": "promised", "bound_ms": 100.0}
ROW |= {"ratio": 0.57719, "note": "three runs"}


def test_a_row_stands_beside_its_bound_under_its_topic():
    text = page([ROW], {"ranks": "What rank sets cost.", "sampling": "What samples cost."})
    assert "## Ranks\n\nWhat rank sets cost.\n" in text
    assert "| 70 ranks | 57.7 | promised | 100 | 0.577 | three runs |" in text
    assert "Sampling" not in text  # nothing of it ran


def test_times_keep_three_digits():
    assert [digits(value) for value in (0.16, 5.07, 78.11, 19084.0, 1.0, 0.00000123)] == [
        "0.160",
        "5.07",
        "78.1",
        "19,084",
        "1.00",
        "1e-06",
    ]


def test_the_machine_is_a_class_and_versions_not_a_name():
    found = machine()
    assert re.match(r"\d+ cores \(", found["machine"])
    assert re.match(r"numpy \d", found["numpy"])
    assert "/" not in "".join(found.values())


def test_the_published_page_has_every_topic():
    """Write it anew after a new topic: python -m benchmarks --markdown docs/benchmarks.md."""
    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    topics = sorted(path.stem.removeprefix("bench_") for path in (ROOT / "benchmarks").glob("bench_*.py"))
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [topic.capitalize() for topic in topics]
