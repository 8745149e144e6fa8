"""Responsibility zones of the providers: Tables 2, 3, 7, 13, 14, 15 and each section's provider table."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache

from sapa.ledger import rules
from sapa.ledger.figures import Book, Figure, Row
from sapa.ledger.rules import Derivation
from sapa.ledger.services import EXAMPLES, PAIR
from sapa.published import printed

PROVIDERS = "provider_by_service"


def derive(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Derivation of every figure of a provider's zone that other figures determine."""
    for name in EXAMPLES.values():
        yield from _example(pages, name)
    yield from _provider_tables(pages)
    yield from _place_tables(pages)
    yield from _totals(pages)
    yield from _bodies(pages)


@cache
def own_rows() -> dict[tuple[str, str], Row]:
    """First row of each service and zone in the provider tables: the body itself, before bodies under it."""
    found: dict[tuple[str, str], Row] = {}
    text = printed(PROVIDERS)
    for service, provider, zone in zip(
        text["service_id"], text["provider_kk"], text["provider_class"], strict=True
    ):
        found.setdefault((service, zone), (service, provider))
    return found


@cache
def services_of() -> dict[str, list[str]]:
    """Surveyed services of each agency, by Table 1."""
    text = printed("services")
    surveyed = text[text["n_table1"] != ""]
    return {agency: list(rows) for agency, rows in surveyed.groupby("agency_id")["service_id"]}


def state_bodies(pages: Book, services: Iterable[str], statistic: str) -> list[Figure]:
    """The state body's own figure in each service's provider table, where there is one."""
    rows = (own_rows().get((service, "state_body")) for service in services)
    return [pages[PROVIDERS][row][statistic] for row in rows if row is not None]


def _items(name: str) -> dict[Row, tuple[str, str]]:
    """Criterion and zone of every row of Table 2 or 3."""
    text = printed(name)
    keys = zip(text["item_no"], text["sub_criterion_en"], strict=True)
    return dict(zip(keys, zip(text["criterion"], text["zone"], strict=True), strict=True))


def _example(pages: Book, name: str) -> Iterator[tuple[Figure, Derivation]]:
    """Tables 2 and 3: criterion = mean of its rated items; zone = mean of its and the shared items."""
    rows, items = pages[name], _items(name)
    rated = {row: cells for row, cells in rows.items() if row[0] != "total" and len(row) == 2}
    criteria = {c for row, (c, _) in items.items() if row in rated}
    for statistic, own in zip(PAIR, ("criterion_mean", "criterion_satisfaction"), strict=True):
        for (criterion,), cells in ((r, c) for r, c in rows.items() if len(r) == 1):
            children = [c[statistic] for row, c in rated.items() if items[row][0] == criterion]
            note = "" if children else "no item of the criterion is printed"
            yield cells[own], rules.mean("mean of the criterion's items", children, note=note)
        for row, cells in rows.items():
            if row[0] != "total" or statistic not in cells:
                continue
            zone = items[row][1]
            if zone == "all":
                children = [c[own] for key, c in rows.items() if len(key) == 1 and key[0] in criteria]
                yield cells[statistic], rules.mean("mean of the criteria that have a rated item", children)
            else:
                children = [c[statistic] for key, c in rated.items() if items[key][1] in (zone, "common")]
                yield (
                    cells[statistic],
                    rules.mean("mean of the zone's items, shared items included", children),
                )


def _provider_tables(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Provider tables of the sections: zones of items, printed for s49 only."""
    rule = "mean of the zone's items"
    totals = {
        zone: (name, row)
        for name in EXAMPLES.values()
        for row, (_, zone) in _items(name).items()
        if row[0] == "total"
    }
    sources = {"corporation": totals["provider_office"], "portal": totals["portal"]}
    text = printed(PROVIDERS)
    for service, provider, zone in zip(
        text["service_id"], text["provider_kk"], text["provider_class"], strict=True
    ):
        for statistic in PAIR:
            target = pages[PROVIDERS][service, provider][statistic]
            if service != "s49":
                yield target, rules.unprinted(rule, note="items are printed for s49 only")
            elif zone in sources:
                name, row = sources[zone]
                yield target, rules.copy("zone in Tables 2-3", target, pages[name][row][statistic])
            else:
                yield target, _state_body(pages, statistic)


def _state_body(pages: Book, statistic: str) -> Derivation:
    """State body of s49: mean over the two channels of the zone's items."""

    def over_channels(dropped: str) -> list[tuple[Fraction, Figure]]:
        terms: list[tuple[Fraction, Figure]] = []
        for name in EXAMPLES.values():
            items = _items(name)
            children = [
                cells[statistic]
                for row, cells in pages[name].items()
                if len(row) == 2 and items[row][1] in ("state_body", "common") and items[row][0] != dropped
                if row[0] != "total" and statistic in cells
            ]
            terms += [(Fraction(1, len(EXAMPLES) * len(children)), item) for item in children]
        return terms

    without = rules.linear("", over_channels("feedback")).value
    note = "" if without is None else f"without the feedback items {float(without):.2f}"
    rule = "mean over its channels of the zone's items, shared items included"
    return rules.linear(rule, over_channels(""), note=note)


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
    """Table 7's local and central bodies: the nearest rule with a reason, and what the others would give."""
    local = services_of()["LEA"]
    central = [service for agency, own in services_of().items() if agency != "LEA" for service in own]
    for statistic in PAIR:

        def of(name: str, column: str = statistic) -> list[Figure]:
            return [cells[column] for row, cells in pages[name].items() if row != ("total",)]

        def ranked(services: list[str], column: str = statistic) -> list[Figure]:
            return [pages["service_ranking_2020"][service,][column] for service in services]

        bodies = state_bodies(pages, local, statistic)
        others = {
            "Table 12": of("region_ranking_2020"),
            "Appendix B": of("appendix_b"),
            "Table 8": ranked(local),
        }
        rule = f"mean of the state-body rows of {len(bodies)} local services"
        yield pages["providers"]["local_bodies",][statistic], rules.mean(rule, bodies, note=_rivals(others))
        agencies = of("agency_ranking_2020")
        others = {
            "their state-body rows": state_bodies(pages, central, statistic),
            "Appendix A": of("appendix_a"),
            "Table 8": ranked(central),
        }
        rule = f"mean of the {len(agencies)} bodies of Table 9"
        yield (
            pages["providers"]["central_bodies",][statistic],
            rules.mean(rule, agencies, note=_rivals(others)),
        )


def _rivals(others: dict[str, list[Figure]]) -> str:
    """What other means would have given."""
    values = {name: rules.mean("", children).value for name, children in others.items()}
    said = [f"{name} {float(value):.2f}" for name, value in values.items() if value is not None]
    return "no mean fits: " + ", ".join(said)
