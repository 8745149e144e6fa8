"""Frames of the monitoring: read from CSV or XLSX, the frame of 2020, and an example to fill in."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from sampling import Frame
from sapa.frame_sheets import checked_ids, frame_sheets, numbers_of, truths_of
from sapa.output import whole_folder
from sapa.published import table

EXAMPLE: Final = Path(__file__).parent / "frame_data" / "regions_2022"
ABROAD: Final = "OTH"
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
    sheets = frame_sheets(Path(path))
    regions = checked_ids(sheets["regions"], "regions", "region_id")
    services = checked_ids(sheets["services"], "services", "service_id")
    population = numbers_of(regions, "regions", "population", "region_id")
    recipients = numbers_of(services, "services", "recipients", "service_id")
    known: dict[str, Any] = {"surveyed": truths_of(services, "services", "surveyed", default=True)}
    abroad = truths_of(services, "services", "abroad", default=False)
    for column, field in (("sd", "sd"), ("share_of_fives", "share"), ("mean", "mean")):
        if column in services:
            known[field] = numbers_of(services, "services", column, "service_id")
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


def _modes(frame: pd.DataFrame) -> Mapping[str, dict[str, float]]:
    """Contact and response rates by mode."""
    modes = checked_ids(frame, "modes", "mode")
    rates = {k: numbers_of(modes, "modes", k, "mode") for k in ("contact", "response")}
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
    values = numbers_of(frame, "cells", "recipients", "service_id")
    cells = np.full((len(regions), len(services)), np.nan)
    cells[
        pd.Index(regions).get_indexer(frame.region_id), pd.Index(services).get_indexer(frame.service_id)
    ] = values
    return cells
