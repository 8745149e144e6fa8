"""Generated files of answers and codebooks, from noise to well-formed, for the fuzzer of own data."""

import csv
import datetime
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd

from sapa.answers.codebook import codebook_text
from tests.sapa.answer_files import BOOK, FORMATS, LONG_BOOK, SERVICES, long, people, write

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
    *("9" * 400, "\u0000", "\t", "\n", ";", '"', "a/b", "\u2215", "Ә", "٥", "５", "⁵", "\ud7ff", "x" * 5000),
    *(
        "True",
        "1.0",
        "5.",
        ".5",
        "+5",
        "5e0",
        "0x5",
        "1_0",
        "5\u00a0",
        "\u200b5",
        "5\u200b",
        "1\u00a0000",
        "1 250,5",
    ),
    *(
        "1,250.5",
        "2024-01-31",
        "31.01.2024",
        "FALSE",
        "-inf",
        "NaN",
        "#N/A",
        "#DIV/0!",
        "NULL",
        "\ufeff",
        "−1",
    ),
    *(
        "office ",
        "Office",
        "ONLINE",
        "оffice",
        "паспорт беру",
        "Паспорт  беру",
        "'5",
        '"5"',
        "5%",
        "5/5",
        "[5]",
    ),
    *(
        "\u202e5",
        "e\u0301",
        "\U0001f600",
        "\x1b[31m",
        "\x85",
        "\u2028",
        "12345678901234567890",
        "5" + " " * 300,
    ),
)
#: Values that a workbook or a Parquet file may hold and text may not.
TYPED = (
    *(None, True, False, 5, 5.0, 3.0, 4.5, 0, -1, 99, 98.0, 2**53 + 1, -(2**62), 1e300, -0.0, 1e-9),
    *(
        float("inf"),
        float("nan"),
        datetime.datetime(2024, 1, 31),
        datetime.datetime(1900, 1, 1, 12),
        "5",
        " 4 ",
    ),
    *("99", "five", Decimal("5.00"), Decimal("4.50"), b"5", "x" * 40),
)
KINDS = ("bytes", "mutated", "cells", "codebook", "small", "fine", "text", "typed")


@dataclass(frozen=True)
class Made:
    """A generated file, its codebook, and what its cells hold where that is known."""

    place: Path
    book: Path
    known: pd.DataFrame | None = None


def generated(rng: np.random.Generator, folder: Path, kind: str) -> Made:
    """File of answers and codebook; an empty codebook asks for a guess."""
    ending = str(rng.choice(FORMATS, p=[0.4, 0.12, 0.16, 0.16, 0.16]))
    place, book = folder / f"a{ending}", folder / "a.toml"
    is_long = bool(rng.integers(2))
    text: str | bytes = codebook_text(LONG_BOOK if is_long else BOOK)
    known = None
    if kind == "bytes":
        place.write_bytes(magic(ending)[: rng.integers(12)] + rng.bytes(int(rng.integers(3000))))
    else:
        frame = answers(rng, kind)
        frame = long(frame) if is_long else frame
        if kind == "cells":
            frame = odd_cells(rng, frame.astype(object)).map(lambda c: "" if c != c else str(c))
            place = folder / f"a{rng.choice(['.csv', '.xlsx', '.parquet'])}"
            save_text(frame, place, rng)
        elif kind == "text":
            place = folder / "a.csv"
            known = save_csv(rng, in_words(odd_cells(rng, named(frame).astype(object)), rng), place)
        elif kind == "typed":
            place = folder / f"a{rng.choice(['.xlsx', '.parquet'])}"
            known = save_typed(rng, named(frame), place)
        else:
            write(frame, place)
            known = named(frame)
    if kind == "mutated":
        place.write_bytes(mutated(rng, place.read_bytes()))
        known = None
    if kind == "codebook":
        text, known = odd_codebook(rng, str(text)), None
    elif rng.integers(5) == 0:
        text = ""
    book.write_bytes(text.encode() if isinstance(text, str) else text)
    return Made(place, book, known)


