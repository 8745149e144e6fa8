"""Two rounds: what each unit had before and after, and whether the change is established."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from sapa.choices import Language
from sapa.figures.rows import BLUE, GREY, RED, label_rows, legend, row_places, tall
from sapa.words import word

#: Colour and marker of the later round by verdict: apart in grey print too.
VERDICTS = {"rose": (BLUE, "^"), "fell": (RED, "v"), "not_apart": (GREY, "o")}


def dumbbells(
    before: ArrayLike,
    after: ArrayLike,
    verdict: Sequence[str],
    labels: Sequence[str],
    *,
    names: tuple[str, str],
    quantity: str = "q",
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Two rounds of each unit joined by a line, coloured and marked by the verdict on the change.

    Parameters
    ----------
    before, after
        (units,) figures in the unit of the axis, in the order of the rows from the top.
    verdict
        Of each unit: ``rose``, ``fell`` or ``not_apart``.
    labels
        Name of each unit; lines are parted by a line feed.
    names
        Of the two rounds, such as their years.
    quantity
        Key of the axis label.

    Raises
    ------
    ValueError
        When a verdict is none of the three.
    """
    start, end, said = np.asarray(before, dtype=float), np.asarray(after, dtype=float), np.asarray(verdict)
    unknown = sorted(set(said.tolist()) - VERDICTS.keys())
    if unknown:
        raise ValueError(f"verdict must be one of {tuple(VERDICTS)}, got {unknown[0]!r}; name it so")
    ax = tall(ax, labels)
    row = row_places(labels)
    ax.scatter(start, row, s=16, c="white", edgecolors="#4D4D4D", linewidths=0.9, label=names[0], zorder=2)
    for key, (colour, marker) in VERDICTS.items():
        keep = said == key
        if keep.any():
            ax.hlines(row[keep], start[keep], end[keep], color=colour, linewidth=1.4, zorder=1)
            text = f"{names[1]}: {word(key, language=language)}"
            ax.scatter(end[keep], row[keep], s=24, c=colour, marker=marker, label=text, zorder=3)
    label_rows(ax, labels)
    ax.set_xlabel(word(quantity, language=language))
    return legend(ax)
