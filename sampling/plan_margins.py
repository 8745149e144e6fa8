"""Whole totals of regions and services: the rule, the minima, and what a precision asks for."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from sampling.allocation import power_allocation, proportional
from sampling.apportionment import round_total
from sampling.arguments import FloatArray, IntArray, whole
from sampling.frame import Frame
from sampling.plan import domain_sums
from sampling.precision import sample_size

Domain = Literal["region", "service"]


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked of a plan; see `allocate`.

    >>> Demand(n=100).widths
    {'region': None, 'service': None}
    """

    n: int | None = None
    power: float = 1.0
    min_region: int = 0
    min_service: int = 0
    region_half_width: float | None = None
    service_half_width: float | None = None
    deff: float = 1.0

    def __post_init__(self) -> None:
        """Check that something fixes the size."""
        if self.n is None and self.region_half_width is None and self.service_half_width is None:
            message = (
                "n must be given where no half-width is asked for, got none; say how many or how precise"
            )
            raise ValueError(message)
        for name in ("min_region", "min_service"):
            whole(name, getattr(self, name))

    @property
    def widths(self) -> dict[Domain, float | None]:
        """Half-widths asked for, by domain."""
        return {"region": self.region_half_width, "service": self.service_half_width}


def margins(
    frame: Frame, demand: Demand, inflation: dict[Domain, FloatArray]
) -> tuple[IntArray, IntArray, tuple[str, ...]]:
    """Totals of regions and of services, and how they came about.

    `inflation` multiplies the interviews that the half-widths need: the weights' part of the design effect,
    known once a table has been made.

    >>> frame = Frame(["A", "B"], ["x"], population=[3, 1], recipients=[900])
    >>> margins(frame, Demand(n=100), {"region": np.ones(2), "service": np.ones(1)})[:2]
    (array([75, 25]), array([100]))
    """
    need = {by: _needed(frame, by, demand, inflation[by]) for by in demand.widths}
    regions = np.maximum(need["region"], demand.min_region)
    regions[np.asarray(frame.population) == 0] = 0
    services, note = _service_minima(frame, np.maximum(need["service"], demand.min_service))
    n = (
        _fewest(frame, demand.power, regions, services)
        if demand.n is None
        else whole("n", demand.n, minimum=1)
    )
    columns = _service_totals(frame, n, demand.power, services)
    how = (
        f"{n} interviews: regions in proportion to population, services to {frame.recipients_are} "
        f"to the power {demand.power:g}.",
        f"At least {demand.min_region} in a region and {demand.min_service} of a service{note}.",
        *(
            f"A half-width of {width:g} in every {by} (design effect {demand.deff:g} beyond the weights) "
            f"needs {int(need[by][need[by] > 0].min())} to {int(need[by].max())} interviews."
            for by, width in demand.widths.items()
            if width is not None
        ),
    )
    return _region_totals(frame, columns, regions), columns, how


def _needed(frame: Frame, by: Domain, demand: Demand, inflation: FloatArray) -> IntArray:
    """Interviews each domain needs for a half-width; 0 where nothing is asked or surveyed."""
    table = frame.table
    mass = domain_sums(table, by)
    need = np.zeros(mass.shape, dtype=np.int64)
    width = demand.widths[by]
    if width is None:
        return need
    some = mass > 0
    spread = np.sqrt(domain_sums(table * np.asarray(frame.sd) ** 2, by)[some] / mass[some])
    people = np.maximum(np.floor(mass[some] + 1e-9), 1.0) if frame.finite else np.inf
    need[some] = sample_size(width, sd=spread, population=people, deff=demand.deff * inflation[some])
    return need


def _fewest(frame: Frame, power: float, regions: FloatArray, services: FloatArray) -> int:
    """The fewest interviews that leave the regions their minima once those abroad are taken off."""
    n = int(max(regions.sum(), services.sum(), 1))
    apart = np.asarray(frame.population) == 0
    own = ~np.asarray(frame.possible)[~apart].any(axis=0)
    while True:
        short = int(regions.sum()) - int(_service_totals(frame, n, power, services)[~own].sum())
        if short <= 0:
            return n
        n += short


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
    caps = (
        np.floor(frame.table.sum(axis=1)[~apart] + 1e-9) if frame.finite else np.full((~apart).sum(), np.inf)
    )
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
