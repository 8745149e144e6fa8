"""Rows of the tables of own answers: names, notes, and which units are fit to be ranked."""

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from sapa.answers.reading import SLASH
from sapa.choices import Level, Statistic
from sapa.estimation.official import PARTS


def rows_of(found: xr.Dataset, by: Level, columns: list[str]) -> pd.DataFrame:
    """Rows of a dataset over nodes, with the parts of each node's name in columns of their own."""
    table = found[columns].to_dataframe().reset_index()
    parts = table["node"].str.split("/", expand=True)
    names = {name: parts[k].map(shown) for k, name in enumerate(PARTS[by])}
    kept = [name for name in ("statistic",) if name in found.dims]
    out = pd.concat([pd.DataFrame(names), table[[*kept, *columns]]], axis=1)
    out.attrs = notes_of(found.attrs)
    return out


def notes_of(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    """Attributes that say something in a word or a number, mappings in words."""
    plain = {}
    for key, value in attributes.items():
        words = [f"{name} {own}" for name, own in value.items()] if isinstance(value, Mapping) else []
        plain[str(key)] = ", ".join(words) or value
    return {key: value for key, value in plain.items() if isinstance(value, str | float | int)}


def of_reading(*rounds: xr.Dataset) -> dict[str, str]:
    """How the files were read, and how many rows with problems were left out, where there were any."""
    read = list(dict.fromkeys(str(data.attrs.get("read", "")) for data in rounds))
    count = [int(data.attrs.get("rows_dropped", 0)) for data in rounds]
    dropped = {"rows_dropped": " and ".join(map(str, count))} if any(count) else {}
    return ({"read": " and ".join(read)} if any(read) else {}) | dropped


def joint(one: xr.Dataset, kept: NDArray[np.intp]) -> tuple[xr.DataArray, NDArray[np.float64]]:
    """Estimates of some units, labelled, and their covariance."""
    part = one.isel(node=kept)
    figures = part["estimate"].drop_vars(["statistic", "level"])
    return figures, part["covariance"].values[:, kept]


def fit_to_rank(
    one: xr.Dataset, min_raters: int, min_df: float
) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Why each unit is not ranked, empty where it is, and the places of those that are.

    Raises
    ------
    ValueError
        When fewer than two units can be ranked.
    """
    note = unranked(one, min_raters, min_df)
    kept = np.flatnonzero(note == "")
    if kept.size < 2:
        raise ValueError(
            f"at least two units must be fit to rank, got {kept.size} of {note.size}: the others have fewer "
            f"than {min_raters} raters or {min_df:g} degrees of freedom; lower min_raters or min_df"
        )
    return note, kept


def unranked(one: xr.Dataset, min_raters: int, min_df: float) -> NDArray[np.object_]:
    """Why each unit is not ranked; empty where it is."""
    empty, unknown = one["flag"].values == "empty", ~(one["se"].values > 0)
    few, thin = one["raters"].values < min_raters, one["df"].values < min_df
    words = [
        "no ratings",
        "no standard error",
        f"fewer than {min_raters} raters",
        f"fewer than {min_df:g} df",
    ]
    return np.select([empty, unknown, few, thin], words, "").astype(object)


def known_statistic(statistic: str) -> str:
    """Name of a statistic, refused when there is none of that name."""
    if statistic not in get_args(Statistic):
        raise ValueError(f"statistic must be one of {get_args(Statistic)}, got {statistic!r}")
    return statistic


def shown(name: str) -> str:
    """Name as it stood in the file."""
    return name.replace(SLASH, "/")
