"""The frame: which regions and services there are, how many people, what a contact costs and yields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from sampling.arguments import FloatArray, Values, numbers, unique_ids

Bools = np.typing.NDArray[np.bool_]
Statistic = Literal["mean", "share"]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Regions by services, with everything known before anyone answers.

    Parameters
    ----------
    regions, services : sequence of str
        Unique ids; R regions, S services.
    population : array (R,)
        Inhabitants of each region (or their shares: only proportions enter the territorial rule).
    recipients : array (S,)
        Recipients of each service in a year, or another size measure; see `recipients_are`.
    cells : array (R, S), optional
        Recipients by region and service; those of a surveyed service sum to its recipients. None means
        unknown: recipients in proportion to population over the possible regions.
    possible : array of bool (R, S), optional
        False where a service is not given or not surveyed in a region: a structural zero.
    surveyed : array of bool (S,), optional
        False for services covered by qualitative methods only; all their cells are structural zeros.
    sd : array (S,) or (R, S), or number
        Expected standard deviation of the rating, points of the scale.
    share : array (S,) or number
        Expected share of fives, 0..1.
    mean : array (S,) or (R, S), or number, optional
        Expected mean rating; needed only where a coefficient of variation of means is asked for.
    cost : array (R, S) or number
        Cost of a completed interview, any unit.
    contact, response : mapping of mode to number in 0..1
        Expected share of issued contacts that are reached, and of the reached that complete, by mode.
    recipients_are : str
        What `recipients` counts, in words. With "recipients" they bound the sample (finite population);
        with anything else they are only a size measure.

    Raises
    ------
    ValueError
        Naming the field, the region or service, the rule and the remedy.

    Examples
    --------
    >>> frame = Frame(["A", "B"], ["x", "y"], population=[600, 400], recipients=[900, 100])
    >>> frame.table.round(0).tolist()
    [[540.0, 60.0], [360.0, 40.0]]
    """

    regions: Sequence[str]
    services: Sequence[str]
    population: Values
    recipients: Values
    cells: Values | None = None
    possible: Any = None
    surveyed: Any = None
    sd: Values = 0.9
    share: Values = 0.75
    cost: Values = 1.0
    contact: Mapping[str, float] = field(default_factory=lambda: {"telephone": 1.0})
    response: Mapping[str, float] = field(default_factory=lambda: {"telephone": 1.0})
    recipients_are: str = "recipients"
    mean: Values | None = None

    def __post_init__(self) -> None:
        """Check every field and store plain arrays."""
        regions, services = unique_ids("regions", self.regions), unique_ids("services", self.services)
        count, width = len(regions), len(services)
        put = object.__setattr__
        put(self, "regions", regions)
        put(self, "services", services)
        shape = (count, width)
        fields = ("population", "recipients", "cells", "possible", "surveyed", "sd", "share", "cost", "mean")
        for name in fields:
            put(self, name, _aligned(name, getattr(self, name), regions, services))
        put(self, "population", _shaped("population", self.population, (count,), self))
        put(self, "recipients", _shaped("recipients", self.recipients, (width,), self))
        if not np.asarray(self.population).any():
            raise ValueError("population must be above 0 in some region, got 0 in all; fill it in")
        surveyed = _flags("surveyed", self.surveyed, (width,))
        possible = _flags("possible", self.possible, shape) & surveyed
        put(self, "surveyed", surveyed)
        put(self, "possible", possible)
        for name in ("sd", "share", "cost"):
            put(self, name, _shaped(name, getattr(self, name), shape, self))
        self._refuse("share", np.asarray(self.share) > 1, "lie between 0 and 1", "write 75% as 0.75")
        self._refuse("cost", np.asarray(self.cost) <= 0, "be positive", "give what an interview costs")
        if self.mean is not None:
            put(self, "mean", _shaped("mean", self.mean, shape, self))
            self._refuse("mean", np.asarray(self.mean) <= 0, "be positive", "give the mean rating expected")
        if self.cells is not None:
            put(self, "cells", _shaped("cells", self.cells, shape, self))
            self._check_cells()
        self._check_services()
        self._check_modes()

    def _refuse(self, name: str, bad: Bools, rule: str, remedy: str) -> None:
        """Name the first bad cell of a table by region and service."""
        if bad.any():
            r, s = (int(k) for k in np.argwhere(bad)[0])
            message = (
                f"{name} must {rule}, got {getattr(self, name)[r, s]:g} for region {self.regions[r]}, "
                f"service {self.services[s]}; {remedy}"
            )
            raise ValueError(message)

    def _check_cells(self) -> None:
        """Cells are 0 where nothing is possible, and sum to the recipients of every surveyed service."""
        cells, recipients = np.asarray(self.cells), np.asarray(self.recipients)
        rule, remedy = "be 0 where a service is not possible or not surveyed", "allow the cell or clear it"
        self._refuse("cells", (cells > 0) & ~np.asarray(self.possible), rule, remedy)
        sums = cells.sum(axis=0)
        apart = np.asarray(self.surveyed) & ~np.isclose(sums, recipients, rtol=1e-6, atol=1e-9)
        if apart.any():
            s = int(np.argmax(apart))
            message = (
                f"cells must sum to the recipients of every service, got {sums[s]:.10g} over regions where "
                f"recipients are {recipients[s]:.10g} for service {self.services[s]}"
                f"{_and_more(apart)}; correct its cells or its recipients"
            )
            raise ValueError(message)

    def _check_services(self) -> None:
        """A surveyed service with recipients is possible somewhere."""
        nowhere = np.asarray(self.surveyed) & ~np.asarray(self.possible).any(axis=0)
        nowhere &= np.asarray(self.recipients) > 0
        if nowhere.any():
            s = int(np.argmax(nowhere))
            message = (
                f"possible must be true in some region for a surveyed service, got none for service "
                f"{self.services[s]} with {np.asarray(self.recipients)[s]:g} recipients{_and_more(nowhere)}; "
                "allow a region or mark it as not surveyed"
            )
            raise ValueError(message)

    def _check_modes(self) -> None:
        """Contact and response rates by the same modes, each above 0 and at most 1."""
        if set(self.contact) != set(self.response) or not self.contact:
            message = (
                f"contact and response must name the same modes, got {sorted(self.contact)} and "
                f"{sorted(self.response)}; give both rates for every mode"
            )
            raise ValueError(message)
        for name, rates in (("contact", self.contact), ("response", self.response)):
            for mode, rate in rates.items():
                if not 0 < rate <= 1:
                    message = f"{name} must lie in 0..1 and above 0, got {rate} for {mode}; write 40% as 0.4"
                    raise ValueError(message)

    @property
    def table(self) -> FloatArray:
        """Recipients by region and service, (R, S): the cells, or recipients spread by population."""
        if self.cells is not None:
            return np.asarray(self.cells, dtype=np.float64)
        possible = np.asarray(self.possible)
        weight = np.asarray(self.population, dtype=np.float64)[:, None] * possible
        weight = np.where(weight.sum(axis=0) > 0, weight, possible)  # given only where nobody is counted
        total = weight.sum(axis=0)
        shares = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        return np.asarray(shares * np.asarray(self.recipients))

    def spread(self, statistic: Statistic) -> FloatArray:
        """The standard deviation of one answer, (R, S): of the rating, or of being a five."""
        if statistic not in ("mean", "share"):
            raise ValueError(f'statistic must be "mean" or "share", got {statistic!r}; choose one')
        p = np.asarray(self.share)
        return np.asarray(self.sd) if statistic == "mean" else np.asarray(np.sqrt(p * (1 - p)))

    def level(self, statistic: Statistic) -> FloatArray:
        """What is expected of the mean rating or of the share of fives, (R, S)."""
        if statistic == "mean" and self.mean is None:
            raise ValueError(
                "mean must be given in the frame where a cv of means is asked for, got none; add it"
            )
        return np.asarray(self.mean if statistic == "mean" else self.share, dtype=np.float64)

    @property
    def finite(self) -> bool:
        """Whether recipients are counted persons, so that they bound the sample."""
        return self.recipients_are == "recipients"

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes of contact, in the order given."""
        return tuple(self.contact)

    def labelled(self, values: Any) -> xr.DataArray:
        """A region by service table with its ids on."""
        coords = {"region": list(self.regions), "service": list(self.services)}
        return xr.DataArray(values, dims=("region", "service"), coords=coords)

    @classmethod
    def from_table(cls, table: pd.DataFrame, *, population: Mapping[str, float], **known: Any) -> "Frame":
        """A frame from a long table with columns region, service, recipients, one row per possible cell.

        Parameters
        ----------
        table : pandas.DataFrame
            Cells that are missing are structural zeros. Ids are kept in order of appearance.
        population : mapping of region id to number
            Exactly the regions of the table.
        **known
            Other fields of `Frame`.

        Raises
        ------
        ValueError
            If a column is missing, a cell is there twice, or the regions differ.
        """
        for column in ("region", "service", "recipients"):
            if column not in table:
                raise ValueError(f"table must have a column {column}, got {list(table.columns)}; rename it")
        twice = table.duplicated(["region", "service"])
        if twice.any():
            row = table[twice].iloc[0]
            message = (
                f"table must have one row per cell, got region {row.region}, service {row.service} twice"
            )
            raise ValueError(message + "; add them up")
        regions, services = list(dict.fromkeys(table.region)), list(dict.fromkeys(table.service))
        if set(regions) != set(population):
            odd = sorted(set(regions) ^ set(population))
            raise ValueError(
                f"population must have the regions of the table, differing in {odd}; add or drop them"
            )
        recipients = numbers("recipients", table.recipients.to_numpy())
        cells = np.full((len(regions), len(services)), np.nan)
        row, column = (
            pd.Categorical(table[k], ids).codes for k, ids in (("region", regions), ("service", services))
        )
        cells[row, column] = recipients
        known.setdefault("possible", np.isfinite(cells))
        cells = np.nan_to_num(cells)
        return cls(
            regions, services, [population[r] for r in regions], cells.sum(axis=0), cells=cells, **known
        )


def _aligned(name: str, values: Any, regions: tuple[str, ...], services: tuple[str, ...]) -> Any:
    """A labelled field (DataArray, or Series of one axis) in the frame's order; anything else as it is."""
    if isinstance(values, pd.Series):
        dim = "region" if set(values.index) == set(regions) else "service"
        values = xr.DataArray(values.to_numpy(), coords={dim: list(values.index)}, dims=dim)
    if not isinstance(values, xr.DataArray):
        return values
    for dim, ids in (("region", regions), ("service", services)):
        if dim in values.dims:
            known = list(values.indexes[dim]) if dim in values.indexes else None
            if known is not None and sorted(known) != sorted(ids):
                odd = sorted(set(known) ^ set(ids)) or known
                message = (
                    f"{name} must have the {dim}s of the frame, differing in {odd[:5]}; add or drop them"
                )
                raise ValueError(message)
            values = values if known is None else values.sel({dim: list(ids)})
    array = values.transpose(*(d for d in ("region", "service") if d in values.dims)).to_numpy()
    return array[:, None] if values.dims == ("region",) and name != "population" else array


