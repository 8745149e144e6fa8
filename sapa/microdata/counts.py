"""Counts of every item that let the report's criteria, channels and Table 8 print."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np

from sapa.microdata.cells import Cell, cells
from sapa.microdata.channels import Split, split
from sapa.microdata.joint import Menu, choose
from sapa.microdata.lattice import Ints, MeanOption, ShareOption
from sapa.microdata.menus import mean_menu, share_menu
from sapa.microdata.targets import MEAN_UNIT, SHARE_UNIT, Interval, target

Option = TypeVar("Option", ShareOption, MeanOption)


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
    fives = _pick(shares, [f.figures.share for f in forms], printed.figures.share, SHARE_UNIT)
    means = [
        [mean_menu(c, form.figures, o.fives) for c, o in zip(row, options, strict=True)]
        for row, form, options in zip(rows, forms, fives, strict=True)
    ]
    rated = _pick(means, [f.figures.mean for f in forms], printed.figures.mean, MEAN_UNIT)
    counts = (
        Counts(form.channel, cell, option.raters, option.fives, option.sums)
        for form, row, options in zip(forms, rows, rated, strict=True)
        for cell, option in zip(row, options, strict=True)
    )
    return Solution(chosen, tuple(counts))


def _pick(
    options: Sequence[Sequence[Sequence[Option]]],
    channels: Sequence[Interval],
    service: Interval,
    unit: float,
) -> list[list[Option]]:
    """The jointly chosen option of every cell."""
    menus = [
        [Menu(np.array([o.value for o in menu]), np.array([o.cost for o in menu])) for menu in form]
        for form in options
    ]
    picked = choose(menus, channels, service, unit=unit)
    return [
        [menu[k] for menu, k in zip(form, ks, strict=True)] for form, ks in zip(options, picked, strict=True)
    ]
