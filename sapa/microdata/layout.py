"""A local service's people and items laid out by region, before the ratings are placed."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sampling import round_table
from sapa.microdata.counts import solve
from sapa.microdata.forms import form_group
from sapa.microdata.lattice import apportion
from sapa.microdata.people import Group
from sapa.microdata.placement import placement_2020
from sapa.microdata.targets import target
from sapa.scheme_2020 import items_of, questionnaire

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layout:
    """People, and raters of each item of each channel (a block), by region.

    Attributes
    ----------
    people : (R, H) int
        By region and channel.
    channel, item, label : (B,)
        Of a block: positions of its channel and of its item in the channel's list, and a number that blocks
        of the same channel and criterion share.
    asked, raters : (B, R) int
    counts : (B, 5) int
        Ratings 1..5 over all regions.
    weight : (B, R) float
        Of the block's item in the region's official score; zero where it has no raters.
    users : (B,) int
        A number that blocks put to the same users or complainers share, -1 where everyone is asked.
    """

    service: str
    regions: tuple[str, ...]
    people: Ints
    channel: Ints
    item: Ints
    label: Ints
    asked: Ints
    raters: Ints
    counts: Ints
    weight: Floats
    users: Ints

    def only(self, blocks: slice | Ints) -> "Layout":
        """Some of the blocks, which weigh as before."""
        return replace(
            self,
            channel=self.channel[blocks],
            item=self.item[blocks],
            label=self.label[blocks],
            asked=self.asked[blocks],
            raters=self.raters[blocks],
            counts=self.counts[blocks],
            weight=self.weight[blocks],
            users=self.users[blocks],
        )

    def block(self, b: int) -> "Layout":
        """One block alone: each region's figure is the item's own."""
        one = self.only(slice(b, b + 1))
        return replace(one, weight=(one.raters > 0).astype(float))

    def groups(self, ratings: Ints) -> dict[tuple[str, str], Group]:
        """Groups of people by region and channel, from (B, R, 5) ratings by region."""
        found = {}
        for h, form in enumerate(target(self.service).forms):
            whole, mine = form_group(self.service, form.channel), np.flatnonzero(self.channel == h)
            for r, region in enumerate(self.regions):
                asked, counts = np.zeros_like(whole.asked), np.zeros_like(whole.counts)
                asked[self.item[mine]] = self.asked[mine, r]
                counts[self.item[mine]] = ratings[mine, r]
                found[region, form.channel] = Group(int(self.people[r, h]), asked, counts, whole.shared)
        return found


def layout(service: str) -> Layout:
    """Layout of a local service: channels, raters and users of every region in proportion to its people.

    >>> layout("s49").people.sum(axis=0).tolist()
    [93, 11]
    """
    places = placement_2020().loc[service]
    places = places[places > 0]
    n = np.array(solve(service).split.n)
    people = round_table(np.outer(places, n) / n.sum())
    blocks = [
        (h, k, *_by_region(group, k, people[:, h]), group.counts[k])
        for h, form in enumerate(target(service).forms)
        for group in (form_group(service, form.channel),)
        for k in np.flatnonzero(group.asked).tolist()
    ]
    channel, item = (np.array([block[i] for block in blocks]) for i in (0, 1))
    asked, raters, counts = (np.array([block[i] for block in blocks]) for i in (2, 3, 4))
    label = _labels(service, channel, item)
    return Layout(
        service,
        tuple(places.index),
        people,
        channel,
        item,
        label,
        asked,
        raters,
        counts,
        weights(channel, label, raters),
        _users(service, channel, item),
    )


def as_answered(laid: Layout, cells: Ints) -> Layout:
    """The layout of (B, R, 6) answers, none and 1..5: people, those asked, raters, weights that follow."""
    raters, asked = cells[..., 1:].sum(axis=2), cells.sum(axis=2)
    return replace(
        laid,
        people=people_of(laid, asked),
        asked=asked,
        raters=raters,
        weight=weights(laid.channel, laid.label, raters),
    )


def people_of(laid: Layout, asked: Ints) -> Ints:
    """(R, H) people by region and channel: those asked (B, R) an item that is put to everyone."""
    put_to_all = [np.flatnonzero((laid.channel == h) & (laid.users < 0))[0] for h in np.unique(laid.channel)]
    return asked[put_to_all].T


def _by_region(group: Group, item: int, people: Ints) -> tuple[Ints, Ints]:
    """Asked and raters of one item in every region."""
    asked = people if group.shared[item] < 0 else apportion(int(group.asked[item]), people)
    silent = int(group.asked[item] - group.counts[item].sum())
    return asked, asked - apportion(silent, asked)


def _users(service: str, channel: Ints, item: Ints) -> Ints:
    shared = [form_group(service, form.channel).shared for form in target(service).forms]
    group = np.array([shared[h][k] for h, k in zip(channel, item, strict=True)], dtype=np.int64)
    return np.where(group < 0, -1, channel * (group.max() + 1) + group)


def _labels(service: str, channel: Ints, item: Ints) -> Ints:
    criterion = questionnaire()["criterion"].to_dict()
    lists = [items_of(form.channel) for form in target(service).forms]
    names = [f"{h}/{criterion[lists[h][k]]}" for h, k in zip(channel, item, strict=True)]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def weights(channel: Ints, label: Ints, raters: Ints) -> Floats:
    """Official weight of every block in every region: channels, criteria and items that have raters."""
    rated = raters > 0
    in_label = np.stack([rated[label == c].sum(axis=0) for c in label])
    first = np.array([c not in label[:b] for b, c in enumerate(label)])
    criteria = np.stack([(in_label > 0)[first & (channel == h)].sum(axis=0) for h in channel])
    channels = sum((rated[channel == h].any(axis=0)).astype(np.int64) for h in np.unique(channel))
    size = in_label * criteria * channels
    weight: Floats = np.divide(1.0, size, out=np.zeros(size.shape), where=rated)
    return weight