def _and_more(bad: Bools) -> str:
    """How many other services have the same fault."""
    return f" (and {int(bad.sum()) - 1} more)" if bad.sum() > 1 else ""


def _shaped(name: str, values: Values, shape: tuple[int, ...], frame: "Frame | None" = None) -> FloatArray:
    """A field as floats of its shape; one that fits none is refused with both shapes."""
    if frame is not None and np.shape(values) == shape:
        ids = {"region": list(frame.regions), "service": list(frame.services)}
        dims = list(ids) if len(shape) == 2 else ["region" if name == "population" else "service"]
        values = xr.DataArray(values, dims=dims, coords={dim: ids[dim] for dim in dims})
    array = numbers(name, values)
    try:
        array = np.array(np.broadcast_to(array, shape))
    except ValueError as error:
        message = f"{name} must have shape {shape} or spread to it, got {np.shape(values)}; give one per id"
        raise ValueError(message) from error
    array.flags.writeable = False
    return array


def _flags(name: str, values: Any, shape: tuple[int, ...]) -> Bools:
    """A field of booleans; None means all true."""
    flags = np.asarray(True if values is None else values)
    if flags.dtype != np.bool_:
        raise TypeError(f"{name} must be true or false, got {flags.dtype}; compare it with 0 first")
    try:
        flags = np.array(np.broadcast_to(flags, shape))
    except ValueError as error:
        raise ValueError(f"{name} must have shape {shape}, got {flags.shape}; give one per cell") from error
    flags.flags.writeable = False
    return flags
