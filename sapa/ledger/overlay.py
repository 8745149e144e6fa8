"""The book with the listed corrections put in, for the figures that follow only with them."""

from collections.abc import Iterator
from dataclasses import replace

from sapa.ledger.figures import Book, Figure, Row, book, figure
from sapa.published import Correction, corrections, printed


def corrected() -> Book:
    """Copy of :func:`sapa.ledger.figures.book` with every listed correction applied.

    A proposal replaces the printed figure. Without a proposal the figure is unknown, except for a printed
    0.00, which stands for "no ratings" and which the scoring rule drops by itself. A figure printed in the
    row of another criterion moves to the row that is missing in print.
    """
    pages: Book = {name: {row: dict(c) for row, c in rows.items()} for name, rows in book().items()}
    for item, proposed in zip(corrections(), printed("criteria_corrections")["proposed"], strict=True):
        for new in _changes(item, proposed):
            pages[new.table].setdefault(new.row, {})[new.statistic] = new
    return pages


def _changes(item: Correction, proposed: str) -> Iterator[Figure]:
    """Figures that a correction puts into the book."""
    table, row, statistic = _target(item)
    old = book()[table].get(row, {}).get(statistic)
    if old is not None and item.moved_to:
        place = (*row[:2], item.moved_to)
        label = f"{'/'.join(place)}/{statistic}: {old.text}, printed in the row of {item.criterion}"
        yield replace(old, row=place, correction=label)
    if proposed:
        yield figure(table, row, statistic, proposed, correction=item.label)
    elif old is not None and old.value != 0:
        yield replace(old, correction=item.label, known=False)


def _target(item: Correction) -> tuple[str, Row, str]:
    """Place in the book of the figure that a correction names."""
    if item.criterion == "headline":
        return "criteria_totals", (item.service,), f"headline_{item.field.partition('_')[0]}"
    if item.criterion == "ALL":
        return "criteria_totals", (item.service, item.channel), item.field
    return "criteria", (item.service, item.channel, item.criterion), item.field
