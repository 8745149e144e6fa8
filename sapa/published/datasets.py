"""Published tables as labelled datasets."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from sapa.published.checks import check
from sapa.published.codebook import NUMERIC, Column, codebook
from sapa.published.corrections import corrected_criteria, corrections
from sapa.published.tables import table


def load(name: str, *, corrected: bool = False) -> xr.Dataset:
    """Published table as a dataset whose dimensions are the table's keys.

    Parameters
    ----------
    name
        Of the table, as in the codebook.
    corrected
        Apply the overlay of corrections (``"criteria"`` only). It is off by default, and a dataset made
        with it says so in ``attrs["corrections"]`` and marks every touched cell in ``correction``.

    Returns
    -------
    Dataset over dimensions such as ``service``, ``channel``, ``criterion`` with ids as labels and one
    variable a printed column, blanks and absent cells NaN or ``""``; attributes carry unit, label, meaning of
    blanks, and the table of the report with the lines of its text. A blank key is the label ``"total"``.
    Tables whose layout is ``rows`` have the one dimension ``row``, numbered from 1, with the keys along it.

    Raises
    ------
    ValueError
        When the table is unknown, breaks the codebook, or has no corrections.

    Examples
    --------
    >>> float(load("criteria").mean_score.sel(service="s01", channel="office", criterion="access"))
    4.77
    """
    if corrected and name != "criteria":
        raise ValueError(f"corrected must be False for {name!r}: corrections exist for 'criteria' only")
    frame = corrected_criteria() if corrected else table(name)
    entry = codebook()[name]
    names = {key: key.removesuffix("_id") for key in entry.keys}
    values = frame.rename(columns=names)
    if entry.layout == "rows":
        values = values.set_axis(pd.RangeIndex(1, len(values) + 1, name="row"))
        data = xr.Dataset.from_dataframe(values).set_coords(list(names.values()))
    else:
        total = {key: values[key].replace("", "total") for key in names.values()}
        data = _dense(values.assign(**total), list(names.values()))
    for column in entry.columns.values():
        data[names.get(column.name, column.name)].attrs |= _attributes(column)
    used = f"on: {len(corrections())} listed" if corrected else "off"
    return data.assign_attrs(table=name, report=entry.report, lines=entry.lines, corrections=used)


def load_all() -> dict[str, xr.Dataset]:
    """Every published table as a dataset, after the checks between tables.

    Examples
    --------
    >>> sorted(load_all())[:3]
    ['agencies', 'agency_history', 'agency_history_printed']
    """
    return {name: load(name) for name in check()}


def _dense(values: pd.DataFrame, keys: list[str]) -> xr.Dataset:
    """Array over the keys, in the order in which the table first names them."""
    labels = {key: list(pd.unique(values[key])) for key in keys}
    shape = tuple(len(found) for found in labels.values())
    place = tuple(pd.Index(labels[key]).get_indexer(values[key]) for key in keys)
    data = xr.Dataset(coords={key: (key, found) for key, found in labels.items()})
    for name in values.columns.drop(keys):
        cells = _blank(values[name].dtype, shape, full=len(values) == np.prod(shape))
        cells[place] = values[name].to_numpy()
        data[name] = (keys, cells)
    return data


def _blank(dtype: Any, shape: tuple[int, ...], *, full: bool) -> NDArray[Any]:
    """Cells without a figure: NaN, or the empty string for text; integers only where every cell has one."""
    if not pd.api.types.is_numeric_dtype(dtype):
        return np.full(shape, "", dtype=object)
    return np.empty(shape, dtype=dtype) if full else np.full(shape, np.nan)


def _attributes(column: Column) -> dict[str, str]:
    facts = {"long_name": column.label, "units": column.unit, "blank": column.blank, "comment": column.note}
    if column.kind in NUMERIC and column.decimals is not None:
        facts["printed_decimals"] = str(column.decimals)
    return {key: value for key, value in facts.items() if value}
