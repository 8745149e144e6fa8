"""Generated files and codebooks through check, read, estimate, rank and compare.

``python -m tests.sapa.fuzz_answers --inputs 10000`` prints the count. Each input ends in a result that an
independent computation confirms, or in a ValueError with one of the documented wordings (docs/own_data.md);
anything else is a failure, printed with the number of the input.
"""

import argparse
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

import sapa
from sapa.answers import guess_codebook, open_table, read_codebook
from tests.sapa.fuzz_files import KINDS, generated
from tests.sapa.fuzz_oracle import answers_by_hand, answers_of, scores_by_hand

#: The documented wordings: each refusal holds one of them.
WORDINGS = (
    "cannot be read as .",
    "cannot be read: ",
    "must have a header of different names",
    "must have the sheet asked for",
    "only a workbook has sheets",
    "the file must have the columns that the codebook names",
    "problems. row",
    "problems (no row would be left)",
    "no column looks like",
    "correct the codebook, or write a new one with `sapa init`",
    "must be fit to rank",
    "at least one unit must have",
    "strata have one unit",
    "an error that could not be estimated is not zero",
)


def run(
    inputs: int, *, seed: int = 0, first: int = 0, tell: bool = False
) -> tuple[Counter, list[str], float]:
    """Counts by outcome, failures in words, and the seconds of the slowest input."""
    outcomes: Counter = Counter()
    failures, slowest = [], 0.0
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        for number in range(first, first + inputs):
            start = time.perf_counter()
            try:
                outcomes[one(Path(folder), seed, number)] += 1
            except Exception:
                outcomes["FAILED"] += 1
                failures.append(f"input {number} (seed {seed}):\n{traceback.format_exc(limit=-6)}")
                if tell:
                    print(failures[-1], file=sys.stderr, flush=True)
            slowest = max(slowest, time.perf_counter() - start)
            if tell and (number + 1 - first) % 500 == 0:
                print(f"{number + 1 - first:,} inputs, {len(failures)} failures", file=sys.stderr, flush=True)
    return outcomes, failures, slowest


def one(folder: Path, seed: int, number: int) -> str:
    """Outcome of one input, in words."""
    rng = np.random.default_rng([seed, number])
    made = generated(rng, folder, KINDS[number % len(KINDS)])
    place, book, known = made.place, made.book, made.known
    steps = 0
    try:
        codes = read_codebook(book) if book.stat().st_size else guess_codebook(open_table(place))
        found = sapa.check(place, codes)
        steps += 1
        data = sapa.read(place, codebook=codes, drop=bool(rng.integers(3)))
        people = answers_by_hand(known, codes) if known is not None and book.stat().st_size else None
        if people is not None:
            assert found.counts["rows_dropped"] == people.attrs["rows_dropped"]
            assert data.sizes["respondent"] == people["respondent"].nunique()
        steps += 1
        by = rng.choice(["country", "region", "service", "channel", "criterion", "item"])
        options = {"denominator": str(rng.choice(["asked", "rated"])), "min_cell": int(rng.choice([0, 0, 5]))}
        if number // len(KINDS) % 2:
            confirm_table(sapa.estimate(data, by=by, **options))
        answers = people if people is not None else answers_of(data)
        for level in ("service", "country"):
            scored = sapa.estimate(data, by=level, denominator=options["denominator"])
            confirm_scores(scored, scores_by_hand(answers, level, options["denominator"]), level)
        steps += 1
        unit = str(rng.choice(["service", "region"]))
        ranking = sapa.rank(data, by=unit, min_raters=2, min_df=1, **options)
        confirm_ranks(ranking)
        confirm_scores(
            ranking.assign(statistic="mean"), scores_by_hand(answers, unit, options["denominator"]), unit
        )
        steps += 1
        if number // len(KINDS) % 3:
            return "scores and a ranking"
        half = data.sizes["respondent"] // 2
        rounds = (data.isel(respondent=slice(half)), data.isel(respondent=slice(half, None)))
        confirm_changes(sapa.compare(*rounds, min_raters=2, min_df=1))
    except ValueError as error:
        wording = next((known for known in WORDINGS if known in str(error)), None)
        if wording is None:
            raise
        reached = ("nothing", "a check", "a dataset", "scores", "a ranking")[steps]
        return f"{reached}, then refused: {wording}"
    return "scores, a ranking and a comparison"


def confirm_table(table: pd.DataFrame) -> None:
    """Figures inside their scale, ends around them, counts that fit."""
    shown = table[table["estimate"].notna()]
    for name, low, high in (("mean", 1, 5), ("satisfaction", 0, 1)):
        part = shown[shown["statistic"] == name]
        assert part["estimate"].between(low - 1e-9, high + 1e-9).all()
        ends = part[part["lower"].notna()]
        assert (ends["lower"] >= low - 1e-9).all()
        assert (ends["upper"] <= high + 1e-9).all()
        assert (ends["lower"] <= ends["estimate"] + 1e-9).all()
        assert (ends["upper"] >= ends["estimate"] - 1e-9).all()
    assert (shown["raters"] <= shown["n"]).all()
    assert (shown["se"].isna() | (shown["se"] > 0)).all()


def confirm_scores(table: pd.DataFrame, expected: dict[tuple[str, str], float], by: str) -> None:
    """Figures that are shown are those computed by hand."""
    table = table[table["estimate"].notna() | (table.get("flag", "") == "empty")]
    for row in table.itertuples():
        name = "all" if by == "country" else getattr(row, by)
        value = expected[name, row.statistic]
        assert np.isclose(row.estimate, value, rtol=1e-9, equal_nan=True), (name, row.estimate, value)


def confirm_ranks(table: pd.DataFrame) -> None:
    """Sets that hold their rank, of as many units as are ranked."""
    ranked = table[table["rank"].notna()]
    place, low, high = (ranked[name].astype(int) for name in ("rank", "rank_lower", "rank_upper"))
    assert ((low >= 1) & (low <= place) & (place <= high)).all()
    estimate = ranked["estimate"].to_numpy()
    if estimate.size < len(table) and table["note"].str.contains("fewer than 5|another").any():
        return  # some of the ranked are left blank
    apart = np.abs(estimate[:, None] - estimate) > 1e-9
    by_hand = 1 + ((estimate[None] > estimate[:, None]) & apart).sum(axis=1)
    assert (place.to_numpy() == by_hand).all()


def confirm_changes(table: pd.DataFrame) -> None:
    """Differences that are differences, inside their intervals."""
    assert np.allclose(table["after"] - table["before"], table["difference"])
    assert ((table["lower"] < table["difference"]) & (table["difference"] < table["upper"])).all()


def main() -> None:
    """Run from the command line and print the count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    outcomes, failures, slowest = run(given.inputs, seed=given.seed, first=given.first, tell=True)
    for outcome, count in outcomes.most_common():
        print(f"{count:7,}  {outcome}")
    print(f"{given.inputs:,} inputs, {len(failures)} failures; slowest {slowest:.2f} s")
    raise SystemExit(1 if failures else 0)


if __name__ == "__main__":
    main()
