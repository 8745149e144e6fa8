"""Rankings: the ranks that the data allow, and the tiers that they tell apart."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from sapa.choices import Language
from sapa.figures.rows import BLUE, GREY, PALE, broken, label_rows, legend, percent, row_places, tall
from sapa.words import word


def rank_sets(
    rank: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    labels: Sequence[str],
    *,
    level: float = 0.95,
    source: str = "published_rank",
    thin: ArrayLike | None = None,
    places: int | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Rank of each unit beside the set of ranks that the data allow.

    Parameters
    ----------
    rank, lower, upper
        (units,) rank, best and worst rank of the set, in the order of the rows from the top.
    labels
        Name of each unit; lines are parted by a line feed.
    level
        Confidence level of the sets, named in the legend.
    source
        Key of what the rank is: ``published_rank``, or ``rank_of_estimate`` for own data.
    thin
        (units,) bool: units too thin to rank, drawn hollow.
    places
        Ranks on the axis; as many as rows if not given.
    """
    place, low, high = (np.asarray(part, dtype=float) for part in (rank, lower, upper))
    hollow = np.zeros(place.size, dtype=bool) if thin is None else np.asarray(thin, dtype=bool)
    ax = tall(ax, labels)
    row = row_places(labels)
    allowed = word("rank_set", language=language, level=percent(level))
    ax.barh(row, high - low + 0.8, left=low - 0.4, height=0.55, color=PALE, label=allowed, zorder=1)
    for keep, face, edge, key in ((~hollow, BLUE, BLUE, source), (hollow, "white", GREY, "too_thin")):
        if keep.any():
            text = word(key, language=language)
            ax.scatter(
                place[keep], row[keep], s=16, c=face, edgecolors=edge, linewidths=1, zorder=2, label=text
            )
    label_rows(ax, labels)
    ax.set_xlim(0.2, (place.size if places is None else places) + 0.8)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(word("rank", language=language))
    return legend(ax)


def tiers(
    member: ArrayLike,
    letters: Sequence[str],
    labels: Sequence[str],
    *,
    level: float = 0.95,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Letters of each unit, a column a letter: units that share a letter are not told apart.

    Parameters
    ----------
    member
        (units, tiers) bool, rows from the top down, as `estimators.tiers` gives it.
    letters
        Name of each tier.
    labels
        Name of each unit; lines are parted by a line feed.
    level
        Confidence level of all the comparisons at once, named below.
    """
    inside = np.asarray(member, dtype=bool)
    ax = tall(ax, labels)
    row = row_places(labels)
    for column, letter in enumerate(letters):
        held = row[inside[:, column]]
        ax.scatter(np.full(held.size, column), held, marker="s", s=80, c=PALE, linewidths=0)
        for place in held:
            ax.text(column, place, letter, ha="center", va="center", fontsize=7, color="#003B5C")
    label_rows(ax, labels)
    ax.grid(visible=False)
    ax.set_xlim(-0.8, max(len(letters) - 0.2, 7.2))
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.set_xlabel(broken(word("tiers", language=language, level=percent(level)), 46))
    return ax
