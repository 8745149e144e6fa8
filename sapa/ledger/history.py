"""Changes from year to year and means over the years, in Tables 10 and 11."""

from collections.abc import Iterator
from fractions import Fraction

from sapa.ledger import rules
from sapa.ledger.figures import Book, Figure
from sapa.ledger.rules import Derivation

CHANGES = {"mean_score": "change_2019_2020_mean", "satisfaction_pct": "change_2019_2020_satisfaction_pp"}
ONE = Fraction(1)


def derive(pages: Book, years: str, printed: str, average: str) -> Iterator[tuple[Figure, Derivation]]:
    """Change 2019-2020 and the mean over the printed years, of every row that prints them.

    Parameters
    ----------
    years, printed
        Data file of the figures by year; data file of the change and mean columns.
    average
        How the mean columns' names begin.
    """
    for row, cells in pages[printed].items():
        by_year = {key[1]: c for key, c in pages[years].items() if key[:1] == row}
        for statistic, change in CHANGES.items():
            if change in cells:
                terms = [(ONE, by_year["2020"][statistic]), (-ONE, by_year["2019"][statistic])]
                yield cells[change], rules.linear("2020 less 2019", terms)
            own = f"{average}_{statistic.replace('mean_score', 'mean')}"
            if own in cells:
                children = [c[statistic] for c in by_year.values()]
                yield cells[own], rules.mean(f"mean of {len(children)} years", children)
