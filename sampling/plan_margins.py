"""Whole totals of regions and services: the rule and the minima."""

import numpy as np
import xarray as xr

from sampling.allocation import power_allocation, proportional
from sampling.apportionment import round_total
from sampling.arguments import FloatArray, IntArray, Values
from sampling.frame import Frame


def margins(
    frame: Frame, n: int, *, power: float = 1.0, min_region: Values = 0, min_service: Values = 0
) -> tuple[IntArray, IntArray, str]:
    """Totals of regions and of services, and where a minimum is all recipients.

    Minima are numbers or one for each region and service.

    >>> frame = Frame(["A", "B"], ["x"], population=[3, 1], recipients=[900])
    >>> margins(frame, 100)[:2]
    (array([75, 25]), array([100]))
    """
    regions = np.array(np.broadcast_to(np.asarray(min_region, dtype=np.float64), len(frame.regions)))
    regions[np.asarray(frame.population) == 0] = 0
    services, note = _service_minima(frame, np.asarray(min_service, dtype=np.float64))
    columns = _service_totals(frame, n, power, services)
    return _region_totals(frame, columns, regions), columns, note


def _service_minima(frame: Frame, wanted: FloatArray) -> tuple[FloatArray, str]:
    """The minima of the surveyed services, all recipients where there are fewer, and a note of where."""
    minima = np.where(frame.surveyed & np.asarray(frame.possible).any(axis=0), wanted, 0.0)
    if not frame.finite:
        return minima, ""
    most = np.floor(frame.table.sum(axis=0) + 1e-9)
    short = minima > most
    named = [f"{frame.services[s]} ({int(most[s])})" for s in np.flatnonzero(short).tolist()]
    return np.minimum(minima, most), f" (all recipients of {', '.join(named)})" if named else ""


def _service_totals(frame: Frame, n: int, power: float, minima: FloatArray) -> IntArray:
    """Whole interviews of every service."""
    table = frame.table
    size = np.where(frame.surveyed, table.sum(axis=0), 0.0)
    caps = np.where(size > 0, np.floor(size + 1e-9) if frame.finite else np.inf, 0.0)
    try:
        named = xr.DataArray(size, coords={"service": list(frame.services)}, dims="service")
        real = np.asarray(power_allocation(named, n, power=power, lower=minima, upper=caps))
    except ValueError as error:
        raise ValueError(f"services: {error}") from error
    return round_total(real, n, lower=minima, upper=np.minimum(caps, n))


def _region_totals(frame: Frame, columns: IntArray, minima: FloatArray) -> IntArray:
    """Whole interviews of every region, by population; regions without population get their own services."""
    people = np.asarray(frame.population)
    apart = people == 0
    own = ~np.asarray(frame.possible)[~apart].any(axis=0)
    inside = int(columns[~own].sum())
    rows = np.zeros(people.size, dtype=np.int64)
    expected = frame.table.sum(axis=1)[~apart]  # of people, so a region of 1.8 may turn out to have two
    caps = np.ceil(expected - 1e-9) if frame.finite else np.full(expected.size, np.inf)
    try:
        ids = [r for r, out in zip(frame.regions, apart.tolist(), strict=True) if not out]
        named = xr.DataArray(people[~apart], coords={"region": ids}, dims="region")
        real = np.asarray(proportional(named, inside, lower=minima[~apart], upper=caps))
    except ValueError as error:
        raise ValueError(f"regions: {error}") from error
    rows[~apart] = round_total(real, inside, lower=minima[~apart], upper=np.minimum(caps, inside))
    if apart.any():
        share = frame.table[np.ix_(apart, own)]
        total = share.sum(axis=0)
        rows[apart] = round_total(
            (share / np.where(total > 0, total, 1.0)) @ columns[own], columns[own].sum()
        )
    return rows
