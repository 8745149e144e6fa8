"""Generated files and codebooks through check, read, estimate, rank and compare.

``python -m tests.sapa.fuzz_answers --inputs 10000`` prints the count. Each input ends in a result that an
independent computation confirms, or in a ValueError with one of the documented wordings (docs/own_data.md);
anything else is a failure, printed with the number of the input.
"""

import argparse
import itertools
import statistics
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
from sapa.answers.codebook import codebook_text
from tests.sapa.answer_files import BOOK, FORMATS, LONG_BOOK, long, people, write

#: The documented wordings: each refusal holds one of them.
WORDINGS = (
    "cannot be read as .",
    "cannot be read: ",
    "must have a header of different names",
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
ODD = (
    *(
        "",
        " ",
        "0",
        "1",
        "5",
        "6",
        "99",
        "98",
        "5,0",
        "4.5",
        "-1",
        "nan",
        "None",
        "=1+1",
        "@x",
        "1e308",
        "inf",
    ),
    *(
        "9" * 400,
        "\u0000",
        "\t",
        "\n",
        ";",
        '"',
        "a/b",
        "\u2215",
        "Ә",
        "٥",
        "\ud7ff",
        "x" * 5000,
        "True",
        "1.0",
    ),
)
KINDS = ("bytes", "mutated", "cells", "codebook", "small", "fine")


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
            slowest = max(slowest, time.perf_counter() - start)
            if tell and (number + 1 - first) % 500 == 0:
                print(f"{number + 1 - first:,} inputs, {len(failures)} failures", file=sys.stderr, flush=True)
    return outcomes, failures, slowest


def one(folder: Path, seed: int, number: int) -> str:
    """Outcome of one input, in words."""
    rng = np.random.default_rng([seed, number])
    place, book = generated(rng, folder, KINDS[number % len(KINDS)])
    steps = 0
    try:
        codes = read_codebook(book) if book.stat().st_size else guess_codebook(open_table(place))
        found = sapa.check(place, codes)
        steps += 1
        data = sapa.read(place, codebook=codes, drop=bool(rng.integers(3)))
        assert data.sizes["respondent"] == expected_respondents(place, codes, found)
        steps += 1
        by = rng.choice(["country", "region", "service", "channel", "criterion", "item"])
        options = {"denominator": str(rng.choice(["asked", "rated"])), "min_cell": int(rng.choice([0, 0, 5]))}
        if number // len(KINDS) % 2:
            confirm_table(sapa.estimate(data, by=by, **options))
        confirm_scores(data, sapa.estimate(data, by="service", denominator=options["denominator"]), options)
        steps += 1
        confirm_ranks(
            sapa.rank(data, by=rng.choice(["service", "region"]), min_raters=2, min_df=1, **options)
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


def generated(rng: np.random.Generator, folder: Path, kind: str) -> tuple[Path, Path]:
    """File of answers and codebook; an empty codebook asks for a guess."""
    ending = str(rng.choice(FORMATS, p=[0.4, 0.12, 0.16, 0.16, 0.16]))
    place, book = folder / f"a{ending}", folder / "a.toml"
    is_long = bool(rng.integers(2))
    text = codebook_text(LONG_BOOK if is_long else BOOK)
    if kind == "bytes":
        place.write_bytes(magic(ending)[: rng.integers(12)] + rng.bytes(int(rng.integers(3000))))
    else:
        size = int(rng.integers(0, 9)) if kind == "small" else int(rng.integers(40, 90))
        frame = people(size, int(rng.integers(1e6)))
        if kind == "small" and size and rng.integers(2):
            frame[["staff_2", "costs_1"]] = float(rng.integers(1, 6))
        frame = long(frame) if is_long else frame
        if kind == "cells":
            frame = odd_cells(rng, frame.astype(object)).map(lambda c: "" if c != c else str(c))
            place = folder / f"a{rng.choice(['.csv', '.xlsx', '.parquet'])}"
            save_text(frame, place, rng)
        else:
            write(frame, place)
    if kind == "mutated":
        place.write_bytes(mutated(rng, place.read_bytes()))
    if kind == "codebook":
        text = odd_codebook(rng, text)
    elif rng.integers(5) == 0:
        text = ""
    book.write_bytes(text.encode() if isinstance(text, str) else text)
    return place, book


def magic(ending: str) -> bytes:
    return {".xlsx": b"PK\3\4", ".parquet": b"PAR1", ".sav": b"$FL2@(#)", ".dta": b"<stata_dta>"}.get(
        ending, b""
    )


def mutated(rng: np.random.Generator, data: bytes) -> bytes:
    """Data with bytes changed, cut out, doubled or cut off."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        at, length = int(rng.integers(len(changed) + 1)), int(rng.integers(1, 64))
        how = rng.integers(5)
        if how == 0:
            changed[at : at + length] = rng.bytes(len(changed[at : at + length]))
        elif how == 1:
            del changed[at : at + length]
        elif how == 2:
            changed[at:at] = changed[at : at + length]
        elif how == 3 and at < len(changed):
            changed[at] ^= 1 << int(rng.integers(8))
        else:
            changed[at:at] = b"\xff" * int(rng.integers(9))
    if rng.integers(4) == 0:
        del changed[int(rng.integers(len(changed) + 1)) :]
    return bytes(changed)


def odd_cells(rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Frame with odd cells, rows twice, columns lost, renamed or doubled."""
    frame = frame.copy()
    for _ in range(int(rng.integers(0, 8))):
        frame.iat[int(rng.integers(len(frame))), int(rng.integers(frame.shape[1]))] = str(rng.choice(ODD))
    how = rng.integers(8)
    if how == 0:
        frame = frame.iloc[rng.integers(0, len(frame), len(frame))]
    elif how == 1:
        frame = frame.drop(columns=str(rng.choice(frame.columns)))
    elif how == 2:
        frame = frame.rename(columns={str(rng.choice(frame.columns)): str(rng.choice(ODD))})
    elif how == 3:
        frame = pd.concat([frame, frame.iloc[:, [int(rng.integers(frame.shape[1]))]]], axis=1)
    elif how == 4:
        frame[str(rng.choice(frame.columns))] = str(rng.choice(ODD))
    return frame


def save_text(frame: pd.DataFrame, place: Path, rng: np.random.Generator) -> None:
    """Text in a file; a format that cannot hold it gets the text without control characters."""
    frame = frame.map(
        lambda cell: "".join(c for c in cell if c.isprintable()) if place.suffix != ".csv" else cell
    )
    if place.suffix == ".csv":
        separator = str(rng.choice([",", ";", "\t"]))
        frame.to_csv(place, index=False, sep=separator, encoding=str(rng.choice(["utf-8", "utf-8-sig"])))
    elif place.suffix == ".xlsx":
        frame.columns = ["".join(c for c in name if c.isprintable()) for name in frame.columns]
        frame.to_excel(place, index=False)
    else:
        if frame.columns.has_duplicates:
            frame = frame.loc[:, ~frame.columns.duplicated()]
        frame.to_parquet(place, index=False)


def odd_codebook(rng: np.random.Generator, text: str) -> str | bytes:
    """Codebook with lines lost, doubled, swapped or words exchanged, or with other bytes."""
    lines = text.split("\n")
    for _ in range(int(rng.integers(1, 4))):
        at, how = int(rng.integers(len(lines))), rng.integers(5)
        if how == 0:
            del lines[at]
        elif how == 1:
            lines.insert(at, str(rng.choice(lines)))
        elif how == 2 and "=" in lines[at]:
            lines[at] = (
                lines[at].split("=")[0]
                + "= "
                + str(rng.choice(['"svc"', '"costs_1"', '"no"', "3", "[]", '["5"]', '[""]']))
            )
        elif how == 3:
            words = ("service", "region", "weight", "stratum", "psu", "rating", "item")
            lines[at] = lines[at].replace(str(rng.choice(words)), str(rng.choice(words)))
        else:
            return mutated(rng, "\n".join(lines).encode())
        lines = lines or [""]
    return "\n".join(lines)


def expected_respondents(place, codes, found) -> int:
    """Rows kept (wide) or different respondents in them (long)."""
    if codes.layout == "wide":
        return int(found.usable.sum())
    return open_table(place).frame.loc[found.usable, codes.columns["respondent"]].nunique()


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


def confirm_scores(data, table: pd.DataFrame, options) -> None:
    """Official scores of the services, computed again by loops."""
    for service in sorted(set(data["service"].values.tolist())):
        own = table[table["service"] == service.replace("\u2215", "/")].set_index("statistic")["estimate"]
        for name, value in by_hand(data, service, options["denominator"]).items():
            assert np.isclose(own[name], value, rtol=1e-9, equal_nan=True), (service, name, own[name], value)


def by_hand(data, service: str, denominator: str) -> dict[str, float]:
    """Unweighted means over what exists of item figures, by loops over dictionaries."""
    weight = data["weight"].values.tolist() if "weight" in data else itertools.repeat(1.0)
    rows = zip(
        data["service"].values.tolist(),
        data["channel"].values.tolist(),
        data["ratings"].values.tolist(),
        weight,
        strict=False,
    )
    tree: dict = {}
    items = list(zip(data["criterion"].values.tolist(), data["item"].values.tolist(), strict=True))
    for own, channel, ratings, w in rows:
        if own != service:
            continue
        for (criterion, item), code in zip(items, ratings, strict=True):
            cell = (
                tree.setdefault(channel, {}).setdefault(criterion, {}).setdefault(item, [0.0, 0.0, 0.0, 0.0])
            )
            for k, part in enumerate((code > 0, code > 0 and code, code == 5, code > 0 or code == -2)):
                cell[k] += w * part
    below = 3 if denominator == "asked" else 0
    figures = {"mean": lambda c: c[1] / c[0], "satisfaction": lambda c: c[2] / c[below]}
    out = {}
    for name, figure in figures.items():
        channels = []
        for criteria in tree.values():
            means = [[figure(c) for c in cells.values() if c[0] > 0] for cells in criteria.values()]
            means = [statistics.fmean(part) for part in means if part]
            if means:
                channels.append(statistics.fmean(means))
        out[name] = statistics.fmean(channels) if channels else float("nan")
    return out


def confirm_ranks(table: pd.DataFrame) -> None:
    """Sets that hold their rank, of as many units as are ranked."""
    ranked = table[table["rank"].notna()]
    place, low, high = (ranked[name].astype(int) for name in ("rank", "rank_lower", "rank_upper"))
    assert ((low >= 1) & (low <= place) & (place <= high)).all()
    assert (ranked.sort_values("rank", kind="stable")["estimate"].diff().dropna() <= 1e-12).all()


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
    print("\n".join(failures[:10]))
    print(f"{given.inputs:,} inputs, {len(failures)} failures; slowest {slowest:.2f} s")
    raise SystemExit(1 if failures else 0)


if __name__ == "__main__":
    main()