def answers(rng: np.random.Generator, kind: str) -> pd.DataFrame:
    """Answers of a few or of many people: sometimes one row, all alike, or all missing."""
    size = int(rng.integers(0, 9)) if kind == "small" else int(rng.integers(40, 90))
    frame = people(size, int(rng.integers(1e6)))
    if kind == "small" and size:
        how = rng.integers(4)
        if how == 0:
            frame[["staff_2", "costs_1"]] = float(rng.integers(1, 6))
        elif how == 1:
            frame[["staff_1", "staff_2", "costs_1"]] = rng.choice([98.0, 99.0, np.nan])
        elif how == 2:
            frame["svc"] = 1
    return frame


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with the names of the services."""
    return frame.assign(svc=frame["svc"].map(SERVICES))


def in_words(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Cells as text, whole numbers with and without a point, decimals with a point or a comma."""
    comma, point = bool(rng.integers(2)), bool(rng.integers(2))

    def word(cell: object) -> str:
        if not isinstance(cell, float):
            return "" if cell is None else str(cell)
        if np.isnan(cell):
            return ""
        text = str(int(cell)) if cell.is_integer() and not point else repr(cell)
        return text.replace(".", ",") if comma else text

    return frame.map(word)


def save_csv(rng: np.random.Generator, frame: pd.DataFrame, place: Path) -> pd.DataFrame | None:
    """CSV in one of many dialects; None where the encoding cannot hold the cells."""
    encoding = str(
        rng.choice(["utf-8", "utf-8-sig", "cp1251", "utf-16", "koi8-r"], p=[0.4, 0.2, 0.3, 0.05, 0.05])
    )
    frame = frame.map(lambda cell: cell.replace("\0", ""))
    if encoding == "cp1251":
        frame = frame.map(
            lambda cell: cell.replace("Ақмола", "Акмола").replace("Анықтама/көшірме", "Справка")
        )
    cut = str(rng.choice([",", ";", "\t", "|"]))
    quoting = int(rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    end = str(rng.choice(["\n", "\r\n", "\r"], p=[0.5, 0.4, 0.1]))
    text = frame.to_csv(index=False, sep=cut, quoting=quoting, lineterminator=end)
    data = text.encode(encoding, "replace")
    if rng.integers(3) == 0:
        data += end.encode(encoding.replace("utf-16", "utf-16-le")) * int(
            rng.integers(1, 4)
        )  # empty lines at the end
    place.write_bytes(data)
    lost = encoding == "koi8-r" or (encoding == "cp1251" and data.decode("cp1251") != text)
    odd = any(any(c in cell for c in "\r\n\x85\u2028\ufeff\x1b") for cell in frame.to_numpy().ravel())
    return None if lost or odd else frame


def save_typed(rng: np.random.Generator, frame: pd.DataFrame, place: Path) -> pd.DataFrame:
    """Workbook or Parquet file whose ratings and weights are of many types."""
    frame = frame.astype(object)
    columns = [name for name in frame.columns if name in ("staff_1", "staff_2", "costs_1", "mark", "w")]
    if rng.integers(3) == 0:
        frame.insert(int(rng.integers(frame.shape[1] + 1)), "empty", None)
    if place.suffix == ".parquet":
        values: list[object] = [
            value for value in TYPED if isinstance(value, int | float | None) and value is not True
        ]
        values = [value for value in values if value is not False]
    else:
        values = [value for value in TYPED if not isinstance(value, bytes) and value == value]
    for _ in range(int(rng.integers(0, 6))):
        frame.iat[int(rng.integers(len(frame))), frame.columns.get_loc(rng.choice(columns))] = values[
            int(rng.integers(len(values)))
        ]
    if place.suffix == ".parquet":
        for name in columns:
            frame[name] = as_typed(rng, frame[name])
        frame.to_parquet(place, index=False)
        return frame.astype(object)
    book = openpyxl.Workbook()
    book.active.append(list(frame.columns))
    for row in frame.itertuples(index=False):
        book.active.append(
            [None if cell is None or cell != cell or cell in (np.inf, -np.inf) else cell for cell in row]
        )
    book.save(place)
    return frame.map(
        lambda cell: None if cell in (np.inf, -np.inf) else float(cell) if isinstance(cell, Decimal) else cell
    )


def as_typed(rng: np.random.Generator, column: pd.Series) -> pd.Series:
    """Column of numbers in a type of its own."""
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    how = rng.integers(5)
    if how == 0 and (numbers.dropna() % 1 == 0).all() and numbers.abs().max() < 2**31:
        return numbers.astype("Int32")
    if how == 1:
        return numbers.astype("Float64")
    if how == 2:
        return numbers.map(lambda value: None if value != value else repr(value)).astype("string")
    if how == 3:
        return numbers.astype("category")
    return numbers


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
