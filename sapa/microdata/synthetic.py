"""Synthetic respondents who re-publish the 2020 report."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from estimators.ratings import NOT_ASKED
from sapa.microdata.forms import form_group
from sapa.microdata.people import Group, order
from sapa.microdata.placement import ASSUMPTION, placement_2020, regional_tables
from sapa.microdata.regions import regional_groups
from sapa.microdata.targets import Service, targets
from sapa.scheme_2020 import items_of, questionnaire

Progress = Callable[[float, str], None]
ATTRS: Final = {
    "title": "Synthetic respondents who re-publish the 2020 report",
    "corrections": "on",
    "placement": ASSUMPTION,
}


def synthetic_2020(
    *, rho: float = 0.5, rng: np.random.Generator | int | None = None, progress: Progress | None = None
) -> xr.Dataset:
    """Synthetic microdata of the 2020 monitoring whose scores print as the report's.

    Parameters
    ----------
    rho
        Correlation of a person's latent scores on two items, in [0, 1). It orders fixed counts: no margin
        depends on it or on `rng`.
    rng
        Generator or seed of the deal.
    progress
        Called with the share done, in 0..1, and what is being done.

    Returns
    -------
    Dataset over ``respondent`` (9,181) and ``item`` (54): ``service``, ``region``, ``channel`` along
    respondent and ``ratings`` int8 with the codes of :mod:`estimators.ratings`; ``criterion`` along item.

    Raises
    ------
    ValueError
        When `rho` is outside [0, 1).

    Examples
    --------
    >>> data = synthetic_2020(rng=1)
    >>> dict(data.sizes)
    {'respondent': 9181, 'item': 54}
    """
    if not 0 <= rho < 1:
        raise ValueError(f"rho must lie in [0, 1), got {rho}: it is a correlation of normal scores")
    generator = np.random.default_rng(rng)
    tell = progress or (lambda share, what: None)
    parts = []
    for done, service in enumerate(targets()):
        tell(done / len(targets()), f"respondents of {service.service}")
        parts.append(_respondents(service, rho, generator))
    tell(1.0, "respondents of every service")
    return _dataset(parts, rho)


@dataclass(frozen=True, slots=True)
class _Part:
    """People of one service: ids and ratings (n, 54)."""

    service: str
    region: NDArray[np.str_]
    channel: NDArray[np.str_]
    ratings: NDArray[np.int8]


def _respondents(service: Service, rho: float, rng: np.random.Generator) -> _Part:
    """People of a service in the order of channel and region; outside local services regions are drawn."""
    regions, channels, ratings = [], [], []
    for place, channel, group in _groups(service, rng):
        regions.append(place)
        channels.append(np.repeat(channel, group.size))
        found = np.full((group.size, len(questionnaire())), NOT_ASKED, dtype=np.int8)
        found[:, _columns(channel)] = order(group, rho=rho, rng=rng)
        ratings.append(found)
    return _Part(service.service, np.concatenate(regions), np.concatenate(channels), np.concatenate(ratings))


@cache
def _columns(channel: str) -> NDArray[np.intp]:
    """Positions of a channel's items among all items."""
    return np.asarray(questionnaire().index.get_indexer(list(items_of(channel))))


def _groups(service: Service, rng: np.random.Generator) -> Iterator[tuple[NDArray[np.str_], str, Group]]:
    """Groups whose counts are fixed, with the region of each of their people and their channel."""
    if service.service in regional_tables():
        for (region, channel), group in regional_groups(service.service).items():
            yield np.repeat(region, group.size), channel, group
        return
    places = placement_2020().loc[service.service]
    drawn = rng.permutation(np.repeat(places.index.to_numpy(dtype=str), places))
    start = 0
    for form in service.forms:
        group = form_group(service.service, form.channel)
        yield drawn[start : start + group.size], form.channel, group
        start += group.size


def _dataset(parts: list[_Part], rho: float) -> xr.Dataset:
    items = questionnaire()
    return xr.Dataset(
        {
            "service": ("respondent", np.repeat([p.service for p in parts], [len(p.region) for p in parts])),
            "region": ("respondent", np.concatenate([p.region for p in parts])),
            "channel": ("respondent", np.concatenate([p.channel for p in parts])),
            "ratings": (("respondent", "item"), np.concatenate([p.ratings for p in parts])),
        },
        coords={
            "respondent": np.arange(sum(len(p.region) for p in parts)),
            "item": items.index.to_numpy(dtype=str),
            "criterion": ("item", items["criterion"].to_numpy(dtype=str)),
        },
        attrs=ATTRS | {"rho": rho},
    )
