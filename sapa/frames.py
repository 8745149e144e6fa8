"""Frames of the monitoring: read from CSV or XLSX, the frame of 2020, and an example to fill in."""

import os
import shutil
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from sampling import Frame
from sapa.output import whole_folder
from sapa.published import table

EXAMPLE: Final = Path(__file__).parent / "frame_data" / "regions_2022"
ABROAD: Final = "OTH"
SHEETS: Final = {
    "regions": ("region_id", "population"),
    "services": ("service_id", "recipients"),
    "cells": ("region_id", "service_id", "recipients"),
    "modes": ("mode", "contact", "response"),
}
OPTIONAL: Final = {"services": ("surveyed", "abroad", "sd", "share_of_fives", "mean", "recipients_are")}
MEASURE_2020: Final = "the interviews of 2020 (a size measure: counts of recipients are not published)"


def read_frame(path: str | os.PathLike[str]) -> Frame:
    """Frame in a workbook with sheets, or in a folder of CSV files: regions, services, cells, modes.

    Parameters
    ----------
    path
        ``.xlsx`` with the sheets, or a folder with ``regions.csv`` and so on. Columns:
        *regions* region_id, population; *services* service_id, recipients, and if wanted surveyed, abroad,
        sd, share_of_fives, mean (rating expected), recipients_are; *cells* (optional) region_id, service_id,
        recipients: cells that are missing are structural zeros; *modes* (optional) mode, contact, response.
        Other columns are yours. Decimals are written with a point, shares as 0..1.

    Returns
    -------
    Frame
        Services given only abroad (``abroad`` true) get a region of their own, `OTH`.

    Raises
    ------
    ValueError
        Naming the sheet, row and column, the rule, the value and the remedy.

    Examples
    --------
    >>> read_frame(EXAMPLE)
    Traceback (most recent call last):
    ValueError: regions: population is empty for ABY, ALM, VKO, ZHT, KAR, ULY (row 2 first); fill in the ...
    """
    sheets = _sheets(Path(path))
    regions = _ids(sheets["regions"], "regions", "region_id")
    services = _ids(sheets["services"], "services", "service_id")
    population = _numbers(regions, "regions", "population", "region_id")
    recipients = _numbers(services, "services", "recipients", "service_id")
    known: dict[str, Any] = {"surveyed": _truths(services, "services", "surveyed", default=True)}
    abroad = _truths(services, "services", "abroad", default=False)
    for column, field in (("sd", "sd"), ("share_of_fives", "share"), ("mean", "mean")):
        if column in services:
            known[field] = _numbers(services, "services", column, "service_id")
    if "recipients_are" in services:
        said = services.recipients_are.dropna().unique()
        if len(said) != 1:
            raise ValueError(
                f"services: recipients_are must say one thing in all rows, got {list(said)}; fill it in"
            )
        known["recipients_are"] = str(said[0])
    if "modes" in sheets:
        known |= _modes(sheets["modes"])
    region_ids, service_ids = list(regions.region_id), list(services.service_id)
    possible = np.tile(~abroad, (len(region_ids), 1))
    if "cells" in sheets:
        if abroad.any():
            raise ValueError(
                "services: abroad must be false where cells are given; put the region abroad in cells"
            )
        cells = _cells(sheets["cells"], region_ids, service_ids)
        known |= {"cells": np.nan_to_num(cells), "possible": np.isfinite(cells)}
    else:
        if abroad.any():
            region_ids, population = [*region_ids, ABROAD], np.append(population, 0.0)
            possible = np.vstack([possible, abroad])
        known["possible"] = possible
    return Frame(region_ids, service_ids, population, recipients, **known)


