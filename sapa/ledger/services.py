"""Criteria -> channel -> service -> Table 8, and the call centres of the sections."""

from collections.abc import Iterator

from sapa.ledger import rules
from sapa.ledger.figures import PAIR, Book, Figure
from sapa.ledger.rules import Derivation

RANKING = "service_ranking_2020"


def derive(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Derivation of every figure of a service that other figures determine."""
    yield from _channels(pages)
    yield from _services(pages)
    yield from _ranking(pages)
    yield from _call_centres(pages)


def _channels(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Channel = mean of its criteria; a printed mean of 0.00 stands for no ratings."""
    for row, cells in pages["criteria_totals"].items():
        criteria = [c for key, c in pages["criteria"].items() if key[:2] == row and c]
        rated = [c for c in criteria if c["mean_score"].value != 0]
        dropped = "a printed 0.00 is dropped, nobody rated it" if len(rated) < len(criteria) else ""
        for statistic in PAIR if len(row) == 2 else ():
            if statistic in cells and rated:
                children = [c[statistic] for c in rated if statistic in c]
                yield cells[statistic], rules.mean("mean of the channel's criteria", children, note=dropped)


def _services(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Service = mean of its channels, in its own table and in Table 8, which its heading repeats."""
    totals = pages["criteria_totals"]
    for row, ranked in pages[RANKING].items():
        if row == ("total",):
            continue
        channels = [c for key, c in totals.items() if len(key) == 2 and key[:1] == row]
        cells = totals[row]
        for statistic, word in zip(PAIR, ("mean", "satisfaction"), strict=True):
            children = [c[statistic] for c in channels if statistic in c]
            service = rules.mean("mean of the service's channels", children)
            yield ranked[statistic], service
            if f"overall_{word}_printed" in cells:
                yield cells[f"overall_{word}_printed"], service
            heading = cells[f"headline_{word}"]
            yield heading, rules.copy("Table 8", heading, ranked[statistic])
        yield cells["headline_rank"], rules.copy("rank in Table 8", cells["headline_rank"], ranked["rank"])


def _ranking(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Table 8: the order is by mean, the total is the mean of the services."""
    rows = [cells for row, cells in pages[RANKING].items() if row != ("total",)]
    means = [cells["mean_score"] for cells in rows]
    for cells in rows:
        yield cells["rank"], rules.position("order by mean", cells["mean_score"], means)
    for statistic in PAIR:
        total = pages[RANKING]["total",][statistic]
        yield total, rules.mean(f"mean of the {len(rows)} services", [cells[statistic] for cells in rows])


def _call_centres(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Call centre = mean of its parameters."""
    rows = pages["callcentre"]
    for row, cells in rows.items():
        parameters = [c for key, c in rows.items() if len(key) == 3 and key[:2] == row]
        for statistic, own in zip(PAIR, ("centre_mean_printed", "centre_satisfaction_printed"), strict=True):
            if own in cells:
                yield (
                    cells[own],
                    rules.mean("mean of the call centre's parameters", [c[statistic] for c in parameters]),
                )
