"""How people fill a questionnaire in: what does not apply, styles, items left out, breakoff."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simulate.fieldwork import check_chance, check_whole
from simulate.population import Population
from simulate.streams import Purpose, Streams

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Ratings = NDArray[np.int8]
ItemChance = float | tuple[float, ...] | xr.DataArray
NOT_ASKED: Final = 0
NOT_APPLICABLE: Final = -1
NOT_ANSWERED: Final = -2


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """Chance that an item does not apply to a person.

    Attributes
    ----------
    chance
        One number, one an item, or a DataArray over ``item`` and any dims of the population.
    group
        One label an item: items of one label apply together, as feedback items do to who complained.
        Empty: each item on its own.
    """

    chance: ItemChance = 0.0
    group: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_chance("chance of not applying", self.chance)

    def apply(self, population: Population, cell: Ints, ratings: Ratings, streams: Streams) -> None:
        """Blank what does not apply, in place."""
        if not np.any(self.chance):
            return
        items = ratings.shape[-1]
        chance = by_item(self.chance, population, cell)
        group = np.unique(self.group or np.arange(items), return_inverse=True)[1]
        if group.size != items:
            raise ValueError(f"group must have one label for each of {items} items, got {group.size}")
        uniform = streams.uniforms(Purpose.APPLICABLE, ratings.shape[1], int(group.max()) + 1)
        some = np.flatnonzero(chance.reshape(-1, items).any(axis=0))  # most items apply to everybody
        asked = ratings[..., some]
        asked[(uniform[..., group[some]] < chance[..., some]) & (asked > 0)] = NOT_APPLICABLE
        ratings[..., some] = asked


@dataclass(frozen=True, slots=True)
class Styles:
    """Ways of answering that are not about the service.

    Attributes
    ----------
    straightlining
        Share of people who give every item the rating of their first.
    acquiescence
        Share of people who give every item `points` more than they think, up to 5.
    """

    straightlining: float = 0.0
    acquiescence: float = 0.0
    points: int = 1

    def __post_init__(self) -> None:
        check_chance("share of straightlining", self.straightlining)
        check_chance("share of acquiescence", self.acquiescence)
        check_whole("points", self.points, least=0)
        if self.points > 4:
            raise ValueError(f"points must lie in 0..4, got {self.points}")

    def apply(self, population: Population, cell: Ints, ratings: Ratings, streams: Streams) -> None:
        """Replace ratings, in place."""
        size = ratings.shape[1]
        if self.straightlining:
            chosen = streams.uniforms(Purpose.STRAIGHTLINING, size) < self.straightlining
            rows = ratings[chosen]
            first = np.take_along_axis(rows, (rows > 0).argmax(axis=-1)[:, None], axis=-1)
            ratings[chosen] = np.where(rows > 0, first, rows)
        if self.acquiescence:
            chosen = streams.uniforms(Purpose.ACQUIESCENCE, size) < self.acquiescence
            rows = ratings[chosen]
            ratings[chosen] = np.where(rows > 0, np.minimum(rows + self.points, 5), rows)


@dataclass(frozen=True, slots=True)
class ItemNonresponse:
    """Chance that an item asked is left unanswered; `chance` as in :class:`NotApplicable`."""

    chance: ItemChance = 0.0

    def __post_init__(self) -> None:
        check_chance("chance of item nonresponse", self.chance)

    def apply(self, population: Population, cell: Ints, ratings: Ratings, streams: Streams) -> None:
        """Blank what is left out, in place."""
        if np.any(self.chance):
            chance = by_item(self.chance, population, cell)
            missed = streams.uniforms(Purpose.ITEM, *ratings.shape[1:]) < chance
            ratings[missed & (ratings > 0)] = NOT_ANSWERED


@dataclass(frozen=True, slots=True)
class Breakoff:
    """Chance of ending the interview before each next item; what follows is asked and not answered.

    Items that are not put to the person, or do not apply, are no step of the interview.
    """

    chance: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.chance < 1:
            raise ValueError(f"chance of breakoff must lie in 0..1, below 1, got {self.chance}")

    def apply(self, population: Population, cell: Ints, ratings: Ratings, streams: Streams) -> None:
        """Blank what follows the breakoff, in place. The first item put to a person is always reached."""
        if self.chance:
            uniform = streams.uniforms(Purpose.BREAKOFF, ratings.shape[1])
            reached = 1 + np.floor(np.log1p(-uniform) / np.log1p(-self.chance))
            put = (ratings > 0) | (ratings == NOT_ANSWERED)
            after = np.cumsum(put, axis=-1, dtype=np.int16) > reached[..., None]
            ratings[after & (ratings > 0)] = NOT_ANSWERED


def by_item(chance: ItemChance, population: Population, cell: Ints) -> Floats:
    """Chances by item, and by person where they vary over cells."""
    items = len(population.items)
    if isinstance(chance, xr.DataArray):
        if "item" not in chance.dims or list(chance["item"].values) != list(population.items):
            raise ValueError(f"chance must have a dim item with the labels {population.items}")
        return np.asarray(population.spread(chance, "item")[cell])
    values = np.asarray(chance, dtype=float)
    if values.ndim and values.shape != (items,):
        raise ValueError(f"chance must be one number or one for each of {items} items, got {values.size}")
    return np.broadcast_to(values, (items,))
