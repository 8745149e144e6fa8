"""Counts of every item that let the report's criteria, channels and Table 8 print."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sapa.microdata.cells import Cell, cells
from sapa.microdata.channels import Split, split
from sapa.microdata.joint import choose
from sapa.microdata.lattice import Ints
from sapa.microdata.menus import MeanMenu, ShareMenu, mean_menu, share_menu
from sapa.microdata.nonraters import wanted
from sapa.microdata.targets import MEAN_UNIT, SHARE_UNIT, Form, Interval, target


@dataclass(frozen=True, slots=True)
class Counts:
    """Solved counts of one criterion's items: (J,) raters, fives and sums of the ratings."""

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
def solve(service: str) -> Solution:
    """Counts of a service: the fives for the satisfactions, then raters and sums for the means.

    Deterministic, and kept in memory.

    Raises
    ------
    ValueError
        When the service is not one of the 62.

    Examples
    --------
    >>> [(c.cell.criterion, int(c.fives.sum())) for c in solve("s41").counts][1:3]
    [('access', 26), ('information', 33)]
    """
    printed = target(service)
    chosen, forms = split(service), printed.forms
    rows = [cells(form, n, chosen) for form, n in zip(forms, chosen.n, strict=True)]
    shares = [[share_menu(c, form.figures) for c in row] for row, form in zip(rows, forms, strict=True)]
    picked = _choose(shares, [f.figures.share for f in forms], printed.figures.share, SHARE_UNIT)
    means = [
        [
            mean_menu(c, form.figures, menu.fives[k], silent=_silent(form, c, n))
            for c, menu, k in zip(row, menus, ks, strict=True)
        ]
        for row, form, n, menus, ks in zip(rows, forms, chosen.n, shares, picked, strict=True)
    ]
    picked = _choose(means, [f.figures.mean for f in forms], printed.figures.mean, MEAN_UNIT)
    counts = (
        Counts(form.channel, cell, menu.options[k].raters, menu.options[k].fives, menu.options[k].sums)
        for form, row, menus, ks in zip(forms, rows, means, picked, strict=True)
        for cell, menu, k in zip(row, menus, ks, strict=True)
    )
    return Solution(chosen, tuple(counts))


def _choose(
    menus: Sequence[Sequence[ShareMenu | MeanMenu]],
    channels: Sequence[Interval],
    service: Interval,
    unit: float,
) -> list[list[int]]:
    """Position of the jointly chosen option of every cell."""
    return choose([[menu.menu for menu in form] for form in menus], channels, service, unit=unit)


def _silent(form: Form, cell: Cell, n: int) -> int:
    """Non-raters wanted of each item of a cell: users and complainers all rate, as far as that prints."""
    return 0 if cell.asked < n else wanted(form.service, n)
