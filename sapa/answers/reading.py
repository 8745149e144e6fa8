"""Own answers as a labelled dataset, ready to be scored."""

import os
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from estimators import Scheme
from estimators.ratings import CODES, MEANINGS, NOT_ASKED
from sapa.answers.checking import Check, check, numbers
from sapa.answers.codebook import AnswerCodebook, read_codebook
from sapa.answers.file_table import FileTable, labelled
from sapa.answers.files import open_table
from sapa.answers.selection import absent_modes, selection_of

SHOWN: Final = 5
#: What a slash in a name becomes: slashes join the paths of a scheme.
SLASH: Final = "\N{DIVISION SLASH}"


def read(
    path: str | os.PathLike[str], *, codebook: AnswerCodebook | str | os.PathLike[str], drop: bool = False
) -> xr.Dataset:
    """Answers of a file.

    Parameters
    ----------
    path
        CSV, XLSX, Parquet, SPSS or Stata file; see :func:`sapa.answers.open_table`.
    codebook
        What its columns are, or the TOML file that says so.
    drop
        Leave out the rows with problems instead of refusing the file; how many is said in the attributes.

    Returns
    -------
    Dataset over ``respondent`` and ``item``: ``service``, ``region`` and ``channel`` (``"all"`` where the
    file does not tell), ``ratings`` int8 with the codes of :mod:`estimators.ratings`, and ``weight``,
    ``stratum``, ``psu``, ``mode``, ``interviewer`` where the codebook names them, ``selection`` where it
    names modes whose people were not drawn at random; ``criterion`` and ``zone`` along item. A slash in a
    name becomes the division slash U+2215, for slashes join the paths of schemes.

    Raises
    ------
    ValueError
        When the file or the codebook cannot be read, or `drop` is off and there are problems: the message
        holds the first of them, and ``sapa check`` lists all.
    """
    book = codebook if isinstance(codebook, AnswerCodebook) else read_codebook(codebook)
    table = open_table(path, sheet=book.sheet)
    found = check(table, book)
    if not found.fine and not (drop and found.usable.any()):
        raise ValueError(_refusal(found, drop=drop))
    data = _wide(table, book, found) if book.layout == "wide" else _long(table, book, found)
    data["ratings"].attrs = {"flag_values": list(CODES), "flag_meanings": " ".join(MEANINGS)}
    dropped = int((~found.usable).sum())
    absent = [f"no row has the mode {mode!r}" for mode in absent_modes(table, book)]
    return data.assign_attrs(rows_dropped=dropped, read=", ".join([*table.remarks, *absent]))


def scheme_of(data: xr.Dataset, *, above: str = "") -> Scheme:
    """Scheme of own answers: item, criterion, channel, service, and the mean of the services as the country.

    Parameters
    ----------
    data
        Ratings dataset with ``criterion`` along ``item``.
    above
        Variable along respondent, such as ``"region"``, whose values get schemes of their own: the mean of
        the services as rated there. There is no country then.

    Returns
    -------
    Leaves are ``service/channel/criterion/item``, after ``above/`` where given, for the combinations that
    have respondents and the items that anyone in the channel was asked (all items where nobody was).

    Raises
    ------
    ValueError
        When `data` has no criterion, a slash in a name, or a variable is missing.
    """
    names = [*([above] if above else []), "service", "channel"]
    for name in [*names, "criterion"]:
        if name not in data:
            raise ValueError(f"data must have {name!r}, as sapa.read gives it; got {sorted(map(str, data))}")
    columns = [data[name].values.astype(str).tolist() for name in names]
    asked = data["ratings"].transpose("respondent", "item").values != NOT_ASKED
    channel = data["channel"].values.astype(str)
    items = list(zip(data["criterion"].values.tolist(), data["item"].values.tolist(), strict=True))
    put_to = {}
    for name in np.unique(channel).tolist():
        own = asked[channel == name].any(axis=0)
        put_to[name] = [item for item, put in zip(items, own | ~own.any(), strict=True) if put]
    paths = [(*cell, *item) for cell in sorted(set(zip(*columns, strict=True))) for item in put_to[cell[-1]]]
    for path in paths:
        if any("/" in part for part in path):
            raise ValueError(f"names must hold no slash, got {path}; sapa.read replaces it")
    scheme = Scheme.from_paths(paths, levels=(*names, "criterion", "item"))
    if above:
        return scheme
    return scheme.grouped("country", dict.fromkeys(scheme.level("service").nodes, "all"), below="service")


def _refusal(found: Check, *, drop: bool) -> str:
    lines = [
        f"row {row.row}, column {row.column}: {row.rule}, got {row.value!r}; {row.remedy}"
        for row in found.problems.head(SHOWN).itertuples()
    ]
    more = len(found.problems) - len(lines)
    tail = f"; and {more} more: `sapa check` lists all" if more else ""
    kept = "" if not drop else " (no row would be left)"
    return f"the file has {len(found.problems)} problems{kept}. " + " | ".join(lines) + tail


def _wide(table: FileTable, book: AnswerCodebook, found: Check) -> xr.Dataset:
    frame = table.frame.loc[found.usable].reset_index(drop=True)
    return _dataset(frame, found.codes[found.usable], table, book)


def _long(table: FileTable, book: AnswerCodebook, found: Check) -> xr.Dataset:
    """One row a respondent, in the file's order; an item without a row was not asked."""
    frame = table.frame.loc[found.usable].reset_index(drop=True)
    respondent = frame[book.columns["respondent"]]
    row, who = pd.factorize(respondent)
    column = pd.Index([item.column for item in book.items.values()]).get_indexer(frame[book.columns["item"]])
    codes = np.full((len(who), len(book.items)), NOT_ASKED, dtype=np.int8)
    codes[row, column] = found.codes[found.usable, 0]
    return _dataset(frame[~respondent.duplicated()].reset_index(drop=True), codes, table, book)


def _dataset(frame: pd.DataFrame, codes: np.ndarray, table: FileTable, book: AnswerCodebook) -> xr.Dataset:
    data = xr.Dataset(
        {"ratings": (("respondent", "item"), codes)},
        coords={
            "respondent": np.arange(len(frame)),
            "item": [name.replace("/", SLASH) for name in book.items],
            "criterion": ("item", [item.criterion.replace("/", SLASH) for item in book.items.values()]),
            "zone": ("item", [item.zone for item in book.items.values()]),
        },
    )
    for role in ("service", "region", "channel", "stratum", "psu", "mode", "interviewer"):
        if role in book.columns:
            words = labelled(replace(table, frame=frame), book.columns[role])
            data[role] = ("respondent", np.char.replace(words, "/", SLASH))
        elif role in ("service", "region", "channel"):
            data[role] = ("respondent", np.full(len(frame), "all"))
    if book.nonprobability:
        data["selection"] = ("respondent", selection_of(replace(table, frame=frame), book))
    if "weight" in book.columns:
        data["weight"] = ("respondent", numbers(frame[book.columns["weight"]]))
    return data
