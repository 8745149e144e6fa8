"""What a file of answers says, worked out again in the plainest way: cell by cell, then means with pandas."""

import re
import unicodedata
from decimal import Decimal

import numpy as np
import pandas as pd

FACTS = ("service", "region", "channel")


def words(value):
    """Text of a cell as the package promises to see it."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float | np.floating) and np.isfinite(value):
        number = Decimal(repr(float(value)))
        return str(int(number)) if number == number.to_integral_value() else format(number, "f")
    return str(value).strip()


def rating(text, book):
    """Rating 1 to 5, the name of a kind of missing, or "wrong"."""
    for kind, codes in book.missing.items():
        if text in codes:
            return kind
    if text == "":
        return "not_asked"
    if re.fullmatch(r"[+-]?[0-9]+([.,][0-9]+)?", text):
        number = Decimal(text.replace(",", "."))
        if number == number.to_integral_value():
            for kind, codes in book.missing.items():
                if str(int(number)) in codes:
                    return kind
            if 1 <= number <= 5:
                return int(number)
    return "wrong"


def weight(text):
    """Weight, or None when it is none."""
    pattern = r"[+-]?([0-9]+|[0-9]{1,3}([ \u00a0\u202f][0-9]{3})+)([.,][0-9]+)?([eE][+-]?[0-9]+)?"
    if not re.fullmatch(pattern, text):
        return None
    number = float(re.sub(r"\s", "", text).replace(",", "."))
    return number if 1e-6 <= number <= 1e9 else None


def look(name):
    """Name as the eye sees it."""
    plain = unicodedata.normalize("NFKC", name.replace("\u2215", "/")).casefold()
    return " ".join("".join(c for c in plain if unicodedata.category(c) != "Cf").split())


def answers_by_hand(frame, book):
    """Answers of the good rows, one a row, and in ``attrs`` how many rows are not good.

    None when the file lacks a column or has one twice: then it is refused.
    """
    names = list(book.columns.values())
    if book.layout == "wide":
        names += [item.column for item in book.items.values()]
    frame = frame.rename(columns=lambda name: words(name))
    if frame.columns.has_duplicates or not set(names) <= set(frame.columns):
        return None
    rows = [
        row
        for row in ({k: words(v) for k, v in r.items()} for r in frame.to_dict("records"))
        if any(row.values())
    ]
    usual = {
        role: usual_names([row[book.columns[role]] for row in rows]) for role in FACTS if role in book.columns
    }
    seen, first, kept, dropped = set(), {}, [], 0
    for number, row in enumerate(rows):
        answers = answers_of_row(row, book)
        bad = answers is None or any(
            usual[role][look(row[book.columns[role]])] != row[book.columns[role]] for role in usual
        )
        bad |= any(row[book.columns[role]] == "" for role in ("respondent", *FACTS) if role in book.columns)
        value = weight(row[book.columns["weight"]]) if "weight" in book.columns else 1.0
        bad |= value is None
        who = row[book.columns["respondent"]] if "respondent" in book.columns else number
        key = who if book.layout == "wide" else (who, row[book.columns["item"]])
        bad |= who != "" and key in seen
        seen.add(key)
        if book.layout == "long" and who != "":
            facts = {
                role: row[column] for role, column in book.columns.items() if role not in ("item", "rating")
            }
            bad |= first.setdefault(who, facts) != facts
        dropped += bad
        if not bad:
            facts = {role: row[book.columns[role]] if role in book.columns else "all" for role in FACTS}
            kept += [{"respondent": who, **facts, "weight": value, **answer} for answer in answers]
    table = pd.DataFrame(kept, columns=["respondent", *FACTS, "weight", "item", "criterion", "rating"])
    table.attrs["rows_dropped"] = dropped
    return table


def usual_names(names):
    """Commonest spelling of each name by its look; of spellings equally common, the first."""
    count = pd.Series(names, dtype=object).value_counts()
    found = {}
    for name in count.index:
        found.setdefault(look(name), name)
    return found


def answers_of_row(row, book):
    """Answers of a row, or None when one of them is none."""
    channel = row.get(book.columns.get("channel"), "all")
    found = []
    for item in book.items.values():
        if book.layout == "long" and row[book.columns["item"]] != item.column:
            continue
        code = rating(row[item.column if book.layout == "wide" else book.columns["rating"]], book)
        if code == "wrong":
            return None
        if item.channels and channel != "" and channel not in item.channels:
            if isinstance(code, int):
                return None
            code = "not_asked"
        found.append({"item": item.column, "criterion": item.criterion, "rating": code})
    return found or None


def answers_of(data):
    """The same of a dataset that was read, for files whose cells are not known."""
    names = {0: "not_asked", -1: "not_applicable", -2: "not_answered"}
    facts = {role: np.char.replace(data[role].values.astype(str), "\u2215", "/") for role in FACTS}
    facts["weight"] = data["weight"].values if "weight" in data else np.ones(data.sizes["respondent"])
    columns = []
    for item, criterion in zip(data["item"].values, data["criterion"].values, strict=True):
        rated = [names.get(code, code) for code in data["ratings"].sel(item=item).values.tolist()]
        columns.append(pd.DataFrame({**facts, "item": item, "criterion": criterion, "rating": rated}))
    return pd.concat(columns, ignore_index=True)


def scores_by_hand(answers, by, denominator):
    """Official scores by name and statistic: means of means of what exists, with pandas."""
    table = answers.assign(
        service=answers["service"].str.replace("\u2215", "/"),
        region=answers["region"].str.replace("\u2215", "/"),
        whole="all",
    )
    value = pd.to_numeric(table["rating"], errors="coerce")
    rated = value.notna()
    asked = rated | (table["rating"] == "not_answered") if denominator == "asked" else rated
    w = table["weight"].astype(float)
    sums = table.assign(rated=w * rated, points=w * value.fillna(0), fives=w * (value == 5), asked=w * asked)
    above = "region" if by == "region" else "whole"
    path = [above, "service", "channel", "criterion", "item"]
    cells = sums.groupby(path)[["rated", "points", "fives", "asked"]].sum()
    cells = cells[cells["rated"] > 0]
    figures = pd.DataFrame(
        {"mean": cells["points"] / cells["rated"], "satisfaction": cells["fives"] / cells["asked"]}
    )
    last = 2 if by == "service" else 1
    for level in (4, 3, 2, 1):
        if level >= last:
            figures = figures.groupby(path[:level]).mean()
    figures = figures.droplevel("whole") if by == "service" else figures
    found = {(name, key): own for key in figures for name, own in figures[key].items()}
    everyone = {"service": table["service"], "region": table["region"], "country": table["whole"]}[
        by
    ].unique()
    return {
        (name, key): found.get((name, key), np.nan) for name in everyone for key in ("mean", "satisfaction")
    }
