"""Counts of every item that let the report's criteria, channels and Table 8 print."""

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sapa.microdata.channels import ASSISTANT_USE, Split, asked_items, split, users_only
from sapa.microdata.joint import CRITERION_MISS, Menu, choose
from sapa.microdata.lattice import (
    attains,
    even,
    fives_options,
    mean_options,
    mean_reachable,
    spread_means,
)
from sapa.microdata.targets import MEAN_UNIT, SHARE_UNIT, Figures, Form, Interval, target
from sapa.published import table
from sapa.scheme_2020 import LIST_OF_CHANNEL

Ints = NDArray[np.int64]
ITEM_BY_ITEM: Final = "s49"
WIDENINGS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


@dataclass(frozen=True, slots=True)
class Cell:
    """Criterion of one questionnaire before its counts are chosen: who is asked what, and what prints.

    Attributes
    ----------
    each
        Printed figures of the items themselves (Tables 2-3), empty elsewhere.
    """

    criterion: str
    items: tuple[str, ...]
    asked: int
    figures: Figures
    each: tuple[Figures, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """Solved counts of one criterion's items: raters, fives and sums, (J,) each."""

    service: str
    channel: str
    cell: Cell
    raters: Ints
    fives: Ints
    sums: Ints


@dataclass(frozen=True, slots=True)
class Solution:
    """Split and counts of one service."""

    split: Split
    counts: tuple[Counts, ...]


@cache
def solve(name: str) -> Solution:
    """Counts of a service: satisfaction first, then means and raters given the fives.

    >>> solution = solve("s41")
    >>> [(c.cell.criterion, int(c.fives.sum())) for c in solution.counts][:2]
    [('staff_or_assistant', 2), ('access', 26)]
    """
    service = target(name)
    chosen = split(service)
    cells = [_cells(form, n, chosen) for form, n in zip(service.forms, chosen.n, strict=True)]
    shares = [
        [_share_options(cell, form) for cell in row] for row, form in zip(cells, service.forms, strict=True)
    ]
    fives = _pick(shares, [f.figures.share for f in service.forms], service.figures.share, SHARE_UNIT)
    means = [
        [_mean_menu(cell, form, f) for cell, f in zip(row, found, strict=True)]
        for row, form, found in zip(cells, service.forms, fives, strict=True)
    ]
    rated = _pick(means, [f.figures.mean for f in service.forms], service.figures.mean, MEAN_UNIT)
    return Solution(
        chosen,
        tuple(
            Counts(form.service, form.channel, cell, r[0], f, r[1])
            for form, row, found, sums in zip(service.forms, cells, fives, rated, strict=True)
            for cell, f, r in zip(row, found, sums, strict=True)
        ),
    )


def _pick(options, channels, service, unit):
    menus = [
        [Menu(np.array([o[0] for o in row]), np.array([o[1] for o in row])) for row in form]
        for form in options
    ]
    picked = choose(menus, channels, service, unit=unit)
    return [
        [row[k][2] for row, k in zip(form, ks, strict=True)] for form, ks in zip(options, picked, strict=True)
    ]


def _cells(form: Form, n: int, chosen: Split) -> list[Cell]:
    items = asked_items(form.channel, paid=chosen.paid)
    cells = []
    for criterion, figures in form.criteria.items():
        ids = items[criterion]
        asked = n
        if criterion == "feedback":
            asked = _complainers(form, n, figures)
        elif users_only(form, criterion):
            asked = _assistant_users(n, len(ids), figures)
        each = (
            tuple(_item_figures(form.channel)[item] for item in ids) if form.service == ITEM_BY_ITEM else ()
        )
        cells.append(Cell(criterion, ids, asked, figures, each))
    return cells


def _assistant_users(n: int, items: int, figures: Figures) -> int:
    """Users of the assistant: of the numbers that print both figures the nearest to Table 3's share."""
    usual = ASSISTANT_USE * n
    nearest = sorted(range(1, n + 1), key=lambda users: (abs(users - usual), users))
    if np.isnan(figures.mean.printed):
        return nearest[0]
    return next((users for users in nearest if attains(users, items, figures)), nearest[0])


def _complainers(form: Form, n: int, figures: Figures) -> int:
    """Complainers: the smallest number that prints both figures, at least the channel's printed complaints."""
    least = max(1, complaints(form.service).get(form.channel, 0))
    return next((k for k in range(least, n + 1) if attains(k, 2, figures)), least)


@cache
def complaints(service: str) -> dict[str, int]:
    """Printed complaints of a service by channel: in proportion to respondents over the channels with feedback.

    Where no channel has feedback figures all channels share them: they complained and gave no rating.
    """
    share = table("service_sections").set_index("service_id").at[service, "complaint_pct"]
    if not share > 0:
        return {}
    printed = target(service)
    n = dict(zip((f.channel for f in printed.forms), split(printed).n, strict=True))
    rated = [f.channel for f in printed.forms if "feedback" in f.criteria] or list(n)
    total = round(float(share) / 100 * printed.n)
    ideal = pd.Series({c: total * n[c] / sum(n[d] for d in rated) for c in rated})
    whole = np.floor(ideal).astype(int)
    extra = (ideal - whole).sort_values(ascending=False, kind="stable").index[: total - int(whole.sum())]
    whole[extra] += 1
    return {str(c): int(k) for c, k in whole.items()}


@cache
def _item_figures(channel: str) -> dict[str, Figures]:
    """Item figures of Tables 2-3."""
    name = LIST_OF_CHANNEL[channel]
    rows = table(f"scoring_example_{name}").query("criterion != ''")
    letter = {"office": "o", "portal": "p"}[name]
    return {
        f"{letter}{int(row.item_no):02d}": Figures.of(row.mean_score, row.satisfaction_pct)
        for row in rows.itertuples(index=False)
    }


def _share_options(cell: Cell, form: Form):
    share, items = cell.figures.share, len(cell.items)
    if cell.each:
        return _each_share(cell)
    rows = []
    centre = form.figures.share.printed if np.isnan(share.printed) else share.printed
    for value, fives in fives_options(cell.asked, items, share, outside=True):
        cost = abs(value - centre)
        if not share.holds(value):
            cost += CRITERION_MISS
        if not mean_reachable(cell.asked, items, fives, cell.figures.mean):
            cost += 1.5 * CRITERION_MISS
        rows.append((value, cost, even(fives, items)))
    return rows


def _each_share(cell: Cell):
    lists = []
    for figure in cell.each:
        inside = fives_options(cell.asked, 1, figure.share, outside=False) or _nearest_fives(
            cell.asked, figure.share
        )
        lists.append(inside)
    rows = []
    for combo in product(*lists):
        value = float(np.mean([v for v, _ in combo]))
        rows.append(
            (
                value,
                0.0 if cell.figures.share.holds(value) else CRITERION_MISS,
                np.array([f for _, f in combo]),
            )
        )
    return rows


def _nearest_fives(asked: int, share: Interval):
    f = round(share.printed * asked)
    return [(f / asked, f)]


def _mean_menu(cell: Cell, form: Form, fives: Ints):
    if cell.each:
        return _each_mean(cell, fives)
    mean = cell.figures.mean
    if np.isnan(mean.printed):
        return [
            (v, c + abs(v - form.figures.mean.printed), np.array([r, s]))
            for v, c, r, s in spread_means(cell.asked, fives)
        ]
    rows = [(v, c, np.array([r, s])) for v, c, r, s in mean_options(cell.asked, fives, mean)]
    if not rows:
        rows = _nearest(cell, fives)
    rows += [
        (v, CRITERION_MISS + 10 * abs(v - mean.printed), np.array([r, s]))
        for v, _, r, s in spread_means(cell.asked, fives)
        if not mean.holds(v)
    ]
    return rows


def _nearest(cell: Cell, fives: Ints):
    """Options nearest to a printed mean that no counts attain."""
    mean = cell.figures.mean
    for k in WIDENINGS:
        wide = Interval(mean.low - k * MEAN_UNIT, mean.high + k * MEAN_UNIT, mean.printed)
        found = mean_options(cell.asked, fives, wide)
        if found:
            return [
                (v, CRITERION_MISS + 10 * abs(v - mean.printed), np.array([r, s])) for v, _, r, s in found
            ]
    return []


def _each_mean(cell: Cell, fives: Ints):
    lists = []
    for figure, f in zip(cell.each, fives, strict=True):
        lists.append(mean_options(cell.asked, np.array([f]), figure.mean)[:3])
    rows = []
    for combo in product(*lists):
        value = float(np.mean([v for v, *_ in combo]))
        miss = 0.0 if cell.figures.mean.holds(value) else CRITERION_MISS
        rows.append(
            (
                value,
                miss + sum(c for _, c, *_ in combo),
                np.array([[int(r[0]) for *_, r, _ in combo], [int(s[0]) for *_, s in combo]]),
            )
        )
    return rows
