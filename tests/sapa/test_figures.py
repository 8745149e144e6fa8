"""Figures show what they are given, compute nothing, and neither cut nor cover a word."""

import itertools
import math
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties, findfont, get_font

from sapa import figures, published
from sapa.figures import rounds, rows, scores, shares
from sapa.figures.tiles import Edition
from sapa.words import REPORT, _words, label, short_names, table_name, word
from tests.sapa.text_boxes import overlapping, texts_of

LANGUAGES = ("en", "kk", "ru")
CRITERIA = tuple(shares.CRITERION_COLOURS)
KAZAKH = "ӘәҒғҚқҢңӨөҰұҮүҺһІі"


@pytest.fixture(autouse=True)
def _closed():
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def services(language: str) -> list[str]:
    """Labels of the 62 services in the printed order."""
    ids = [name for name in published.load("service_ranking_2020").service.values if name != "total"]
    return figures.row_labels(ids, short_names("service", language=language))


def regions(language: str) -> dict[str, str]:
    return figures.tile_names(language=language)


def drawn(name: str, language: str = "en", ax=None):
    """One of every figure: of all 62 services where it has rows of services."""
    names = services(language)
    size = len(names)
    place = np.arange(size)
    q = np.linspace(4.9, 4.2, size)
    common = {"language": language, "ax": ax}
    towns = [regions(language)[region] for region in figures.tile_places("2022")]
    calls = {
        "caterpillar": lambda: figures.caterpillar(
            q, q - 0.1, q + 0.1, names, thin=place == 3, resolvable=0.2, level=0.9, **common
        ),
        "rank_sets": lambda: figures.rank_sets(
            place + 1,
            np.maximum(place - 3, 1),
            np.minimum(place + 4, size),
            names,
            thin=place == 3,
            **common,
        ),
        "tiers": lambda: figures.tiers(
            (place[:, None] // 9 - np.arange(7)) ** 2 < 2, list("abcdefg"), names, **common
        ),
        "distributions": lambda: figures.distributions(
            np.tile([0.05, 0.05, 0.1, 0.2, 0.6], (size, 1)), names, **common
        ),
        "variance_shares": lambda: figures.variance_shares(
            {name: np.full(size, 1 / len(CRITERIA)) for name in CRITERIA}, names, **common
        ),
        "effective_numbers": lambda: figures.effective_numbers(place + 10, place + 2, names, **common),
        "dumbbells": lambda: figures.dumbbells(
            q,
            q + 0.1,
            np.array(["rose", "fell", "not_apart"])[place % 3],
            names,
            names=("2019", "2020"),
            **common,
        ),
        "one_persons_channel": lambda: figures.one_persons_channel(
            4.76, 4.53, q, name=max(names, key=len), **common
        ),
        "population_and_sample": lambda: figures.population_and_sample(
            np.full(20, 0.05), np.linspace(0, 0.1, 20), towns, **common
        ),
        "allocation_map": lambda: figures.allocation_map(
            np.outer(np.arange(20), [1, 2, 40]),
            np.arange(20) * 43,
            np.array([1, 2, 40]) * 190,
            towns,
            ["s01", "s02", "s03"],
            quantity="interviews",
            **common,
        ),
        "ledger_bars": lambda: figures.ledger_bars(
            {
                table_name(name, language=language): dict.fromkeys(shares.STATUS_COLOURS, 2)
                for name in ("Table 8", "Channels and services", "Provider tables", "Sections 2.1-2.70")
            },
            **common,
        ),
        "coverage_curves": lambda: figures.coverage_curves(
            [5, 8, 12, 20, 30],
            {
                kind: np.linspace(0.8, 0.95, 5)
                for kind in ("wald", "wilson", "smoothed_moments", "profile", "korn_graubard")
            },
            level=0.9,
            **common,
        ),
        "study_comparison": lambda: figures.study_comparison(
            [0.08, 0.09, 0.07],
            [0.002, 0.003, np.nan],
            [label(rule, language=language) for rule in ("official", "weighted_channels", "pooled_items")],
            quantity="se_ratio",
            **common,
        ),
        "tile_map": lambda: figures.tile_map(
            {region: 4.5 + k / 50 for k, region in enumerate(figures.tile_places("2022"))},
            regions(language),
            edition="2022",
            **common,
        ),
    }
    return calls[name]()


NAMES = (
    "caterpillar",
    "rank_sets",
    "tiers",
    "distributions",
    "variance_shares",
    "effective_numbers",
    "dumbbells",
    "one_persons_channel",
    "population_and_sample",
    "allocation_map",
    "ledger_bars",
    "coverage_curves",
    "study_comparison",
    "tile_map",
)


def test_every_figure_is_tried():
    made = {name for name in figures.__all__ if "ax" in getattr(figures, name).__annotations__}
    assert made == set(NAMES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_no_word_is_cut_or_covered(name, language):
    """Every text lies inside the picture and beside every other; a letter without a glyph would warn."""
    figure = drawn(name, language).figure
    figure.draw_without_rendering()
    found = texts_of(figure)
    assert found
    page = figure.bbox
    for text, box in found:
        assert box.x0 >= page.x0 - 1, text
        assert box.x1 <= page.x1 + 1, text
        assert box.y0 >= page.y0 - 1, text
        assert box.y1 <= page.y1 + 1, text
    assert overlapping(found) == []


def test_words_that_cover_each_other_or_leave_the_picture_are_found():
    figure, ax = plt.subplots()
    ax.set(xticks=[], yticks=[])
    ax.text(0.5, 0.5, "one")
    ax.text(0.5, 0.5, "other")
    ax.text(0.1, 0.1, "apart")
    figure.draw_without_rendering()
    assert overlapping(texts_of(figure)) == [("one", "other")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_of_services_hold_every_word_of_the_name(language):
    names = short_names("service", language=language)
    for text, (unit, name) in zip(figures.row_labels(list(names), names), names.items(), strict=True):
        assert "".join(text.split()) == "".join(f"{unit}{name}".split())


def test_rows_stand_left_of_the_bars():
    ax = drawn("caterpillar", "kk")
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.get_yticklabels()]
    assert all(box.x1 <= ax.get_window_extent().x0 for box in boxes)
    assert max(box.x0 for box in boxes) - min(box.x0 for box in boxes) < 1


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_draws_on_given_axes(name):
    figure, ax = plt.subplots()
    size = figure.get_size_inches().tolist()
    assert drawn(name, ax=ax) is ax
    assert figure.get_size_inches().tolist() == size


def test_the_font_of_the_figures_has_every_kazakh_letter():
    charmap = get_font(findfont(FontProperties(family=mpl.rcParamsDefault["font.family"]))).get_charmap()
    assert [letter for letter in KAZAKH if ord(letter) not in charmap] == []


def test_a_letter_without_a_glyph_warns():
    figure, ax = plt.subplots()
    ax.set_title("\N{HANGUL SYLLABLE GA}")
    with pytest.warns(UserWarning, match="missing from font"):
        figure.draw_without_rendering()


def test_caterpillar_shows_the_given_numbers_best_on_top():
    ax = figures.caterpillar([4.8, 4.6], [4.7, 4.5], [4.9, 4.7], ["a", "b"])
    assert ax.collections[1].get_offsets().tolist() == [[4.8, 0.0], [4.6, 1.0]]
    low, high = ax.get_ylim()
    assert low > high


def legend_texts(ax) -> list[str]:
    held = ax.figure.legends or [ax.get_legend()]
    return [text.get_text() for legend in held for text in legend.get_texts()]


def test_the_legend_names_the_level_and_the_source_that_were_given():
    ax = figures.caterpillar([4.8], [4.7], [4.9], ["a"], level=0.9)
    assert legend_texts(ax) == ["90% interval"]
    ax = figures.rank_sets([1], [1], [1], ["a"], level=0.99, source="rank_of_estimate")
    assert legend_texts(ax) == ["rank by the estimate", "ranks the data allow (99%)"]
    ax = figures.coverage_curves([5, 10], {"wald": [0.6, 0.8]}, level=0.8)
    assert legend_texts(ax)[0] == "promised: 80%"


def test_distributions_diverge_from_the_middle_of_the_threes():
    ax = figures.distributions([[0.1, 0.1, 0.2, 0.3, 0.3]], ["a"])
    ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]
    assert np.allclose(ends, [(-30, -20), (-20, -10), (-10, 10), (10, 40), (40, 70)])


def test_dumbbells_mark_the_verdicts_and_refuse_others():
    ax = figures.dumbbells([4.5, 4.6], [4.7, 4.6], ["rose", "not_apart"], ["a", "b"], names=("2019", "2020"))
    assert legend_texts(ax) == ["2019", "2020: rose", "2020: not told apart"]
    with pytest.raises(ValueError, match="verdict must be one of"):
        figures.dumbbells([4.5], [4.7], ["better"], ["a"], names=("2019", "2020"))


def test_tiers_write_the_letters_of_each_unit():
    ax = figures.tiers([[True, False], [True, True], [False, True]], ["a", "b"], ["x", "y", "z"])
    written = sorted((text.get_position()[1], text.get_text()) for text in ax.texts)
    assert written == [(0.0, "a"), (1.0, "a"), (1.0, "b"), (2.0, "b")]


def test_study_comparison_reaches_two_errors_each_way():
    ax = figures.study_comparison([0.5, 0.7], [0.1, np.nan], ["a", "b"], quantity="rmse")
    assert np.allclose(ax.collections[0].get_segments()[0][:, 0], [0.3, 0.7])
    assert np.allclose(ax.collections[0].get_segments()[1][:, 0], [0.7, 0.7])


def test_criteria_of_own_data_keep_their_names_and_get_looks_of_their_own():
    own = {f"criterion {k}": np.full(2, 1 / 12) for k in range(12)}
    ax = figures.variance_shares(own, ["a", "b"])
    assert legend_texts(ax) == list(own)
    looks = {(bar.get_facecolor(), bar.get_hatch()) for bar in ax.patches}
    assert len(looks) == 12


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
    for file in ("words.toml", REPORT):
        for key, entry in _words(file).items():
            assert set(entry) == set(LANGUAGES), key
            places = {tuple(sorted(re.findall(r"{(\w+)}", text))) for text in entry.values()}
            assert len(places) == 1, key
    with pytest.raises(ValueError, match="no label 'moon'"):
        word("moon")


def test_a_word_of_own_data_stays_as_it_is():
    assert label("speed_of_service") == "speed of service"
    assert label("terms", language="kk") == "мерзім"


#: Longitude and latitude of the seats of the regions, degrees, from a map.
SEATS = {
    "ZKO": (51.4, 51.2), "ATY": (51.9, 47.1), "MAN": (51.2, 43.7), "AKT": (57.2, 50.3), "KOS": (63.6, 53.2),
    "SKO": (69.1, 54.9), "AKM": (69.4, 53.3), "NUR": (71.4, 51.1), "AST": (71.4, 51.1), "PAV": (77.0, 52.3),
    "KAR": (73.1, 49.8), "ULY": (67.7, 47.8), "ABY": (80.3, 50.4), "VKO": (82.6, 49.9), "KZY": (65.5, 44.9),
    "TUR": (68.3, 43.3), "SHY": (69.6, 42.3), "ZHA": (71.4, 42.9), "ALM": (77.1, 43.9), "ALA": (77.0, 43.2),
    "ZHT": (78.4, 45.0),
}  # fmt: skip
#: Pairs of regions of 2022 that share a border.
BORDERS = (
    "ZKO-ATY ZKO-AKT ATY-MAN ATY-AKT MAN-AKT AKT-KOS AKT-ULY AKT-KZY KOS-SKO KOS-AKM KOS-KAR KOS-ULY SKO-AKM "
    "SKO-PAV AKM-AST AKM-PAV AKM-KAR PAV-KAR PAV-ABY KAR-ABY KAR-ULY KAR-ZHA KAR-TUR ABY-VKO ABY-ZHT "
    "ULY-KZY ULY-TUR KZY-TUR TUR-SHY TUR-ZHA ZHA-ALM ALM-ALA ALM-ZHT"
)


@pytest.mark.parametrize(("edition", "size"), [("2020", 17), ("2022", 20)])
def test_tiles_lie_as_the_regions_do(edition: Edition, size: int):
    places = figures.tile_places(edition)
    assert len(places) == len(set(places.values())) == size
    assert places.keys() <= SEATS.keys()
    for one, other in itertools.combinations(places, 2):
        east, north = (SEATS[other][k] - SEATS[one][k] for k in (0, 1))
        right, down = (places[other][k] - places[one][k] for k in (0, 1))
        if abs(east) > 5:
            assert right * math.copysign(1, east) >= 0, (one, other)
        if abs(north) > 3.5:
            assert down * math.copysign(1, north) <= 0, (one, other)


def test_neighbours_have_neighbouring_tiles():
    places = figures.tile_places("2022")
    apart = [
        max(abs(places[one][k] - places[other][k]) for k in (0, 1))
        for one, other in (pair.split("-") for pair in BORDERS.split())
    ]
    assert max(apart) <= 2
    assert np.mean(np.array(apart) == 1) > 0.8


def test_regions_are_known_by_id_and_by_name_in_three_languages():
    for edition in ("2020", "2022"):
        for language in LANGUAGES:
            names = [regions(language)[region] for region in figures.tile_places(edition)]
            assert figures.region_ids(names) == list(figures.tile_places(edition))
    assert figures.edition_of(["ALM", "NUR"]) == "2020"
    assert figures.edition_of(["ALM", "AST"]) == "2022"
    with pytest.raises(ValueError, match="one division"):
        figures.edition_of(["NUR", "ULY"])
    with pytest.raises(ValueError, match="got 'Paris'"):
        figures.region_ids(["Paris"])
    with pytest.raises(ValueError, match="got 'ULY'"):
        figures.tile_map({"ULY": 4.5}, regions("en"), edition="2020")


def test_an_axis_of_less_than_two_decades_has_more_than_one_figure():
    ax = drawn("effective_numbers")
    ax.get_figure(root=True).canvas.draw()
    low, high = ax.get_xlim()
    shown = [text.get_text() for text in ax.get_xticklabels() if low <= text.get_position()[0] <= high]
    assert {"2", "5", "10", "20", "50"} <= set(shown)


def test_a_region_without_a_value_stays_white():
    ax = figures.tile_map({"ALM": 4.5, "AKM": float("nan"), "KAR": 4.7}, regions("en"))
    faces = [patch.get_facecolor() for patch in ax.patches]
    assert len(faces) == 17
    assert sum(face == (1, 1, 1, 1) for face in faces) == 15


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ((4.38, 4.44), (4.21, 4.61)),
        ((3.9, 4.8), (3.9, 4.8)),
        ((4.98, 5.0), (4.6, 5.0)),
        ((1.0, 1.2), (1.0, 1.4)),
    ],
)
def test_colours_of_the_map_span_a_tenth_of_the_scale_and_the_values_are_named(values, ends):
    ax = figures.tile_map(dict(zip(("ALM", "KAR"), values, strict=True)), regions("en"))
    bar = ax.get_figure(root=True).axes[-1]
    assert bar.get_xlim() == pytest.approx(ends)
    assert bar.get_xlabel() == f"Q, mean score: {values[0]:.2f} to {values[1]:.2f}"