def frame_2020(**changes: Any) -> Frame:
    """Frame of 2020: 17 regions and the respondents abroad, 70 services, 62 of them surveyed.

    Population on 1 January 2020; recipients are not published, so the realised interviews stand in as a
    size measure; s15 and s16 are given abroad only. SD is 0.9 unless told, means and shares as published.

    Examples
    --------
    >>> frame = frame_2020()
    >>> len(frame.regions), len(frame.services), int(frame.surveyed.sum())
    (18, 70, 62)
    """
    people = table("population_2020").set_index("region_id").population
    services = table("services")
    ranking = table("service_ranking_2020").dropna(subset=["service_id"]).set_index("service_id")
    share = ranking.satisfaction_pct.reindex(services.service_id) / 100
    mean = ranking.mean_score.reindex(services.service_id)
    abroad = services.service_id.isin(["s15", "s16"]).to_numpy()
    possible = np.vstack([np.tile(~abroad, (len(people), 1)), abroad])
    known: dict[str, Any] = {
        "possible": possible,
        "surveyed": services.mass_survey.to_numpy(dtype=bool),
        "share": share.fillna(share.mean()).to_numpy(),
        "mean": mean.fillna(mean.mean()).to_numpy(),
        "recipients_are": MEASURE_2020,
    }
    return Frame(
        [*people.index, ABROAD],
        list(services.service_id),
        [*people.to_numpy(dtype=float), 0.0],
        services.n_respondents.fillna(0).to_numpy(),
        **(known | changes),
    )


def actual_2020() -> pd.DataFrame:
    """The regions of 2020: interviews made beside the territorial rule ``X = N * P``, without those abroad.

    Returns
    -------
    pandas.DataFrame
        region_id, population, actual, rule (exact share of the actual total) and weight
        (population per interview, relative to the mean); ``attrs["kish"]`` is the Kish factor of the weights.

    Examples
    --------
    >>> round(actual_2020().attrs["kish"], 2)
    1.24
    """
    regions = table("regions").set_index("region_id")
    people = table("population_2020").set_index("region_id").population.astype(float)
    n = regions.n_respondents.reindex(people.index).astype(float)
    weight = (people / n) / (people.sum() / n.sum())
    frame = pd.DataFrame(
        {
            "region_id": people.index,
            "population": people.to_numpy(dtype=int),
            "actual": n.to_numpy(dtype=int),
            "rule": (n.sum() * people / people.sum()).to_numpy(),
            "weight": weight.to_numpy(),
        }
    )
    frame.attrs["kish"] = float(n.sum() * (weight**2 * n).sum() / (weight * n).sum() ** 2)
    return frame


def write_example(folder: str | os.PathLike[str]) -> None:
    """Example frame with the 20 regions that exist since 2022, as CSV files to fill in, in a new folder."""
    with whole_folder(folder, made_by="sapa plan --example") as fresh:
        for file in sorted(EXAMPLE.glob("*.csv")):
            shutil.copy(file, fresh / file.name)


def _sheets(path: Path) -> dict[str, pd.DataFrame]:
    """The tables of a frame as text, with the names of their files or sheets."""
    if path.is_dir():
        found = {name: path / f"{name}.csv" for name in SHEETS if (path / f"{name}.csv").is_file()}
        sheets = {name: _csv(file) for name, file in found.items()}
    elif path.suffix.lower() == ".xlsx" and path.is_file():
        book = pd.read_excel(path, sheet_name=None, dtype=str)
        sheets = {name: book[name] for name in SHEETS if name in book}
    else:
        raise ValueError(
            f"frame must be an .xlsx file or a folder of CSV files, got {str(path)!r}; see sapa plan --help"
        )
    for name in ("regions", "services"):
        if name not in sheets:
            raise ValueError(f"frame must have a table {name}, got {sorted(sheets)} in {path.name}; add it")
    for name, frame in sheets.items():
        for column in SHEETS[name]:
            if column not in frame:
                raise ValueError(f"{name} must have a column {column}, got {list(frame.columns)}; rename it")
        _refuse_misspelt(name, list(frame.columns))
        if frame.empty:
            raise ValueError(f"{name}: must have at least one row, got only the header; fill it in")
        empty = frame.isna().all(axis=1).to_numpy()
        if empty.any():
            raise ValueError(f"{name}: row {int(np.argmax(empty)) + 2} is empty; delete it")
    return sheets


def _refuse_misspelt(name: str, columns: list[str]) -> None:
    """Refuse a column that is there twice, or that nearly bears a name read here: it would be ignored."""
    known = [*SHEETS[name], *OPTIONAL.get(name, ())]
    for column in columns:
        first, dot, number = column.rpartition(".")  # how a second column of one name is read
        if dot and number.isdigit() and first in known:
            raise ValueError(f"{name}: column {first} is there twice; keep one")
        near = get_close_matches(column.strip().lower(), known, n=1, cutoff=0.85)
        if column not in known and near:
            raise ValueError(f"{name}: column {column!r} is not read, {near[0]} is; rename or remove it")


