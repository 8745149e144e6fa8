"""Changes from year to year and means over the years, in Tables 10 and 11."""

from collections.abc import Iterator
from fractions import Fraction

import pandas as pd

from sapa.ledger import rules
from sapa.ledger.figures import PLACES, Book, Figure, Row, book
from sapa.ledger.rules import Derivation

CHANGES = {"mean_score": "change_2019_2020_mean", "satisfaction_pct": "change_2019_2020_satisfaction_pp"}
TABLES = {
    "agency_history_printed": ("agency_history", "avg_4yr"),
    "local_history_printed": ("local_ranking_history", "avg_5yr"),
}


def derive(pages: Book, printed: str) -> Iterator[tuple[Figure, Derivation]]:
    """Change 2019-2020 and the mean over the printed years, of every row that prints them.

    Parameters
    ----------
    printed
        Data file of the change and mean columns.
    """
    for row, statistic, derivation in _determined(pages, printed):
        if statistic in pages[printed][row]:
            yield pages[printed][row][statistic], derivation


def left_out() -> pd.DataFrame:
    """Changes and means over the years left blank although the report prints what they follow from.

    Returns
    -------
    One row a blank: ``table``, ``row``, ``statistic``, ``computed``, ``allowed`` (what rounding of the inputs
    can move), ``rule``.

    Examples
    --------
    >>> left_out().set_index("row")["computed"].to_dict()["MIID"]
    -16.0
    """
    found = [
        (PLACES[printed], " ".join(row), statistic, float(d.value), float(d.slack), d.rule)
        for printed in TABLES
        for row, statistic, d in _determined(book(), printed)
        if statistic not in book()[printed][row] and d.value is not None
    ]
    return pd.DataFrame(found, columns=["table", "row", "statistic", "computed", "allowed", "rule"])


def _determined(pages: Book, printed: str) -> Iterator[tuple[Row, str, Derivation]]:
    """Changes and means that the figures by year determine; one year has no mean of its own."""
    years, average = TABLES[printed]
    for row in pages[printed]:
        by_year = {key[1]: cells for key, cells in pages[years].items() if key[:1] == row}
        for statistic, change in CHANGES.items():
            if "2019" in by_year:
                new, old = by_year["2020"][statistic], by_year["2019"][statistic]
                terms = [(Fraction(1), new), (Fraction(-1), old)]
                yield row, change, rules.linear("2020 less 2019", terms)
            if len(by_year) > 1:
                children = [cells[statistic] for cells in by_year.values()]
                own = f"{average}_{statistic.replace('mean_score', 'mean')}"
                yield row, own, rules.mean(f"mean of {len(children)} years", children)