#: What deutan and protan eyes make of linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
DEUTAN = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
PROTAN = np.array(
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
)
NORMAL = np.eye(3)
#: Least CIE 1976 distance of two colours that lie side by side; about 2 can just be told apart.
APART = 8.0


def lab(colour: str, eye: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of a colour as an eye sees it."""
    raw = np.array(to_rgb(colour))
    linear = np.clip(eye @ np.where(raw <= 0.04045, raw / 12.92, ((raw + 0.055) / 1.055) ** 2.4), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ linear / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize(
    "palette",
    [
        tuple(shares.STATUS_COLOURS.values()),
        tuple(shares.CRITERION_COLOURS.values()),
        scores.RATING_COLOURS,
        tuple(colour for colour, _ in rounds.VERDICTS.values()),
        rows.CYCLE,
    ],
)
@pytest.mark.parametrize("eye", [NORMAL, DEUTAN, PROTAN])
def test_colours_of_a_figure_stay_apart_for_the_colour_blind(palette, eye):
    for one, other in itertools.combinations(palette, 2):
        assert np.linalg.norm(lab(one, eye) - lab(other, eye)) > APART, (one, other)


def test_red_and_green_of_one_lightness_would_be_found():
    assert np.linalg.norm(lab("#C05050", DEUTAN) - lab("#6E7A3C", DEUTAN)) < 30
