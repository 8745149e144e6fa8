"""Reaching people: modes of interview, recruitment, interviewers, contact and cooperation."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from simulate.population import Population
from simulate.rating_model import check_pmf
from simulate.streams import Purpose, Streams

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]
Chance = float | xr.DataArray


@dataclass(frozen=True, slots=True, eq=False)
class Modes:
    """Modes of interview: who gets which, what a mode does to ratings and costs.

    Attributes
    ----------
    names
        Of the modes.
    shares
        Probability of each mode; a DataArray with dim ``mode`` may vary over dims of the population.
    shift
        Effect of each mode on the latent of every rating, in SD.
    cost
        Of one interview in each mode.
    """

    names: tuple[str, ...] = ("any",)
    shares: tuple[float, ...] | xr.DataArray = (1.0,)
    shift: tuple[float, ...] = (0.0,)
    cost: tuple[float, ...] = (0.0,)

    def __post_init__(self) -> None:
        if not len(self.names) == len(self.shift) == len(self.cost):
            raise ValueError(f"shift and cost must have one number a mode, {len(self.names)} in all")
        _check_names("names", self.names)
        check_finite("shift", *self.shift)
        check_finite("cost", *self.cost, least=0.0)
        table = self.table()
        if table.sizes["mode"] != len(self.names) or list(table["mode"].values) != list(self.names):
            raise ValueError(f"shares must have a probability for each of the modes {self.names}")
        check_pmf("shares", table.transpose(..., "mode").to_numpy())

    def table(self) -> xr.DataArray:
        """Shares with dim ``mode``."""
        if isinstance(self.shares, xr.DataArray):
            return self.shares
        return xr.DataArray(list(self.shares), dims="mode", coords={"mode": list(self.names)})

    def assign(self, population: Population, cell: Ints, streams: Streams) -> Ints | None:
        """(replicates, n) mode of each person; None where there is one mode only."""
        if len(self.names) == 1:
            return None
        reach = np.cumsum(population.spread(self.table(), "mode"), axis=-1)[cell][..., :-1]
        uniform = streams.uniforms(Purpose.MODE, cell.shape[-1])
        mode: Ints = (uniform[..., None] >= reach).sum(axis=-1)
        return mode


@dataclass(frozen=True, slots=True, eq=False)
class Contact:
    """Chance of reaching a person, and how it depends on what they would say.

    Attributes
    ----------
    chance
        Over any dims of the population and ``mode``.
    cost
        Of one attempt.
    slope
        As in :class:`Cooperation`.
    """

    chance: Chance = 1.0
    cost: float = 0.0
    slope: float = 0.0

    def __post_init__(self) -> None:
        check_chance("chance of contact", self.chance)
        check_finite("cost", self.cost, least=0.0)
        check_finite("slope", self.slope)


@dataclass(frozen=True, slots=True, eq=False)
class Cooperation:
    """Chance that a person reached agrees, and how it depends on what they would say.

    Attributes
    ----------
    chance
        Over any dims of the population and ``mode``.
    slope
        Probit slope on the person's common factor: above 0 the satisfied agree more often. The chance over
        everyone in a cell stays `chance`, exactly for a normal factor.
    """

    chance: Chance = 1.0
    slope: float = 0.0

    def __post_init__(self) -> None:
        check_chance("chance of cooperation", self.chance)
        check_finite("slope", self.slope)


def passed(
    step: Contact | Cooperation,
    purpose: Purpose,
    population: Population,
    cell: Ints,
    mode: Ints | None,
    modes: Modes,
    factor: Floats,
    streams: Streams,
) -> NDArray[np.bool_] | None:
    """(replicates, n) who is reached, or agrees; None when everybody does."""
    if _always(step.chance):
        return None
    chance = by_factor(chances(population, step.chance, cell, mode, modes), step.slope, factor)
    return streams.uniforms(purpose, cell.shape[-1]) < chance


@dataclass(frozen=True, slots=True)
class Snowball:
    """Recruitment through acquaintances of a share of the sample, in proportion to degree.

    Attributes
    ----------
    share
        Of the sample recruited so.
    spread
        SD of the logarithm of degree in the population.
    correlation
        Of that logarithm with the person's own part of the common factor.

    Notes
    -----
    Degree is lognormal. Sampling in proportion to it moves its logarithm up by spread^2, so the factor of
    those recruited by correlation * spread, exactly. Weights 1 / degree undo it.
    """

    share: float = 0.0
    spread: float = 0.0
    correlation: float = 0.0

    def __post_init__(self) -> None:
        check_chance("share recruited", self.share)
        check_finite("spread", self.spread, least=0.0)
        if not -1 <= self.correlation <= 1:
            raise ValueError(f"correlation must lie in -1..1, got {self.correlation}")

    def recruited(self, size: int, streams: Streams) -> tuple[NDArray[np.bool_], Floats] | None:
        """(replicates, size) who is recruited by snowball, and a normal for their degree."""
        if self.share == 0:
            return None
        uniform = streams.uniforms(Purpose.RECRUITMENT, 2, size)
        return uniform[:, 0] < self.share, ndtri(np.clip(uniform[:, 1], 2**-54, None))

    def degree(self, own: Floats, recruited: NDArray[np.bool_], normal: Floats) -> Floats:
        """(replicates, n) degree, given the normal behind the person's own part before recruitment."""
        log = self.correlation * own + np.sqrt(1 - self.correlation**2) * normal
        degree: Floats = np.exp(self.spread * (log + recruited * self.spread))
        return degree


