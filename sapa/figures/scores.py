"""Scores of units: intervals, distributions over 1..5, effective numbers, the weight of one person."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import ArrayLike

from sapa.choices import Language
from sapa.figures.rows import BLUE, GREY, RED, label_rows, legend, percent, row_places, tall
from sapa.words import word

#: From one to five: orange against blue, threes grey (Brewer's PuOr, safe for the colour-blind).
RATING_COLOURS = ("#B35806", "#F1A340", "#D9D9D9", "#92C5DE", "#2166AC")


def caterpillar(
    estimate: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    labels: Sequence[str],
    *,
    level: float = 0.95,
    thin: ArrayLike | None = None,
    resolvable: float | None = None,
    quantity: str = "q",
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Estimates with their intervals, one row a unit, best on top.

    Parameters
    ----------
    estimate, lower, upper
        (units,) figures in the unit of the axis, in the order of the rows from the top.
    labels
        Name of each unit; lines are parted by a line feed.
    level
        Confidence level of the intervals, named in the legend.
    thin
        (units,) bool: units too thin to rank, drawn hollow and grey.
    resolvable
        Median difference that tells two units apart, drawn as a bar of that length.
    quantity
        Key of the axis label.
    """
    middle, low, high = (np.asarray(part, dtype=float) for part in (estimate, lower, upper))
    hollow = np.zeros(middle.size, dtype=bool) if thin is None else np.asarray(thin, dtype=bool)
    ax = tall(ax, labels)
    row = row_places(labels)
    interval = word("interval", language=language, level=percent(level))
    for keep, colour, face, text in (
        (~hollow, BLUE, BLUE, interval),
        (hollow, GREY, "white", word("too_thin", language=language)),
    ):
        if keep.any():
            ax.hlines(row[keep], low[keep], high[keep], color=colour, linewidth=1.1, zorder=1)
            ax.scatter(
                middle[keep], row[keep], s=14, c=face, edgecolors=colour, linewidths=1, zorder=2, label=text
            )
    label_rows(ax, labels, extra=0 if resolvable is None else 1)
    if resolvable is not None:
        end, below = float(np.nanmin(low)), ax.get_ylim()[0] - 0.6
        text = f"{resolvable:.2f}: {word('resolvable', language=language)}"
        ax.plot([end, end + resolvable], [below, below], color=RED, linewidth=2.4, label=text)
    ax.set_xlabel(word(quantity, language=language))
    return legend(ax)


def distributions(
    shares: ArrayLike,
    labels: Sequence[str],
    *,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Diverging bars of the ratings 1 to 5: ones and twos left of the middle, fours and fives right of it.

    Parameters
    ----------
    shares
        (units, 5) shares of the ratings from one to five, each row summing to 1, from the top row down.
    labels
        Name of each unit.
    """
    part = np.asarray(shares, dtype=float) * 100
    ax = tall(ax, labels)
    row = row_places(labels)
    left = -(part[:, 0] + part[:, 1] + part[:, 2] / 2)
    for score, colour in enumerate(RATING_COLOURS):
        ax.barh(row, part[:, score], left=left, height=0.72, color=colour, label=str(score + 1))
        left = left + part[:, score]
    ax.axvline(0, color="black", linewidth=0.6)
    label_rows(ax, labels)
    ax.xaxis.set_major_formatter(lambda value, _: f"{abs(value):.0f}")
    ax.set_xlabel(word("share_of_ratings", language=language))
    return legend(ax, columns=5)


def effective_numbers(
    respondents: ArrayLike,
    effective: ArrayLike,
    labels: Sequence[str],
    *,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Respondents of each unit beside the effective number that its score is worth, on a log axis."""
    count, worth = np.asarray(respondents, dtype=float), np.asarray(effective, dtype=float)
    ax = tall(ax, labels)
    row = row_places(labels)
    ax.hlines(row, np.minimum(count, worth), np.maximum(count, worth), color=GREY, linewidth=1)
    ax.scatter(
        count, row, s=16, c="white", edgecolors=BLUE, label=word("respondents", language=language), zorder=2
    )
    ax.scatter(worth, row, s=16, c=RED, label=word("effective_number", language=language), zorder=2)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter("{x:,g}")
    ax.xaxis.set_minor_formatter(NullFormatter())
    label_rows(ax, labels)
    return legend(ax)


def one_persons_channel(
    with_person: float,
    without: float,
    others: ArrayLike,
    *,
    name: str,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Score of a service with and without the channel of one respondent, among the scores of all services.

    Parameters
    ----------
    with_person, without
        Q of the service with and without that channel.
    others
        (services,) Q of all the other services.
    name
        Of the service; lines are parted by a line feed.
    """
    ax = ax or plt.subplots(figsize=(6.5, 2.1), layout="constrained")[1]
    rest = np.asarray(others, dtype=float)
    ax.scatter(rest, np.zeros(rest.size), marker="|", s=120, color=GREY, linewidths=0.9)
    ax.annotate(
        "",
        xy=(with_person, 0.0),
        xytext=(without, 0.0),
        arrowprops={"arrowstyle": "->", "color": RED, "lw": 2},
    )
    left, right = ("right", "left") if without < with_person else ("left", "right")
    for score, key, side in ((without, "without", left), (with_person, "with", right)):
        text = f"{word(key, language=language)}: {score:.2f}"
        ax.annotate(text, (score, 0.0), xytext=(0, 14), textcoords="offset points", ha=side, color=RED)
    ax.set_title(f"{name}\n{word('one_person', language=language)}", loc="left", fontsize=9)
    ax.set_ylim(-0.5, 1)
    ax.set_yticks([])
    ax.spines[["left", "top", "right"]].set_visible(False)
    ax.set_xlabel(word("q", language=language))
    return ax
