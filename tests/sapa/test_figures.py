"""Figures show what they are given and compute nothing."""

import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from sapa import figures, published
from sapa.words import _words, word

LANGUAGES = ("en", "kk", "ru")


@pytest.fixture(autouse=True)
def _closed():
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def labels(language: str = "en") -> list[str]:
    ids = list(published.load("region_ranking_2020").region.values)
    return figures.row_labels(ids, published.names("region", language=language))


def drawn(name: str, language: str = "en", ax=None):
    """One of every figure on 17 regions."""
    rows = np.arange(17)
    q = np.linspace(4.8, 4.6, 17)
    common = {"language": language, "ax": ax}
    calls = {
        "caterpillar": lambda: figures.caterpillar(
            q, q - 0.1, q + 0.1, labels(language), thin=rows == 3, resolvable=0.2, **common
        ),
        "rank_sets": lambda: figures.rank_sets(
            rows + 1,
            np.maximum(rows - 3, 1),
            np.minimum(rows + 4, 17),
            labels(language),
            thin=rows == 3,
            **common,
        ),
        "ledger_bars": lambda: figures.ledger_bars({"Table 8": {"input": 3, "reproduced": 1}}, **common),
        "variance_shares": lambda: figures.variance_shares(
            {"feedback": np.full(17, 0.6), "terms": np.full(17, 0.4)}, labels(language), **common
        ),
        "population_and_sample": lambda: figures.population_and_sample(
            q / 80, q / 90, labels(language), **common
        ),
        "effective_numbers": lambda: figures.effective_numbers(
            rows + 10, rows + 2, labels(language), **common
        ),
        "one_persons_channel": lambda: figures.one_persons_channel(4.76, 4.53, q, name="s17", **common),
        "allocation_map": lambda: figures.allocation_map(
            np.outer(rows, [1, 2, 40]),
            rows * 43,
            np.array([1, 2, 40]) * rows.sum(),
            labels(language),
            ["s01", "s02", "s03"],
            **common,
        ),
    }
    return calls[name]()


NAMES = (
    "caterpillar",
    "rank_sets",
    "ledger_bars",
    "variance_shares",
    "population_and_sample",
    "effective_numbers",
    "one_persons_channel",
    "allocation_map",
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_figure_in_every_language_keeps_its_labels_inside(name, language):
    ax = drawn(name, language)
    figure = ax.figure
    figure.canvas.draw()
    page = figure.bbox
    for text in [
        *ax.get_yticklabels(),
        ax.xaxis.label,
        *(t for legend in figure.legends for t in legend.texts),
    ]:
        box = text.get_window_extent()
        assert box.x0 >= page.x0 - 3, text.get_text()
        assert box.x1 <= page.x1 + 3, text.get_text()
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    heights = sorted((box.y0, box.y1) for box in boxes)
    assert all(low_end <= high_start + 1 for (_, low_end), (high_start, _) in itertools.pairwise(heights))


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_draws_on_given_axes(name):
    _, ax = plt.subplots()
    assert drawn(name, ax=ax) is ax


def test_caterpillar_shows_the_given_numbers_best_on_top():
    ax = figures.caterpillar([4.8, 4.6], [4.7, 4.5], [4.9, 4.7], ["a", "b"])
    assert ax.collections[1].get_offsets().tolist() == [[4.8, 0.0], [4.6, 1.0]]
    low, high = ax.get_ylim()
    assert low > high


def test_ledger_bars_fill_to_one_hundred():
    ax = figures.ledger_bars({"Table 8": {"input": 1, "reproduced": 2, "contradicted": 1}})
    assert sum(bar.get_width() for bar in ax.patches) == pytest.approx(100)


def test_allocation_map_writes_every_cell_and_both_margins():
    ax = figures.allocation_map(
        [[3, 0], [1, 20]], [3, 21], [4, 20], ["a", "b"], ["s1", "s2"], possible=[[True, False], [True, True]]
    )
    assert sorted((t.get_position(), t.get_text()) for t in ax.texts) == [
        ((0, 0), "3"),
        ((0, 1), "1"),
        ((1, 1), "20"),
    ]
    right, top = ax.child_axes
    assert [bar.get_width() for bar in right.patches] == [3, 21]
    assert [bar.get_height() for bar in top.patches] == [4, 20]
    assert ax.images[0].get_array().mask.tolist() == [[False, True], [False, False]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["not given there"]
    large = figures.allocation_map(np.ones((80, 70)), np.ones(80), np.ones(70), ["r"] * 80, ["s"] * 70)
    assert len(large.texts) == 0


def test_every_word_exists_in_three_languages():
    for key, entry in _words().items():
        assert set(entry) == set(LANGUAGES), key
    with pytest.raises(ValueError, match="no label 'moon'"):
        word("moon")
