"""The inventory: every figure that is printed and that the data files hold, once, with its digits.

A figure is a non-blank numeric cell whose column the codebook calls a figure, a count or a rank, and a fact
of the articles that is one (:data:`FACTS`). Ids, dates, years, line numbers and item numbers are none. A
merged cell, which a data file repeats on every row beside it, is one figure. Left out are the corrections,
which quote figures and propose others (:data:`OURS`), and columns that say again what another says
(:data:`AGAIN`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import chain
from typing import TypeAlias

from sapa.published import codebook, printed

PAIR = ("mean_score", "satisfaction_pct")
OURS = "criteria_corrections"
FACTS = frozenset({"count", "rank", "share", "sum"})
AGAIN = {
    ("services", "n_respondents"): "n_table1",
    ("services", "n_section"): "service_sections.n_section",
}
MERGED = {
    ("callcentre", "centre_mean_printed"): ("service_id", "call_centre"),
    ("callcentre", "centre_satisfaction_printed"): ("service_id", "call_centre"),
    ("criteria_totals", "overall_mean_printed"): ("service_id",),
    ("criteria_totals", "overall_satisfaction_printed"): ("service_id",),
    ("criteria_totals", "headline_mean"): ("service_id",),
    ("criteria_totals", "headline_satisfaction"): ("service_id",),
    ("criteria_totals", "headline_rank"): ("service_id",),
    ("scoring_example_office", "criterion_mean"): ("criterion",),
    ("scoring_example_office", "criterion_satisfaction"): ("criterion",),
    ("scoring_example_portal", "criterion_mean"): ("criterion",),
    ("scoring_example_portal", "criterion_satisfaction"): ("criterion",),
}
PLACES = {
    "services": "Table 1",
    "scoring_example_office": "Table 2",
    "scoring_example_portal": "Table 3",
    "regions": "Table 4",
    "yearly": "Table 6",
    "providers": "Table 7",
    "service_ranking_2020": "Table 8",
    "agency_ranking_2020": "Table 9",
    "agency_history": "Table 10",
    "agency_history_printed": "Table 10",
    "local_ranking_history": "Table 11",
    "local_history_printed": "Table 11",
    "region_ranking_2020": "Table 12",
    "corporation_13": "Table 13",
    "corporation_services": "Table 14",
    "portal_services": "Table 15",
    "demographics": "Section 1.2",
    "criteria": "Criteria",
    "criteria_totals": "Channels and services",
    "provider_by_service": "Provider tables",
    "local_service_by_region": "Regional tables",
    "ambulance_by_region": "Section 2.62",
    "ambulance_waiting": "Section 2.62",
    "callcentre": "Call centres",
    "service_sections": "Sections 2.1-2.70",
    "appendix_a": "Appendix A",
    "appendix_b": "Appendix B",
    "population_2020": "Population",
    "misc_facts": "Articles",
}

Row: TypeAlias = tuple[str, ...]
Key: TypeAlias = tuple[str, Row, str]
Rows: TypeAlias = "dict[Row, dict[str, Figure]]"
Book: TypeAlias = dict[str, Rows]


@dataclass(frozen=True, slots=True)
class Figure:
    """One printed figure.

    Attributes
    ----------
    table, row, statistic
        Data file, its key fields, its column.
    text
        The figure as printed.
    value, half
        The number, and half a unit of its last printed digit (0 for counts and ranks), both exact.
    correction
        Label of the listed correction that changed it, empty in the report's own book.
    known
        False where a correction says that the cell holds a figure of something else.
    """

    table: str
    row: Row
    statistic: str
    text: str
    value: Fraction
    half: Fraction
    correction: str = ""
    known: bool = True

    @property
    def key(self) -> "Key":
        """Where the figure stands: data file, row, column."""
        return self.table, self.row, self.statistic

    @property
    def place(self) -> str:
        """Table of the report in which the figure stands."""
        return "Table 5" if "language" in self.statistic and self.table == "regions" else PLACES[self.table]


def figure(
    table: str, row: Row, statistic: str, text: str, *, exact: bool = False, correction: str = ""
) -> Figure:
    """Figure of a printed text; ``exact`` for counts and ranks, which no rounding touched.

    Examples
    --------
    >>> figure("yearly", ("2020",), "mean_score", "4.70").half
    Fraction(1, 200)
    """
    decimals = len(text.partition(".")[2])
    half = Fraction(0) if exact else Fraction(1, 2 * 10**decimals)
    return Figure(table, row, statistic, text, Fraction(text), half, correction)


@cache
def book() -> Book:
    """Every printed figure: data file -> key fields -> column -> figure, in the printed order.

    Returns
    -------
    Nested dictionaries, shared between callers: not to be changed.

    Raises
    ------
    ValueError
        When the rows beside a merged cell repeat different figures.

    Examples
    --------
    >>> book()["service_ranking_2020"]["s16",]["mean_score"].text
    '4.86'
    """
    found: Book = {}
    for item in chain(_cells(), _facts()):
        cells = found.setdefault(item.table, {}).setdefault(item.row, {})
        if cells.setdefault(item.statistic, item) != item:
            raise ValueError(
                f"{item.table}.csv must repeat one figure in {item.statistic} of {'/'.join(item.row)}, "
                f"got {cells[item.statistic].text} and {item.text}; restore the file from the release"
            )
    return found


def figures(pages: Book) -> Iterator[Figure]:
    """Every figure of a book, in order."""
    return (cell for rows in pages.values() for cells in rows.values() for cell in cells.values())


def _cells() -> Iterator[Figure]:
    """Figures of every file, merged cells as often as the file repeats them."""
    for name in (n for n in codebook() if n != OURS):
        entry = codebook()[name]
        texts = printed(name)
        for column in entry.columns.values():
            if column.kind not in ("figure", "count", "rank") or (name, column.name) in AGAIN:
                continue
            keys = MERGED.get((name, column.name), entry.keys)
            for text, *row in zip(texts[column.name], *(texts[key] for key in keys), strict=True):
                if text and text not in column.words:
                    key = tuple(part or "total" for part in row)
                    yield figure(name, key, column.name, text, exact=column.kind != "figure")


def _facts() -> Iterator[Figure]:
    """Figures of the articles; a trailing plus, "or more", stays in the row's key."""
    facts = printed("misc_facts")
    facts = facts[facts["kind"].isin(FACTS)]
    for row in zip(facts["file"], facts["value"], facts["meaning"], strict=True):
        yield figure("misc_facts", row, "value", row[1].removesuffix("+"))
