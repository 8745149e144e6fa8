"""One self-contained HTML page of words, figures and tables; it opens offline and prints to A4."""

import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure as Drawing

from sapa.choices import Language
from sapa.words import header, phrase

_ADDRESSES = re.compile(r'<metadata>.*?</metadata>|<!--.*?-->|\sxmlns(?::xlink)?="[^"]*"', re.DOTALL)
_FIGURE = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing as SVG text, with its caption in a sentence; a small one needs no more than half a sheet."""

    svg: str
    caption: str
    small: bool = False

    @property
    def inline(self) -> str:
        """The SVG within a page: what names addresses is left out, for a page needs none."""
        return _ADDRESSES.sub("", self.svg)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, whether it is a number, and the value that it sorts by, if any."""

    text: str
    number: bool
    value: str | None


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table ready to print: every number already with its digits."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: words first, then findings, assumptions, figures and tables.

    ``english`` marks words and tables that exist in English only, whatever the language of the page.
    """

    key: str
    title: str
    text: Sequence[str] = ()
    points: Sequence[str] = ()
    assumptions: Sequence[str] = ()
    figures: Sequence[Figure] = field(default=())
    tables: Sequence[ReportTable] = field(default=())
    english: bool = False


def page(
    title: str,
    sections: Sequence[Section],
    *,
    lead: str = "",
    footer: Sequence[str] = (),
    language: Language = "en",
) -> str:
    """HTML of the report.

    Parameters
    ----------
    title, lead
        Heading and the sentence below it.
    sections
        In the order of the page; their keys are the anchors.
    footer
        Lines on versions, seed and fingerprint.

    Returns
    -------
    One HTML text with styles, figures and script inside. Every word of the data is escaped.

    Examples
    --------
    >>> "&lt;b&gt;" in page("Report", [Section("a", "A <b> in the data")])
    True
    """
    found = Environment(loader=PackageLoader("sapa", "."), autoescape=True, undefined=StrictUndefined)
    template = found.get_template("report.html.jinja")
    said = partial(phrase, language=language)
    return template.render(
        title=title, sections=sections, lead=lead, footer=footer, language=language, phrase=said
    )


def report_table(
    frame: pd.DataFrame,
    *,
    title: str,
    digits: Mapping[str, int] | None = None,
    note: str = "",
    language: Language = "en",
) -> ReportTable:
    """Table of the page from a frame.

    Parameters
    ----------
    frame
        Columns become the header as they are named.
    digits
        Digits after the point by column; whole numbers have none, other numbers three.
    language
        Of the header.
    """
    places = digits or {}
    columns = [_cells(frame[name], places.get(str(name))) for name in frame.columns]
    rows = list(zip(*columns, strict=True)) if columns else []
    return ReportTable(title, [header(str(name), language=language) for name in frame.columns], rows, note)


def figure(drawing: Drawing, *, caption: str, small: bool = False) -> Figure:
    """Drawing as SVG without a date or random ids, so that the same results give the same bytes."""
    with mpl.rc_context({"svg.hashsalt": "sapa"}):
        buffer = io.StringIO()
        drawing.savefig(buffer, format="svg", metadata={"Date": None})
    plt.close(drawing)
    svg = buffer.getvalue()
    return Figure(svg[svg.index("<svg") :], caption, small)


def _cells(series: pd.Series, places: int | None) -> list[Cell]:
    if not pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series):
        return [_text(_words(value)) for value in series]
    return [_number(value, places) for value in series]


def _words(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else ""
    return "" if value is None or value is pd.NA or value != value else str(value)


def _text(words: str) -> Cell:
    """Cell of words; figures kept as they are printed sort as the numbers that they are."""
    if _FIGURE.fullmatch(words):
        return Cell(words, True, words)
    return Cell(words, False, None)


def _number(value: Any, places: int | None) -> Cell:
    number = float("nan") if value is pd.NA else float(value)
    if math.isnan(number):
        return Cell("", True, "")
    if math.isinf(number):
        sign = "-" if number < 0 else ""
        return Cell(f"{sign}∞", True, f"{sign}Infinity")
    digits = places if places is not None else (0 if number.is_integer() else 3)
    return Cell(f"{number:,.{digits}f}", True, f"{number:.12g}")
