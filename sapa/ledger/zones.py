"""Responsibility zones of the providers: each section's provider table, Tables 7, 13, 14 and 15."""

from collections.abc import Iterator

from sapa.ledger import examples, rules
from sapa.ledger.feedback import by_criteria
from sapa.ledger.figures import PAIR, Book, Figure
from sapa.ledger.owners import LOCAL, PROVIDERS, own_rows, services_of, with_state_body
from sapa.ledger.rules import Derivation
from sapa.published import printed


def derive(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Derivation of every figure of a provider's zone that other figures determine."""
    yield from _provider_tables(pages)
    yield from _place_tables(pages)
    yield from _totals(pages)
    yield from _bodies(pages)


def state_bodies(pages: Book, services: list[str], statistic: str) -> list[Figure]:
    """The state body's own figure in each service's provider table, where there is one."""
    rows = (own_rows()[service, "state_body"] for service in with_state_body(services))
    return [pages[PROVIDERS][row][statistic] for row in rows]


def _provider_tables(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Provider tables of the sections: zones of items, which are printed for one service only."""
    text = printed(PROVIDERS)
    columns = (text[name] for name in ("service_id", "provider_kk", "provider_class"))
    for service, provider, zone in zip(*columns, strict=True):
        for statistic in PAIR:
            target = pages[PROVIDERS][service, provider][statistic]
            if service == examples.SERVICE:
                yield target, examples.provider_row(pages, target, zone)
            else:
                note = f"items are printed for {examples.SERVICE} only"
                yield target, rules.unprinted("mean of the zone's items", note=note)


def _place_tables(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Tables 14 and 15: each row is its section's, the order is by mean."""
    for name, zone in (("corporation_services", "corporation"), ("portal_services", "portal")):
        ranked = {row: cells for row, cells in pages[name].items() if row[-1] != "total"}
        for row, cells in ranked.items():
            source = pages[PROVIDERS][own_rows()[row[-1], zone]]
            for statistic in PAIR:
                yield (
                    cells[statistic],
                    rules.copy("provider table of its section", cells[statistic], source[statistic]),
                )
            peers = [c["mean_score"] for key, c in ranked.items() if key[:-1] == row[:-1]]
            yield cells["rank"], rules.position("order by mean", cells["mean_score"], peers)


def _totals(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Totals of Tables 14 and 15, and Tables 13 and 7, which print them again."""
    places, portals = pages["corporation_services"], pages["portal_services"]
    windows = ("self_service", "manager")
    for statistic in PAIR:
        for window in windows:
            children = [c[statistic] for row, c in places.items() if row[0] == window and row[1] != "total"]
            yield (
                places[window, "total"][statistic],
                rules.mean(f"mean of its {len(children)} services", children),
            )
            yield from _repeated(pages, f"corporation_{window}", places[window, "total"][statistic])
        both = [places[window, "total"][statistic] for window in windows]
        yield places["all", "total"][statistic], rules.mean("mean of the two ways of service", both)
        yield from _repeated(pages, "corporation_total", places["all", "total"][statistic])
        children = [c[statistic] for row, c in portals.items() if row != ("total",)]
        yield portals["total",][statistic], rules.mean(f"mean of its {len(children)} services", children)
        yield from _repeated(pages, "portals_total", portals["total",][statistic])
        yield from _repeated(pages, "overall", pages["service_ranking_2020"]["total",][statistic])


def _repeated(pages: Book, place: str, source: Figure) -> Iterator[tuple[Figure, Derivation]]:
    """Tables 13 and 7, rows that print a total of Table 8, 14 or 15 again."""
    for name in ("corporation_13", "providers"):
        if (place,) in pages[name]:
            target = pages[name][place,][source.statistic]
            yield target, rules.copy(f"total of {source.place}", target, source)


def _bodies(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Table 7's local and central bodies, held against the figures of the same bodies elsewhere."""
    local = services_of()[LOCAL]
    central = [service for agency, own in services_of().items() if agency != LOCAL for service in own]
    for statistic in PAIR:
        rows = state_bodies(pages, local, statistic)
        rule = f"mean of the state-body rows of {len(rows)} local services"
        target = pages["providers"]["local_bodies",][statistic]
        yield target, rules.mean(rule, rows, note=_by_criteria(local, statistic))
        rows = [cells[statistic] for cells in pages["agency_ranking_2020"].values()]
        target = pages["providers"]["central_bodies",][statistic]
        rule = f"mean of the {len(rows)} bodies of Table 9"
        yield target, rules.mean(rule, rows, note=_by_criteria(central, statistic))


def _by_criteria(services: list[str], statistic: str) -> str:
    """What the criteria of the state body's zone give, since its items are not printed."""
    own = with_state_body(services)
    kept, dropped = (
        sum(by_criteria(s, "state_body", feedback=feedback, statistic=statistic) for s in own) / len(own)
        for feedback in (True, False)
    )
    return f"by the zone's criteria {kept:.2f} with feedback, {dropped:.2f} without"
