"""Shares: of the criteria in the variance, of the regions in the sample, of the verdicts in the ledger."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from sapa.choices import Language
from sapa.figures.rows import (
    BLUE,
    CYCLE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    label_rows,
    legend,
    row_places,
    tall,
)
from sapa.words import labels_of, word

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
HATCHES = ("", "//", "xx", "..")


def ledger_bars(
    counts: Mapping[str, Mapping[str, int]], *, language: Language = "en", ax: Axes | None = None
) -> Axes:
    """Status of the printed figures of each table: ``counts[table][status]``, as shares of the table."""
    total = np.array([sum(status.values()) for status in counts.values()], dtype=float)
    labels = [f"{name}  ({number:,.0f})" for name, number in zip(counts, total, strict=True)]
    ax = tall(ax, labels)
    row = row_places(labels)
    left = np.zeros(len(labels))
    for status, colour in STATUS_COLOURS.items():
        share = np.array([found.get(status, 0) for found in counts.values()]) / total * 100
        ax.barh(row, share, left=left, color=colour, label=word(status, language=language))
        left += share
    label_rows(ax, labels)
    ax.set_xlim(0, 100)
    ax.set_xlabel(word("figures", language=language) + ", %")
    return legend(ax, columns=3)


def variance_shares(
    shares: Mapping[str, ArrayLike],
    labels: Sequence[str],
    *,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Share of each criterion in the variance of each Q: ``shares[criterion]`` is (units,), sums to 1.

    A share may be negative, where what moves the criterion offsets the others: it is drawn left of zero.
    Criteria of own data are drawn in the order given, under their own names.
    """
    ax = tall(ax, labels)
    row, each = row_places(labels), np.arange(len(labels))
    ends = np.zeros((2, len(labels)))  # of what lies left and right of zero
    looks = _looks(list(shares))
    for criterion, text in zip(looks, labels_of(list(looks), language=language), strict=True):
        colour, hatch = looks[criterion]
        part = np.nan_to_num(np.asarray(shares[criterion], dtype=float)) * 100
        side = (part > 0).astype(int)
        ax.barh(row, part, left=ends[side, each], color=colour, hatch=hatch, edgecolor="white", label=text)
        ends[side, each] += part
    label_rows(ax, labels)
    ax.set_xlim(min(0.0, float(ends[0].min())), float(ends[1].max()))
    ax.set_xlabel(word("share_of_variance", language=language))
    return legend(ax, columns=4 if max(map(len, shares)) < 24 else 2)


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
    ax = tall(ax, labels)
    row = row_places(labels)
    ax.hlines(row, np.minimum(people, drawn), np.maximum(people, drawn), color=GREY, linewidth=1)
    looks = ((people, "population_share", GREEN, "s"), (drawn, "sample_share", BLUE, "o"))
    for share, key, colour, marker in looks:  # whole also where a share is zero
        text = word(key, language=language)
        ax.scatter(share, row, s=18, c=colour, marker=marker, label=text, zorder=2, clip_on=False)
    label_rows(ax, labels)
    ax.set_xlim(left=0)
    return legend(ax)


def _looks(criteria: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Colour and hatch by criterion: those of 2020 keep theirs, others take them in turn."""
    if set(criteria) <= CRITERION_COLOURS.keys():
        return {name: (colour, "") for name, colour in CRITERION_COLOURS.items() if name in criteria}
    size = len(CYCLE)
    return {name: (CYCLE[k % size], HATCHES[k // size % len(HATCHES)]) for k, name in enumerate(criteria)}
