"""Who is selected: stratified simple random samples of many replicates at once.

Any other way of selecting plugs into a study as a callable (:class:`Selection`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simulate.population import Population
from simulate.streams import Purpose, Streams

Ints = NDArray[np.intp]
Short = NDArray[np.int32]
DENSE: Final = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """Samples of some replicates.

    Attributes
    ----------
    cell
        (n,) or (replicates, n) cell of the population to which each selected person belongs.
    weight
        (n,) or (replicates, n) inverse inclusion probability.
    stratum
        (n,) or (replicates, n) stratum of the plan.
    person
        (replicates, n) position of the person in the population, or None where only cells matter.
    """

    cell: Ints
    weight: NDArray[np.float64]
    stratum: Ints
    person: Ints | None = None


class Frame(Protocol):
    """What a study reads of a plan's frame."""

    @property
    def regions(self) -> Sequence[str]:
        """Ids of the regions."""
        ...

    @property
    def services(self) -> Sequence[str]:
        """Ids of the services."""
        ...


class Plan(Protocol):
    """What a study reads of a plan of :mod:`sampling`: interviews by region and service."""

    @property
    def frame(self) -> Frame:
        """Regions and services."""
        ...

    @property
    def n(self) -> NDArray[np.int64]:
        """(regions, services) interviews."""
        ...


def plan_table(plan: xr.DataArray | Plan) -> xr.DataArray:
    """Interviews of a plan over its labelled dims.

    Examples
    --------
    >>> from sampling import Frame, allocate
    >>> frame = Frame(["A", "B"], ["x"], population=[3, 1], recipients=[2], recipients_are="a size measure")
    >>> plan_table(allocate(frame, 40)).sel(region="A", service="x").item()
    30
    """
    if isinstance(plan, xr.DataArray):
        return plan
    if not hasattr(plan, "frame"):
        raise TypeError(f"plan must be a DataArray or a sampling.Plan, got {type(plan).__name__}")
    labels = {"region": list(plan.frame.regions), "service": list(plan.frame.services)}
    return xr.DataArray(np.asarray(plan.n), dims=("region", "service"), coords=labels)


class Selection(Protocol):
    """Way of selecting the samples of some replicates."""

    def __call__(self, population: Population, plan: xr.DataArray, streams: Streams) -> Selected:
        """Samples of the streams' replicates; the same replicate always gets the same sample."""
        ...


def stratified(population: Population, plan: xr.DataArray, streams: Streams) -> Selected:
    """Simple random samples without replacement within each stratum of a plan.

    Parameters
    ----------
    population
        From which to select.
    plan
        Whole numbers n over some dims of the population: its entries are the strata.
    streams
        Addresses of the replicates.

    Raises
    ------
    ValueError
        When the plan exceeds the population, naming the stratum.

    Examples
    --------
    >>> counts = xr.DataArray([300, 200], dims="region", coords={"region": ["AKM", "AKT"]})
    >>> pmf = xr.DataArray([[0.0, 0.0, 0.1, 0.2, 0.7]], dims=("item", "score"), coords={"item": ["o01"]})
    >>> population = Population.from_pmf(counts, pmf)
    >>> plan = xr.DataArray([3, 2], dims="region", coords={"region": ["AKM", "AKT"]})
    >>> stratified(population, plan, Streams(1, range(4))).weight.tolist()
    [100.0, 100.0, 100.0, 100.0, 100.0]
    """
    frame = strata(population, plan)
    stratum = np.repeat(np.arange(frame.n.size), frame.n)
    weight = (frame.size / np.maximum(frame.n, 1))[stratum]
    if population.ratings is None and frame.size.size == frame.cell.size:
        return Selected(frame.cell[stratum], weight, stratum)
    position = srs_within(frame.first, frame.size, frame.n, streams)
    single = frame.size.size == frame.cell.size
    at = stratum if single else np.searchsorted(frame.last, position, side="right")
    cell = frame.cell[at]
    if population.ratings is None:
        return Selected(cell, weight, stratum)
    counts = population.cell_counts
    moved = (np.cumsum(counts) - counts)[frame.cell] - (frame.last - counts[frame.cell])
    return Selected(cell, weight, stratum, position + moved[at] if moved.any() else position)


