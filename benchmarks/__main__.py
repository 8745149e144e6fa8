"""Run the benchmarks: ``python -m benchmarks [TOPIC ...] [--json FILE] [--markdown FILE]``."""

import argparse
import importlib
import json
import sys
from pathlib import Path

from benchmarks.page import machine, page


def main() -> None:
    """Run the topics asked for, all by default; a table on standard output, JSON and a page in the files."""
    topics = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("topics", nargs="*", help=f"any of {', '.join(topics)}")
    parser.add_argument("--json", type=Path, help="also write the rows here")
    parser.add_argument("--markdown", type=Path, help="also write the page of the documentation here")
    chosen = parser.parse_args()
    if unknown := sorted(set(chosen.topics) - set(topics)):
        parser.error(f"topics must be among {topics}, got {unknown}")
    rows, about = [], {}
    for topic in chosen.topics or topics:
        print(f"{topic} ...", file=sys.stderr, flush=True)
        module = importlib.import_module(f"benchmarks.bench_{topic}")
        about[topic] = str(module.__doc__)
        rows += [{"topic": topic, "note": "", **row} for row in module.run()]
    show(rows)
    if chosen.json:
        chosen.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1), encoding="utf-8")
    if chosen.markdown:
        chosen.markdown.write_text(page(rows, about), encoding="utf-8")


def show(rows: list[dict]) -> None:
    """Print one line a row: ours, the bound or peer, their ratio."""
    for row in rows:
        print(
            f"{row['topic']:>12}  {row['work'][:70]:<70} {row['ours_ms']:>10,.2f} ms  {row['bound'][:34]:<34}"
            f" {row['bound_ms']:>10,.2f} ms  x{row['ratio']:,.2f}  {row['note'][:60]}"
        )


if __name__ == "__main__":
    main()
