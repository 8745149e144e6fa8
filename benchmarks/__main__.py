"""Run the benchmarks: ``python -m benchmarks [TOPIC ...] [--json FILE]``."""

import argparse
import importlib
import json
import platform
import sys
from pathlib import Path

import numpy as np


def main() -> None:
    """Run the topics asked for, all by default; a table on standard output, JSON in the file."""
    topics = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("topics", nargs="*", help=f"any of {', '.join(topics)}")
    parser.add_argument("--json", type=Path, help="also write the rows here")
    chosen = parser.parse_args()
    if unknown := sorted(set(chosen.topics) - set(topics)):
        parser.error(f"topics must be among {topics}, got {unknown}")
    rows = []
    for topic in chosen.topics or topics:
        print(f"{topic} ...", file=sys.stderr, flush=True)
        module = importlib.import_module(f"benchmarks.bench_{topic}")
        rows += [{"topic": topic, "note": "", **row} for row in module.run()]
    show(rows)
    if chosen.json:
        machine = {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "machine": platform.machine(),
        }
        chosen.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1), encoding="utf-8")


def show(rows: list[dict]) -> None:
    """Print one line a row: ours, the bound or peer, their ratio."""
    for row in rows:
        bound = row.get("bound") or row.get("peer") or ""
        print(
            f"{row['topic']:>12}  {row['work'][:70]:<70} {row['ours_ms']:>10,.2f} ms"
            f"  {bound[:34]:<34} {row.get('bound_ms', float('nan')):>10,.2f} ms"
            f"  x{row.get('ratio', float('nan')):,.2f}  {row['note'][:60]}"
        )


if __name__ == "__main__":
    main()
