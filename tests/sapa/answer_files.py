"""A small file of answers written in every format, for the tests and the fuzzer of own data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

from sapa.answers import AnswerCodebook, Item

FORMATS = (".csv", ".xlsx", ".parquet", ".sav", ".dta")
SERVICES = {1: "Паспорт беру", 2: "Лицензия", 3: "Анықтама/көшірме"}
BOOK = AnswerCodebook(
    "wide",
    {"respondent": "id", "service": "svc", "region": "reg", "channel": "chan", "weight": "w"},
    {
        "staff_1": Item("staff_1", "staff", "body", ("office",)),
        "staff_2": Item("staff_2", "staff", "body"),
        "costs_1": Item("costs_1", "costs", "portal"),
    },
    {"not_answered": ("99",), "not_applicable": ("98",)},
)


def people(n: int = 120, seed: int = 0) -> pd.DataFrame:
    """Answers of n people: codes as numbers, one row each, blanks in the other channel's item."""
    rng = np.random.default_rng(seed)
    online = rng.random(n) < 0.4
    frame = pd.DataFrame(
        {
            "id": np.arange(1, n + 1),
            "svc": rng.integers(1, 4, n),
            "reg": rng.choice(["Абай", "Ақмола"], n),
            "chan": np.where(online, "online", "office"),
            "w": rng.choice([0.5, 1.25, 2.0], n),
        }
    )
    for name in ("staff_1", "staff_2", "costs_1"):
        frame[name] = rng.choice([2, 3, 4, 5, 98, 99], n, p=[0.1, 0.2, 0.3, 0.34, 0.03, 0.03]).astype(float)
    frame.loc[online, "staff_1"] = np.nan
    return frame


def write(frame: pd.DataFrame, place: Path) -> Path:
    """File of answers in the format that its name ends in; SPSS and Stata carry the services as labels."""
    kind = place.suffix
    labels = {"svc": {float(code): name for code, name in SERVICES.items()}}
    if kind == ".sav":
        pyreadstat.write_sav(
            frame.astype({"svc": float}),
            str(place),
            variable_value_labels=labels,
            missing_ranges={"costs_1": [98, 99]},
        )
    elif kind == ".dta":
        codes = {"svc": {int(code): name for code, name in SERVICES.items()}}
        pyreadstat.write_dta(frame, str(place), variable_value_labels=codes)
    else:
        named = frame.assign(svc=frame["svc"].map(SERVICES))
        whole = {name: named[name].astype("Int64") for name in named.columns if name[-2:] in ("_1", "_2")}
        named = named.assign(**whole)
        if kind == ".csv":
            named.to_csv(place, index=False)
        elif kind == ".xlsx":
            named.to_excel(place, index=False)
        else:
            named.to_parquet(place)
    return place


def long(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a rating, blank ratings left out."""
    facts = [name for name in frame.columns if name[-2:] not in ("_1", "_2")]
    melted = frame.melt(facts, var_name="question", value_name="mark").dropna(subset="mark")
    return melted.astype({"mark": int}).sort_values(["id", "question"], ignore_index=True)


LONG_BOOK = AnswerCodebook(
    "long",
    {**BOOK.columns, "item": "question", "rating": "mark"},
    BOOK.items,
    BOOK.missing,
)