@dataclass(frozen=True, slots=True)
class Interviewers:
    """Interviewers of a region, each with at most `workload` people; 0, the null value, means there are none.

    People are dealt to the interviewers of their region in turn, so that each meets all services. How far
    an interviewer moves ratings is the rating model's `interviewer` correlation.

    Attributes
    ----------
    workload
        Most people of an interviewer.
    within
        Dim of the population whose areas interviewers do not leave.
    modes
        Names of the modes that have interviewers; None: all. In the others nobody can move or invent ratings
        (interviewer -1), and what interviewers add to the spread of ratings is the person's own.

    Examples
    --------
    >>> Interviewers(30, modes=("telephone",)).modes
    ('telephone',)
    """

    workload: int = 0
    within: str = "region"
    modes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_whole("workload", self.workload, least=0)
        if self.modes is not None:
            _check_names("modes", self.modes)

    def assign(self, population: Population, cell: Ints, mode: Ints | None, modes: Modes) -> Ints | None:
        """(n,) or (replicates, n) interviewer of each person; -1 for none."""
        if self.workload == 0:
            return None
        area = population.codes(self.within)[cell]
        if self.modes is None:
            return self._dealt(area, cell.shape[-1])
        has = np.isin(modes.names, self.modes)[0 if mode is None else mode]
        # Those without an interviewer are an area of their own.
        apart = np.where(has, area, population.codes(self.within).max() + 1)
        return np.where(has, self._dealt(apart, cell.shape[-1]), -1)

    def _dealt(self, area: Ints, size: int) -> Ints:
        turn, count = turns(area)
        needed = -(-count // self.workload)
        # Room for everyone in one area: an interviewer's number must not depend on other replicates.
        spacing = -(-size // self.workload)
        interviewer: Ints = area * spacing + turn % needed
        return interviewer


def chances(population: Population, chance: Chance, cell: Ints, mode: Ints | None, modes: Modes) -> Floats:
    """Chance of each person, from one that varies over cells and modes."""
    table = population.spread(chance, "mode")
    if table.ndim == 1:
        return table[cell]
    if isinstance(chance, xr.DataArray) and list(chance["mode"].values) != list(modes.names):
        raise ValueError(f"chance must carry the modes {modes.names}, got {list(chance['mode'].values)}")
    by_mode: Floats = table[cell, 0 if mode is None else mode]
    return by_mode


def by_factor(chance: Floats, slope: float, factor: Floats) -> Floats:
    """Chance of each person given their factor, its mean over everyone kept: probit(chance) on both sides."""
    if not slope:
        return chance
    given: Floats = ndtr(ndtri(chance) * np.sqrt(1 + slope**2) + slope * factor)
    return given


def turns(group: Ints) -> tuple[Ints, Ints]:
    """Rank of each entry within its group along the last axis, and the size of the group."""
    rows = np.atleast_2d(group)
    order = np.argsort(rows, axis=1, kind="stable")
    ordered = np.take_along_axis(rows, order, axis=1)
    place = np.arange(rows.shape[1])
    begins = np.diff(ordered, axis=1, prepend=-1) != 0
    turn = np.empty_like(rows)
    start = np.maximum.accumulate(np.where(begins, place, 0), axis=1)
    np.put_along_axis(turn, order, place - start, axis=1)
    count = sums_by(rows, np.ones(rows.shape, dtype=bool))
    return turn.reshape(group.shape), count.reshape(group.shape)


def sums_by(group: Ints, member: NDArray[np.bool_]) -> Ints:
    """(replicates, n) for each entry, how many members its group has in its replicate."""
    spacing = int(group.max(initial=0)) + 1
    key = group + spacing * np.arange(group.shape[0])[:, None]
    total = np.bincount(key[member], minlength=spacing * group.shape[0])
    found: Ints = total[key]
    return found


def check_chance(name: str, chance: Chance | tuple[float, ...]) -> None:
    """Refuse what is no probability."""
    try:
        values = np.asarray(chance, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number or a table of numbers in 0..1, got {chance!r}") from None
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"{name} must lie in 0..1, got {values.min()}..{values.max()}")


def check_finite(name: str, *values: float, least: float = -np.inf) -> None:
    """Refuse what is no number, or too small a one."""
    for value in values:
        if not isinstance(value, Real):
            raise TypeError(f"{name} must be a number, got {value!r}")
        if not np.isfinite(value):
            raise ValueError(f"{name} must be a finite number, got {value}")
        if value < least:
            raise ValueError(f"{name} must be at least {least:g}, got {value}")


def _check_names(name: str, names: tuple[str, ...]) -> None:
    """Refuse what are no names that differ."""
    if not isinstance(names, tuple | list) or not all(isinstance(each, str) for each in names):
        remedy = f"; write ({names!r},)" if isinstance(names, str) else ""
        raise TypeError(f"{name} must be a tuple of names, got {names!r}{remedy}")
    if len(set(names)) < len(names):
        raise ValueError(f"{name} must differ, got {names}; name each once")


def check_whole(name: str, value: int, *, least: int) -> None:
    """Refuse what is no whole number, or too small a one."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def _always(chance: Chance) -> bool:
    return bool((np.asarray(chance) == 1).all())
