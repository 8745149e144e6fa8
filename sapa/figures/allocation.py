"""The figure of a plan: interviews of every service in every region, with both margins."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from sapa.choices import Language
from sapa.words import word

CELL = (0.155, 0.19)  # inches of one cell, across and down
LARGEST = 40.0  # inches of the map either way
WRITTEN = 5_000  # cells; more are shaded only
BAR, IMPOSSIBLE = "#0072B2", "#D9D9D9"


def allocation_map(
    cells: ArrayLike,
    rows: ArrayLike,
    columns: ArrayLike,
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    *,
    possible: ArrayLike | None = None,
    quantity: str = "interviews_planned",
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Whole numbers of a table as a heat map, each written in its cell, with bars of both margins.

    More than 5,000 cells are shaded without their numbers.

    Parameters
    ----------
    cells
        (R, S) counts, at least 0; a cell of 0 stays blank.
    rows, columns
        (R,) and (S,) totals, drawn as bars on the right and on top.
    row_labels, column_labels
        R and S names.
    possible
        (R, S) bool: False where nothing can be, drawn grey.
    quantity
        Key of what is counted: ``interviews_planned``, or ``interviews`` made.
    """
    count = np.asarray(cells, dtype=float)
    height, width = count.shape
    if ax is None:
        wide = 1.4 + 0.06 * max(map(len, row_labels)) + min(max(CELL[0] * width, 3.0), LARGEST)
        size = (wide, 1.9 + min(CELL[1] * height, LARGEST))
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    none = np.zeros(count.shape, dtype=bool) if possible is None else ~np.asarray(possible, dtype=bool)
    most = max(float(count.max()), 1.0)
    colours = plt.get_cmap("Blues").with_extremes(bad=IMPOSSIBLE)
    ax.imshow(np.ma.array(count, mask=none), cmap=colours, norm=PowerNorm(0.4, 0, most), aspect="auto")
    for r, s in np.argwhere((count > 0) & (count.size <= WRITTEN)).tolist():
        shade = "white" if count[r, s] > 0.3 * most else "black"
        ax.text(s, r, f"{count[r, s]:.0f}", ha="center", va="center", fontsize=4.8, color=shade)
    ax.set_yticks(np.arange(height), list(row_labels), fontsize=7)
    ax.set_xticks(np.arange(width), list(column_labels), fontsize=6, rotation=90)
    ax.tick_params(length=0)
    ax.set_xlabel(word(quantity, language=language), fontsize=8)
    for side in ax.spines.values():
        side.set_color(IMPOSSIBLE)
    _margins(ax, np.asarray(rows, dtype=float), np.asarray(columns, dtype=float))
    if none.any():
        grey = Patch(facecolor=IMPOSSIBLE, label=word("not_possible", language=language))
        ax.legend(handles=[grey], loc="upper left", bbox_to_anchor=(1.0, 1.18), frameon=False, fontsize=6)
    return ax


def _margins(ax: Axes, rows: np.typing.NDArray[np.float64], columns: np.typing.NDArray[np.float64]) -> None:
    """Bars of the totals: of rows on the right, of columns on top, each with its number."""
    right = ax.inset_axes((1.005, 0, 0.09, 1), sharey=ax)
    right.barh(np.arange(rows.size), rows, color=BAR, height=0.8)
    top = ax.inset_axes((0, 1.015, 1, 0.2), sharex=ax)
    top.bar(np.arange(columns.size), columns, color=BAR, width=0.8)
    for row, total in enumerate(rows.tolist()):
        right.annotate(
            f"{total:.0f}", (total, row), (2, 0), textcoords="offset points", va="center", fontsize=6
        )
    for column, total in enumerate(columns.tolist()):
        top.annotate(
            f"{total:.0f}",
            (column, total),
            (0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=5,
            rotation=90,
        )
    for margin in (right, top):
        margin.set_axis_off()