def _csv(file: Path) -> pd.DataFrame:
    """Table of text from a CSV file in UTF-8."""
    try:
        return pd.read_csv(file, dtype=str, skip_blank_lines=False, encoding="utf-8-sig")
    except (ValueError, OSError) as error:
        raise ValueError(
            f"{file.name} must be CSV in UTF-8 with a header, got {error}; save it so"
        ) from error


def _ids(frame: pd.DataFrame, name: str, column: str) -> pd.DataFrame:
    """The table, its ids checked to be there and unique."""
    ids = frame[column].str.strip()
    if ids.isna().any() or (ids == "").any():
        row = int(np.argmax((ids.isna() | (ids == "")).to_numpy())) + 2
        raise ValueError(f"{name}: {column} is empty in row {row}; fill it in or delete the row")
    if ids.duplicated().any():
        row = int(np.argmax(ids.duplicated().to_numpy()))
        raise ValueError(f"{name}: {column} must be unique, got {ids[row]} again in row {row + 2}; keep one")
    return frame.assign(**{column: ids})


def _numbers(frame: pd.DataFrame, name: str, column: str, ids: str) -> np.typing.NDArray[np.float64]:
    """A column as numbers of at least 0, every bad cell named."""
    text = frame[column].str.strip()
    blank = text.isna() | (text == "")
    if blank.any():
        which = ", ".join(frame[ids][blank])
        row = int(np.argmax(blank.to_numpy())) + 2
        raise ValueError(
            f"{name}: {column} is empty for {which} (row {row} first); fill in the number: this package has "
            "no source for it"
        )
    values = pd.to_numeric(text, errors="coerce")
    bad = (values.isna() | ~np.isfinite(values) | (values < 0)).to_numpy()
    if bad.any():
        row = int(np.argmax(bad))
        comma = "; write decimals with a point" if "," in text[row] else "; correct it"
        raise ValueError(
            f"{name}: {column} must be a number of at least 0, got {text[row]!r} for {frame[ids][row]} "
            f"in row {row + 2}{comma}"
        )
    return np.asarray(values, dtype=np.float64)


def _truths(frame: pd.DataFrame, name: str, column: str, *, default: bool) -> np.typing.NDArray[np.bool_]:
    """A column of true and false; a missing column is all the default."""
    if column not in frame:
        return np.full(len(frame), default)
    text = frame[column].str.strip().str.lower()
    odd = ~text.isin(["true", "false"]).to_numpy()
    if odd.any():
        row = int(np.argmax(odd))
        raise ValueError(
            f"{name}: {column} must be true or false, got {frame[column][row]!r} in row {row + 2}"
        )
    return np.asarray(text == "true", dtype=bool)


def _modes(frame: pd.DataFrame) -> Mapping[str, dict[str, float]]:
    """Contact and response rates by mode."""
    modes = _ids(frame, "modes", "mode")
    rates = {k: _numbers(modes, "modes", k, "mode") for k in ("contact", "response")}
    return {k: dict(zip(modes["mode"], v.tolist(), strict=True)) for k, v in rates.items()}


def _cells(frame: pd.DataFrame, regions: list[str], services: list[str]) -> np.typing.NDArray[np.float64]:
    """Recipients by region and service; nan where there is no row."""
    frame = frame.assign(**{column: frame[column].str.strip() for column in ("region_id", "service_id")})
    for column, ids in (("region_id", regions), ("service_id", services)):
        odd = ~frame[column].isin(ids).to_numpy()
        if odd.any():
            row = int(np.argmax(odd))
            raise ValueError(
                f"cells: {column} must be one of the frame's, got {frame[column][row]!r} in row {row + 2}; "
                "correct it"
            )
    twice = frame.duplicated(["region_id", "service_id"]).to_numpy()
    if twice.any():
        row = int(np.argmax(twice))
        raise ValueError(
            f"cells: row {row + 2} repeats {frame.region_id[row]}, {frame.service_id[row]}; add them up"
        )
    values = _numbers(frame, "cells", "recipients", "service_id")
    cells = np.full((len(regions), len(services)), np.nan)
    cells[
        pd.Index(regions).get_indexer(frame.region_id), pd.Index(services).get_indexer(frame.service_id)
    ] = values
    return cells