@dataclass(frozen=True, slots=True, eq=False)
class Strata:
    """The cells of a population in the order of their strata.

    Attributes
    ----------
    first, size, n
        (strata,) first position, people and sample size of each stratum.
    cell, last
        (cells,) cells in stratum order and the position after each one's last person.
    """

    first: Ints
    size: Ints
    n: Ints
    cell: Ints
    last: Ints


def strata(population: Population, plan: xr.DataArray) -> Strata:
    """Strata of a plan over a population, checked."""
    dims = [str(dim) for dim in plan.dims]
    code = population.codes(*dims)
    for dim in dims:
        if dim not in plan.coords or list(plan[dim].values) != list(population.counts[dim].values):
            raise ValueError(f"plan must carry the population's {dim} labels in the same order; reindex it")
    n = plan.to_numpy().ravel()
    if not np.issubdtype(n.dtype, np.integer) or (n < 0).any() or n.sum() == 0:
        raise ValueError(f"plan must hold whole numbers of at least 0 with a sum of at least 1, got {n}")
    size = np.bincount(code, weights=population.cell_counts, minlength=n.size).astype(np.intp)
    over = np.flatnonzero(n > size)
    if over.size:
        name = population.labels(*dims)[over[0]]
        raise ValueError(
            f"plan must not exceed the population, got n = {n[over[0]]} of {size[over[0]]} people in {name} "
            f"({over.size} such strata); lower n there"
        )
    order = np.argsort(code, kind="stable")
    order = order[population.cell_counts[order] > 0] if len(dims) < len(population.dims) else order
    last = np.cumsum(population.cell_counts[order])
    return Strata(np.cumsum(size) - size, size, n.astype(np.intp), order, last)


def srs_within(first: Ints, size: Ints, n: Ints, streams: Streams) -> Ints:
    """(replicates, sum n) positions of simple random samples within blocks that fill 0..sum of sizes.

    Blocks come in their order; within a block positions come in none.

    Distinct positions are collected one draw after another, as a sample without replacement is by
    definition; a block of which more than a quarter is taken is shuffled instead.
    """
    dense = n > DENSE * size
    out = np.empty((len(streams), int(n.sum())), dtype=np.intp)
    block = np.repeat(np.arange(n.size), n)
    crowded = dense[block]
    sparse = block[~crowded]
    low, width = first[sparse].astype(np.int32), size[sparse].astype(np.int32)
    pool = np.repeat(np.flatnonzero(dense), size[dense])
    place = first[pool] + np.arange(pool.size) - np.repeat(np.cumsum(size[dense]) - size[dense], size[dense])
    taken = np.arange(pool.size) - np.searchsorted(pool, pool) < n[pool]
    holder = np.zeros(int(size.sum()), dtype=np.int32)
    for row, rng in zip(out, streams.generators(Purpose.SELECTION), strict=True):
        if sparse.size:
            row[~crowded if pool.size else slice(None)] = _distinct(low, width, holder, rng)
        if pool.size:
            row[crowded] = place[np.argsort(pool + rng.random(pool.size))][taken]
    return out


def _distinct(low: Short, width: Short, holder: Short, rng: np.random.Generator) -> Short:
    """Distinct positions in each block: of equal ones one is kept, the others are drawn again.

    What is kept depends on which positions are equal, not on where they are, so every set of a block is as
    likely as any other. `holder` is scratch: for each position, who drew it last, now or in an earlier call.
    """
    position: Short = low + (rng.random(low.size) * width).astype(low.dtype)
    everyone = np.arange(low.size, dtype=holder.dtype)
    holder[position] = everyone
    again = np.flatnonzero(holder[position] != everyone)
    while again.size:
        fresh = low[again] + (rng.random(again.size) * width[again]).astype(low.dtype)
        free = position[holder[fresh]] != fresh
        position[again[free]] = fresh[free]
        holder[fresh[free]] = again[free]
        again = again[holder[fresh] != again]
    return position
