"""The fewest criterion figures that counts of a service can miss while channels and Table 8 print.

A mixed-integer programme: whole fives in every cell, means anywhere between ``1 + 4 x satisfaction`` and 5,
and, where few were asked, only such fives as leave a way to the printed mean. It relaxes the true problem, so
its value bounds the misses of the microdata from below; that they meet it proves the joint choice.
"""

from dataclasses import dataclass, field
from math import ceil
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from sapa.microdata.attainable import mean_attains
from sapa.microdata.cells import Cell, cells
from sapa.microdata.counts import solve
from sapa.microdata.lattice import even
from sapa.microdata.targets import SLACK, Interval, target

Sum = dict[int, float]  # coefficients by variable
SPAN: Final = 5.0  # no figure lies further from another
SINGLY: Final = 60  # ratings of a cell up to which every number of fives is judged by itself


@dataclass(slots=True)
class _Programme:
    """A mixed-integer programme as it is written down, row by row."""

    cost: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    top: list[float] = field(default_factory=list)
    rows: list[tuple[Sum, float, float]] = field(default_factory=list)

    def variable(self, top: float, *, cost: float = 0.0, whole: bool = True) -> int:
        """A new variable in [0, top]."""
        self.cost.append(cost)
        self.whole.append(whole)
        self.top.append(top)
        return len(self.cost) - 1

    def within(self, terms: Sum, figure: Interval, missed: int | None = None) -> None:
        """Ask a sum to print as the figure, unless the variable says that it is missed."""
        if np.isnan(figure.printed):
            return
        slack: Sum = {} if missed is None else {missed: SPAN}
        self.rows.append((terms | slack, figure.low, np.inf))
        self.rows.append((terms | {k: -v for k, v in slack.items()}, -np.inf, figure.high - SLACK))

    def least(self) -> float:
        """Lower bound of the cost, as proven."""
        matrix = np.zeros((len(self.rows), len(self.cost)))
        for k, (terms, _, _) in enumerate(self.rows):
            matrix[k, list(terms)] = list(terms.values())
        rows = LinearConstraint(matrix, [row[1] for row in self.rows], [row[2] for row in self.rows])
        answer = milp(self.cost, integrality=self.whole, bounds=Bounds(0, self.top), constraints=rows)
        if answer.status != 0:
            raise ValueError(f"the least misses were not found: {answer.message}")
        return float(answer.mip_dual_bound)


def least_misses(service: str) -> int:
    """Criterion figures of a service that no counts print together with its channels and Table 8.

    The split over channels and the users of feedback and assistant are those of the microdata.

    >>> least_misses("s20")  # one of 12 people complained; 58.05% of the office prints as 58.0
    3
    """
    printed, solution = target(service), solve(service)
    programme, forms = _Programme(), []
    for form, n in zip(printed.forms, solution.split.n, strict=True):
        parts = [_cell(programme, cell) for cell in cells(form, n, solution.split)]
        share, mean = (_average([part[k] for part in parts]) for k in (0, 1))
        programme.within(share, form.figures.share)
        programme.within(mean, form.figures.mean)
        forms.append((share, mean))
    programme.within(_average([form[0] for form in forms]), printed.figures.share)
    programme.within(_average([form[1] for form in forms]), printed.figures.mean)
    return ceil(programme.least() - 1e-6)


def _average(sums: list[Sum]) -> Sum:
    """Mean of sums that share no variable."""
    return {k: value / len(sums) for terms in sums for k, value in terms.items()}


def _cell(programme: _Programme, cell: Cell) -> tuple[Sum, Sum]:
    """Satisfaction and mean of a cell, its two misses counted."""
    top, figures = cell.asked * len(cell.items), cell.figures
    fives, mean = programme.variable(top), programme.variable(5.0, whole=False)
    missed = [
        programme.variable(1.0, cost=float(not np.isnan(f.printed))) for f in (figures.share, figures.mean)
    ]
    share, itself = {fives: 1 / top}, {mean: 1.0}
    programme.within(share, figures.share, missed[0])
    programme.within(itself, figures.mean, missed[1])
    programme.rows.append(({mean: 1.0, fives: -4 / top}, 1.0, np.inf))
    if top <= SINGLY and not np.isnan(figures.mean.printed):
        _singly(programme, cell, fives, missed[1])
    return share, itself


def _singly(programme: _Programme, cell: Cell, fives: int, missed: int) -> None:
    """Let the mean be met only with such fives as leave a way to it."""
    items = len(cell.items)
    every = range(cell.asked * items + 1)
    picked = [programme.variable(1.0) for _ in every]
    programme.rows.append((dict.fromkeys(picked, 1.0), 1.0, 1.0))
    programme.rows.append(({fives: -1.0} | dict(zip(picked, map(float, every), strict=True)), 0.0, 0.0))
    without = [
        picked[f]
        for f in every
        if not mean_attains(cell.asked, even(f, items), cell.figures.mean, rounded=False)
    ]
    programme.rows.append((dict.fromkeys(without, 1.0) | {missed: -1.0}, -np.inf, 0.0))
