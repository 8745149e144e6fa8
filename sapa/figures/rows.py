"""What the figures share: colours, one labelled row a unit, the legend above."""

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

#: Colours that stay apart for the colour-blind and in grey print (Okabe and Ito 2008).
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#8C8C8C",
)
PALE = "#BBD7EA"
CYCLE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, "#666666", "#F0E442", "#333333", "#B3B3B3")
ROW = 0.19  # inches of height for a row with a label of one line
LINE = 0.62  # of a row: what each further line of its label adds
LABEL_SIZE = 7.2
WIDTH = 7.6  # inches, that of the text on A4 with narrow margins


def row_labels(ids: Sequence[str], names: Mapping[str, str], *, width: int = 62) -> list[str]:
    r"""Labels of rows: id and name, broken between words into lines of `width` characters, never cut.

    >>> row_labels(["s24"], {"s24": "Issue of driving licences"}, width=16)
    ['s24  Issue of\ndriving licences']
    """
    return [broken(f"{unit}  {names[unit]}", width) for unit in ids]


def broken(text: str, width: int = 62) -> str:
    r"""Text broken between words into as few lines of `width` characters as hold it, of about one length.

    >>> broken("one two three four", 16)
    'one two\nthree four'
    """
    lines = textwrap.wrap(text, width)
    for narrower in range(width - 1, 0, -1):
        even = textwrap.wrap(text, narrower, break_long_words=False)
        if len(even) != len(lines) or max(map(len, even), default=0) > narrower:
            break
        lines = even
    return "\n".join(lines)


def row_places(labels: Sequence[str]) -> NDArray[np.float64]:
    """(rows,) centres of the rows from the top down, those with longer labels further apart.

    >>> row_places(["a", "b", "c"]).tolist()
    [0.0, 1.0, 2.0]
    """
    height = _heights(labels)
    return np.asarray(np.cumsum(height) - height / 2 - 0.5)


def tall(ax: Axes | None, labels: Sequence[str], *, extra: float = 1.1) -> Axes:
    """Given axes, or new ones tall enough for the labels."""
    if ax is not None:
        return ax
    height = extra + ROW * float(_heights(labels).sum())
    return plt.subplots(figsize=(WIDTH, height), layout="constrained")[1]


def label_rows(ax: Axes, labels: Sequence[str], *, extra: float = 0) -> None:
    """One labelled row a unit from the top down, faint lines across, no frame."""
    ax.set_yticks(row_places(labels), list(labels), fontsize=LABEL_SIZE, linespacing=1.05)
    _left_aligned(ax)
    ax.set_ylim(float(_heights(labels).sum()) - 0.4 + extra, -0.6)
    ax.tick_params(axis="y", length=0)
    plain(ax, grid="x")
    ax.spines["left"].set_visible(False)


def _left_aligned(ax: Axes) -> None:
    """Labels of the rows begin at one place: each is moved left by the width of the longest."""
    texts = ax.get_yticklabels()
    widest = max((text.get_window_extent().width for text in texts), default=0.0)
    for text in texts:
        text.set_horizontalalignment("left")
        text.set_multialignment("left")
    ax.tick_params(axis="y", pad=8 + widest * 72 / ax.figure.dpi)


def plain(ax: Axes, *, grid: str) -> None:
    """Faint lines behind the data, no frame above and at the right."""
    ax.tick_params(axis="both", labelsize=8)
    ax.tick_params(axis="y", labelsize=LABEL_SIZE)
    ax.grid(axis="x" if grid == "x" else "both", color="#E6E6E6", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def legend(ax: Axes, *, columns: int = 2) -> Axes:
    """Legend above the rows: across the whole figure where the axes have it for themselves."""
    options = {"ncols": columns, "frameon": False, "fontsize": 8}
    if len(ax.figure.axes) == 1 and ax.figure.get_layout_engine() is not None:
        ax.figure.legend(loc="outside upper left", **options)
    else:
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), **options)
    return ax


def percent(level: float) -> str:
    """A confidence level as text.

    >>> percent(0.95), percent(0.999)
    ('95%', '99.9%')
    """
    return f"{level:.10g}" if not 0 < level < 1 else f"{100 * level:.6g}%"


def _heights(labels: Sequence[str]) -> NDArray[np.float64]:
    """Height of each row, in rows of one line."""
    return np.array([1 + LINE * label.count("\n") for label in labels], dtype=float)
