"""Tile map: every region of Kazakhstan a square of the same size, where it lies among its neighbours."""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast, get_args

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgb
from matplotlib.patches import Rectangle

from sapa.choices import Language
from sapa.figures.rows import broken
from sapa.published.names import names
from sapa.words import word

#: The 17 regions of 2020, or the 20 since 2022.
Edition = Literal["2020", "2022"]
TILE = 1.0  # inches
OBLAST = {"region", "облысы", "область"}
CITY = {"г.", "қ.", "city", "қаласы", "город"}
LIGHT = 0.18  # luminance above which black ink has the greater contrast
#: Of the quantities. The colours span a tenth of it at least: what hardly differs shall look alike.
SCALE = {"q": (1.0, 5.0), "satisfaction": (0.0, 100.0)}


def tile_map(
    values: Mapping[str, float],
    labels: Mapping[str, str],
    *,
    edition: Edition = "2020",
    quantity: str = "q",
    digits: int = 2,
    language: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Map of the regions as tiles, coloured and labelled with their values.

    The colours span the values, but at least a tenth of the scale of `quantity`, within it.

    Parameters
    ----------
    values
        Figure by region id, in the unit of the scale; a region without one, or with NaN, stays white.
    labels
        Name by region id.
    edition
        Which division into regions.
    quantity
        Key of the scale's label.
    digits
        After the point.

    Raises
    ------
    ValueError
        When a region has no tile in that edition.
    """
    places = tile_places(edition)
    unknown = sorted(values.keys() - places.keys())
    if unknown:
        raise ValueError(
            f"values must be of the {len(places)} regions of {edition}, got {unknown[0]!r}; leave it out "
            f"or choose another edition of {get_args(Edition)}"
        )
    ax = ax or plt.subplots(figsize=(7 * TILE + 0.4, 5 * TILE + 0.9), layout="constrained")[1]
    known = [value for value in values.values() if np.isfinite(value)]
    norm = Normalize(*_ends(known, SCALE.get(quantity)))
    colours = mpl.colormaps["cividis_r"]
    for region, (column, row) in places.items():
        value = values.get(region, float("nan"))
        face = to_rgb(colours(norm(value))) if np.isfinite(value) else (1.0, 1.0, 1.0)
        ink = "black" if _luminance(face) > LIGHT else "white"
        ax.add_patch(Rectangle((column + 0.02, row + 0.02), 0.96, 0.96, facecolor=face, edgecolor="#8C8C8C"))
        name = broken(labels[region], 14)
        ax.text(column + 0.5, row + 0.4, name, ha="center", va="center", fontsize=7.5, color=ink)
        if np.isfinite(value):
            text = f"{value:.{digits}f}"
            ax.text(column + 0.5, row + 0.84, text, ha="center", va="center", fontsize=9.5, color=ink)
    ax.set(xlim=(-0.05, 7.05), ylim=(5.05, -0.05), aspect="equal")
    ax.set_axis_off()
    bar = ax.figure.colorbar(
        ScalarMappable(norm, colours),
        ax=ax,
        location="bottom",
        shrink=0.5,
        pad=0.02,
        aspect=30,
        format=f"%.{digits}f",
    )
    said = word(quantity, language=language)
    if known:
        low, high = (f"{end:.{digits}f}" for end in (min(known), max(known)))
        said = word("from_to", language=language, quantity=said, low=low, high=high)
    bar.set_label(said, fontsize=8)
    bar.ax.tick_params(labelsize=8)
    return ax


def tile_places(edition: Edition) -> dict[str, tuple[int, int]]:
    """Column from the west and row from the north of each region's tile.

    Examples
    --------
    >>> len(tile_places("2020")), len(tile_places("2022"))
    (17, 20)
    """
    facts = _facts()
    if edition not in get_args(Edition):
        raise ValueError(f"edition must be one of {get_args(Edition)}, got {edition!r}")
    others = {name for year, own in facts["only"].items() if year != edition for name in own}
    placed = facts["tiles"] | facts["moved"].get(edition, {})
    return {name: (place[0], place[1]) for name, place in placed.items() if name not in others}


def tile_names(*, language: Language = "en") -> dict[str, str]:
    """Name of every region of either edition by id.

    Examples
    --------
    >>> tile_names(language="kk")["ULY"]
    'Ұлытау облысы'
    """
    printed = names("region", language=language).to_dict()
    return {
        region: _facts()["names"][region][language] if region in _facts()["names"] else printed[region]
        for region in _facts()["tiles"]
    }


def edition_of(regions: Collection[str]) -> Edition:
    """Edition that has these regions.

    Raises
    ------
    ValueError
        When no edition has them all.

    Examples
    --------
    >>> edition_of(["ALM", "ULY"])
    '2022'
    """
    for edition in get_args(Edition):
        if set(regions) <= tile_places(edition).keys():
            return cast(Edition, edition)
    unknown = sorted(set(regions) - _facts()["tiles"].keys())
    raise ValueError(
        f"regions must be those of one division of {get_args(Edition)}, got "
        f"{(unknown or sorted(regions))[:3]}; draw one division at a time"
    )


def region_ids(regions: Sequence[str]) -> list[str]:
    """Ids of regions given by id or by name in any of the three languages.

    Raises
    ------
    ValueError
        When a region is not known.

    Examples
    --------
    >>> region_ids(["alm", "Ұлытау облысы", "Астана"])
    ['ALM', 'ULY', 'AST']
    >>> region_ids(["Абай", "Алматы"])  # without a word for what it is, Almaty is the city
    ['ABY', 'ALA']
    """
    known = {_plain(region): region for region in _facts()["tiles"]}
    for language in get_args(Language):
        known |= {_plain(name): region for region, name in tile_names(language=language).items()}
    for name, region in list(known.items()):
        known.setdefault(" ".join(part for part in name.split() if part not in OBLAST), region)
    unknown = [region for region in regions if _plain(region) not in known]
    if unknown:
        raise ValueError(
            f"regions must be regions of Kazakhstan to be put on the map, got {unknown[0]!r}; give them the "
            "ids or names that `python -c 'import sapa.figures as f; print(f.tile_names())'` prints"
        )
    return [known[_plain(region)] for region in regions]


def _ends(known: Sequence[float], scale: tuple[float, float] | None) -> tuple[float, float]:
    """Ends of the colours: those of the values, moved apart where closer than a tenth of a scale."""
    low, high = min(known, default=0.0), max(known, default=1.0)
    if scale is None:
        return low, high
    bottom, top = scale
    spare = max(0.0, (top - bottom) / 10 - (high - low)) / 2
    slide = max(0.0, bottom - (low - spare)) - max(0.0, high + spare - top)
    return low - spare + slide, high + spare + slide


def _luminance(colour: tuple[float, float, float]) -> float:
    """Relative luminance in 0..1 (WCAG 2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def _plain(name: str) -> str:
    """Name without case and without the words for a city, which are written in many ways."""
    text = name.casefold().replace("ё", "е")
    words = [part for part in text.replace(".", ". ").split() if part not in CITY]
    return " ".join(words)


@cache
def _facts() -> dict[str, Any]:
    return tomllib.loads(files("sapa.figures").joinpath("tiles.toml").read_text(encoding="utf-8"))
