"""Figures for print: each takes what is to be shown and an ``ax``, computes nothing, returns the Axes."""

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from sapa.allocation_map import allocation_map as allocation_map  # every figure is found here
from sapa.published.names import Language
from sapa.words import word

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
STATUS_COLOURS = {
    "input": "#D9D9D9",
    "reproduced": BLUE,
    "reproduced_after_correction": SKY,
    "not_derivable": ORANGE,
    "contradicted": RED,
}
CRITERION_COLOURS = {
    "feedback": RED,
    "staff_or_assistant": ORANGE,
    "terms": BLUE,
    "result": SKY,
    "procedure": GREEN,
    "costs": PURPLE,
    "access": "#666666",
    "information": "#B3B3B3",
    "ambulance": "#333333",
}
ROW = 0.19  # inches of height for one labelled row


def row_labels(ids: Sequence[str], names: Mapping[str, str], *, width: int = 46) -> list[str]:
    """Labels of rows: id and name, the name cut between words to `width` characters.

    >>> row_labels(["s24"], {"s24": "Issue of driving licences"}, width=16)
    ['s24  Issue of …']
    """
    return [f"{unit}  {textwrap.shorten(names[unit], width, placeholder=' …')}" for unit in ids]


def caterpillar(
    estimate: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    labels: Sequence[str],
    *,
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
        Name of each unit.
    thin
        (units,) bool: units too thin to rank, drawn hollow and grey.
    resolvable
        Median difference that tells two units apart, drawn as a bar of that length.
    quantity
        Key of the axis label.
    """
    middle, low, high = (np.asarray(part, dtype=float) for part in (estimate, lower, upper))
    hollow = np.zeros(middle.size, dtype=bool) if thin is None else np.asarray(thin, dtype=bool)
    ax = _tall(ax, middle.size)
    row = np.arange(middle.size)
    for keep, colour, face, label in (
        (~hollow, BLUE, BLUE, "interval"),
        (hollow, GREY, "white", "too_thin"),
    ):
        if keep.any():
            ax.hlines(row[keep], low[keep], high[keep], color=colour, linewidth=1.1, zorder=1)
            text = word(label, language=language)
            ax.scatter(
                middle[keep], row[keep], s=14, c=face, edgecolors=colour, linewidths=1, zorder=2, label=text
            )
    if resolvable is not None:
        end = float(np.nanmin(low))
        ax.plot([end, end + resolvable], [middle.size, middle.size], color=RED, linewidth=2.4)
        text = f" {resolvable:.2f}: {word('resolvable', language=language)}"
        ax.text(end + resolvable, middle.size, text, color=RED, fontsize=7, va="center")
    _rows(ax, labels, extra=0 if resolvable is None else 1)
    ax.set_xlabel(word(quantity, language=language))
    return _legend(ax)


def rank_sets(
    rank: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    labels: Sequence[str],
    *,
    thin: ArrayLike | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Published rank of each unit beside the set of ranks that the data allow.

    Parameters
    ----------
    rank, lower, upper
        (units,) published rank, best and worst rank of the set, in the order of the rows from the top.
    thin
        (units,) bool: units too thin to rank, drawn hollow.
    """
    place, low, high = (np.asarray(part, dtype=float) for part in (rank, lower, upper))
    hollow = np.zeros(place.size, dtype=bool) if thin is None else np.asarray(thin, dtype=bool)
    ax = _tall(ax, place.size)
    row = np.arange(place.size)
    allowed = word("rank_set", language=language)
    ax.barh(row, high - low + 0.8, left=low - 0.4, height=0.55, color="#BBD7EA", label=allowed, zorder=1)
    for keep, face, edge, key in (
        (~hollow, BLUE, BLUE, "published_rank"),
        (hollow, "white", GREY, "too_thin"),
    ):
        if keep.any():
            text = word(key, language=language)
            ax.scatter(
                place[keep], row[keep], s=16, c=face, edgecolors=edge, linewidths=1, zorder=2, label=text
            )
    _rows(ax, labels)
    ax.set_xlim(0.2, place.size + 0.8)
    ax.set_xlabel(word("rank", language=language))
    return _legend(ax)


def ledger_bars(
    counts: Mapping[str, Mapping[str, int]], *, language: Language = "en", ax: Axes | None = None
) -> Axes:
    """Status of the printed figures of each table: ``counts[table][status]``, as shares of the table."""
    tables = list(counts)
    ax = _tall(ax, len(tables))
    total = np.array([sum(counts[name].values()) for name in tables], dtype=float)
    left = np.zeros(len(tables))
    for status, colour in STATUS_COLOURS.items():
        share = np.array([counts[name].get(status, 0) for name in tables]) / total * 100
        ax.barh(np.arange(len(tables)), share, left=left, color=colour, label=word(status, language=language))
        left += share
    _rows(ax, [f"{name}  ({number:,.0f})" for name, number in zip(tables, total, strict=True)])
    ax.set_xlim(0, 100)
    ax.set_xlabel(word("figures", language=language) + ", %")
    return _legend(ax, columns=3)


def variance_shares(
    shares: Mapping[str, ArrayLike],
    labels: Sequence[str],
    *,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Share of each criterion in the variance of each Q: ``shares[criterion]`` is (units,), sums to 1.

    A share may be negative, where what moves the criterion offsets the others: it is drawn left of zero.
    """
    ax = _tall(ax, len(labels))
    ends = np.zeros((2, len(labels)))  # of what lies left and right of zero
    for criterion, colour in CRITERION_COLOURS.items():
        if criterion in shares:
            part = np.nan_to_num(np.asarray(shares[criterion], dtype=float)) * 100
            side = (part > 0).astype(int)
            start = ends[side, np.arange(len(labels))]
            text = word(criterion, language=language)
            ax.barh(np.arange(len(labels)), part, left=start, color=colour, label=text)
            ends[side, np.arange(len(labels))] += part
    _rows(ax, labels)
    ax.set_xlim(min(0.0, float(ends[0].min())), float(ends[1].max()))
    ax.set_xlabel(word("share_of_variance", language=language))
    return _legend(ax, columns=4)


def population_and_sample(
    population: ArrayLike,
    sample: ArrayLike,
    labels: Sequence[str],
    *,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Share of each region in the population and in the sample, joined by a line; shares in 0..1."""
    people, drawn = np.asarray(population, dtype=float) * 100, np.asarray(sample, dtype=float) * 100
    ax = _tall(ax, people.size)
    row = np.arange(people.size)
    ax.hlines(row, np.minimum(people, drawn), np.maximum(people, drawn), color=GREY, linewidth=1)
    ax.scatter(
        people, row, s=18, c=GREEN, marker="s", label=word("population_share", language=language), zorder=2
    )
    ax.scatter(drawn, row, s=18, c=BLUE, label=word("sample_share", language=language), zorder=2)
    _rows(ax, labels)
    ax.set_xlim(left=0)
    return _legend(ax)


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
    ax = _tall(ax, count.size)
    row = np.arange(count.size)
    ax.hlines(row, np.minimum(count, worth), np.maximum(count, worth), color=GREY, linewidth=1)
    ax.scatter(
        count, row, s=16, c="white", edgecolors=BLUE, label=word("respondents", language=language), zorder=2
    )
    ax.scatter(worth, row, s=16, c=RED, label=word("effective_number", language=language), zorder=2)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:,.0f}")
    _rows(ax, labels)
    return _legend(ax)


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
        Of the service.
    """
    ax = ax or plt.subplots(figsize=(6.5, 1.9), layout="constrained")[1]
    rest = np.asarray(others, dtype=float)
    ax.scatter(rest, np.zeros(rest.size), marker="|", s=120, color=GREY, linewidths=0.9)
    ax.annotate(
        "",
        xy=(with_person, 0.0),
        xytext=(without, 0.0),
        arrowprops={"arrowstyle": "->", "color": RED, "lw": 2},
    )
    for score, key, side in ((without, "without", "right"), (with_person, "with", "left")):
        text = f"{word(key, language=language)}: {score:.2f}"
        ax.annotate(text, (score, 0.0), xytext=(0, 14), textcoords="offset points", ha=side, color=RED)
    ax.set_title(f"{name}: {word('one_person', language=language)}", loc="left", fontsize=9)
    ax.set_ylim(-0.5, 1)
    ax.set_yticks([])
    ax.spines[["left", "top", "right"]].set_visible(False)
    ax.set_xlabel(word("q", language=language))
    return ax


def _tall(ax: Axes | None, rows: int) -> Axes:
    """Given axes, or new ones tall enough for that many labelled rows."""
    if ax is not None:
        return ax
    return plt.subplots(figsize=(7.6, 1.1 + ROW * rows), layout="constrained")[1]


def _rows(ax: Axes, labels: Sequence[str], *, extra: int = 0) -> None:
    """One labelled row a unit from the top down, faint lines across, no frame."""
    ax.set_yticks(np.arange(len(labels)), list(labels), fontsize=7.5)
    ax.set_ylim(len(labels) - 0.4 + extra, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", labelsize=8)
    ax.grid(axis="x", color="#E6E6E6", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right", "left"]].set_visible(False)


def _legend(ax: Axes, *, columns: int = 2) -> Axes:
    """Legend above the rows: across the whole figure where the axes have it for themselves."""
    if len(ax.figure.axes) == 1 and ax.figure.get_layout_engine() is not None:
        ax.figure.legend(loc="outside upper left", ncols=columns, frameon=False, fontsize=8)
    else:
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, fontsize=8)
    return ax
