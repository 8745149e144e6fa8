"""Tables 2 and 3, which print one service item by item, and what follows from them elsewhere."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache

from sapa.ledger import rules
from sapa.ledger.figures import PAIR, Book, Figure, Row
from sapa.ledger.rules import Derivation
from sapa.published import printed

SERVICE = "s49"
EXAMPLES = {"office": "scoring_example_office", "online": "scoring_example_portal"}
OF_CRITERION = {"mean_score": "criterion_mean", "satisfaction_pct": "criterion_satisfaction"}
ZONE = "mean of the zone's items, shared items included"


def derive(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Derivation of every figure that the items of Tables 2 and 3 determine."""
    for channel, name in EXAMPLES.items():
        yield from _criteria(pages, name)
        yield from _totals(pages, name)
        for (criterion,), cells in ((row, c) for row, c in pages[name].items() if len(row) == 1):
            copied = pages["criteria"].get((SERVICE, channel, criterion), {})
            for statistic, own in OF_CRITERION.items():
                if statistic in copied:
                    rule = "criterion of Tables 2-3, where this service is the example"
                    yield copied[statistic], rules.copy(rule, copied[statistic], cells[own])


def provider_row(pages: Book, target: Figure, zone: str) -> Derivation:
    """Row of the example's own provider table, by its class: corporation, portal or state body."""
    for channel, of_table in (("office", "corporation"), ("online", "portal")):
        if zone == of_table:
            name = EXAMPLES[channel]
            row = next(
                r for r, (_, z) in _items(name).items() if r[0] == "total" and z not in ("all", "state_body")
            )
            return rules.copy("zone in Tables 2-3", target, pages[name][row][target.statistic])
    without = rules.linear("", _state_body(pages, target.statistic, dropped="feedback")).value or Fraction(0)
    note = f"without the feedback items {float(without):.2f}"
    rule = f"mean over its channels of the {ZONE.removeprefix('mean of the ')}"
    return rules.linear(rule, _state_body(pages, target.statistic), note=note)


def zone_items(name: str, zone: str) -> list[str]:
    """Criterion of every item that a zone answers for, shared items included, in Table 2 or 3."""
    return [c for row, (c, z) in _items(name).items() if row[0] != "total" and z in (zone, "common")]


@cache
def _items(name: str) -> dict[Row, tuple[str, str]]:
    """Criterion and zone of every row of Table 2 or 3."""
    text = printed(name)
    columns = (text[c] for c in ("item_no", "sub_criterion_en", "criterion", "zone"))
    return {(number, item): (criterion, zone) for number, item, criterion, zone in zip(*columns, strict=True)}


def _rated(pages: Book, name: str, statistic: str) -> dict[Row, Figure]:
    """Figures of the items that have a rating."""
    rows = pages[name].items()
    return {r: c[statistic] for r, c in rows if len(r) == 2 and r[0] != "total" and statistic in c}


def _criteria(pages: Book, name: str) -> Iterator[tuple[Figure, Derivation]]:
    """Criterion = mean of its rated items."""
    for statistic, own in OF_CRITERION.items():
        rated = _rated(pages, name, statistic)
        for (criterion,), cells in ((row, c) for row, c in pages[name].items() if len(row) == 1):
            children = [item for row, item in rated.items() if _items(name)[row][0] == criterion]
            note = "" if children else "no item of the criterion is printed"
            yield cells[own], rules.mean("mean of the criterion's items", children, note=note)


def _totals(pages: Book, name: str) -> Iterator[tuple[Figure, Derivation]]:
    """Zone = mean of its items and of the shared ones; all = mean of the criteria that have a rated item."""
    for row, cells in pages[name].items():
        for statistic in PAIR if row[0] == "total" else ():
            rated, zone = _rated(pages, name, statistic), _items(name)[row][1]
            if statistic in cells and zone == "all":
                criteria = dict.fromkeys(_items(name)[item][0] for item in rated)
                children = [pages[name][c,][OF_CRITERION[statistic]] for c in criteria]
                yield cells[statistic], rules.mean("mean of the criteria that have a rated item", children)
            elif statistic in cells:
                children = [item for key, item in rated.items() if _items(name)[key][1] in (zone, "common")]
                yield cells[statistic], rules.mean(ZONE, children)


def _state_body(pages: Book, statistic: str, *, dropped: str = "") -> list[tuple[Fraction, Figure]]:
    """Terms of the state body's zone, each channel's items weighing alike."""
    terms: list[tuple[Fraction, Figure]] = []
    for name in EXAMPLES.values():
        children = []
        for row, item in _rated(pages, name, statistic).items():
            criterion, zone = _items(name)[row]
            if zone in ("state_body", "common") and criterion != dropped:
                children.append(item)
        terms += [(Fraction(1, len(EXAMPLES) * len(children)), item) for item in children]
    return terms
