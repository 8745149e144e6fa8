"""Studies: coverage of intervals by sample size, and designs side by side."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter
from numpy.typing import ArrayLike

from sapa.choices import Language
from sapa.figures.rows import (
    BLUE,
    CYCLE,
    RED,
    broken,
    label_rows,
    legend,
    percent,
    plain,
    row_places,
    tall,
)
from sapa.words import label, word

MARKERS = "osD^vPX<>*"
STYLES = ("-", "--", "-.", ":")


def coverage_curves(
    n: ArrayLike,
    coverage: Mapping[str, ArrayLike],
    *,
    level: float = 0.95,
    error: Mapping[str, ArrayLike] | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Coverage of each kind of interval by the number of ratings, beside the level that it promises.

    Parameters
    ----------
    n
        (sizes,) ratings, on a log axis.
    coverage
        (sizes,) shares in 0..1 by kind of interval.
    level
        Promised, drawn as a line across.
    error
        (sizes,) Monte Carlo errors by kind, drawn as bars of two errors; none when enumerated.
    """
    ax = ax or plt.subplots(figsize=(WIDE, 4.2), layout="constrained")[1]
    size = np.asarray(n, dtype=float)
    ax.axhline(level, color="black", linewidth=0.9)
    text = word("nominal", language=language, level=percent(level))
    ax.plot([], [], color="black", linewidth=0.9, label=text)
    for k, (kind, found) in enumerate(coverage.items()):
        colour, marker = CYCLE[k % len(CYCLE)], MARKERS[k % len(MARKERS)]
        bars = None if error is None else 2 * np.asarray(error[kind], dtype=float)
        share = np.asarray(found, dtype=float)
        text = label(kind, language=language)
        ax.errorbar(
            size, share, bars, ls=STYLES[k % 4], lw=1.4, color=colour, marker=marker, ms=5, label=text
        )
    ax.set_xscale("log")
    ax.set_xticks(size, [f"{value:g}" for value in size])
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_ylim(top=1.005)
    plain(ax, grid="both")
    ax.set_xlabel(word("ratings_n", language=language))
    ax.set_ylabel(word("coverage", language=language))
    return legend(ax, columns=3)


def study_comparison(
    value: ArrayLike,
    error: ArrayLike,
    labels: Sequence[str],
    *,
    quantity: str,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """One figure of several designs or rules side by side, each with two Monte Carlo errors about it.

    Parameters
    ----------
    value, error
        (designs,) figure and its Monte Carlo error, NaN where it is computed and has none.
    labels
        Name of each design; lines are parted by a line feed.
    quantity
        What is compared: a key of the words, or a text of its own.
    """
    middle, reach = np.asarray(value, dtype=float), 2 * np.nan_to_num(np.asarray(error, dtype=float))
    ax = tall(ax, labels, extra=1.3)
    row = row_places(labels)
    ax.hlines(row, middle - reach, middle + reach, color=BLUE, linewidth=1.4)
    text = word("two_errors", language=language)
    ax.scatter(middle, row, s=20, c=BLUE, label=text, zorder=2)
    if middle.min() < 0 < middle.max():
        ax.axvline(0, color=RED, linewidth=0.8)
    label_rows(ax, labels)
    ax.set_xlabel(broken(label(quantity, language=language), 60))
    return legend(ax)


WIDE = 6.5  # inches
