"""Central bodies: Table 9, Table 10 and Appendix A."""

from collections.abc import Iterator

from sapa.ledger import history, rules
from sapa.ledger.figures import PAIR, Book, Figure
from sapa.ledger.owners import services_of
from sapa.ledger.rules import Derivation
from sapa.ledger.services import RANKING
from sapa.ledger.zones import state_bodies

ABROAD = "MFA"


def derive(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Derivation of every figure of a central body that other figures determine."""
    for name in ("agency_ranking_2020", "appendix_a"):
        rows = pages[name]
        means = [cells["mean_score"] for cells in rows.values()]
        for (agency,), cells in rows.items():
            for statistic in PAIR:
                children = [pages[RANKING][service,][statistic] for service in services_of()[agency]]
                rule = "mean of the agency's services in Table 8"
                if name == "agency_ranking_2020" and agency != ABROAD:
                    children = state_bodies(pages, services_of()[agency], statistic)
                    rule = "mean of the agency's own rows in its services' provider tables"
                yield cells[statistic], rules.mean(rule, children)
            yield cells["rank"], rules.position("order by mean", cells["mean_score"], means)
    yield from history.derive(pages, "agency_history_printed")
    for row, cells in pages["agency_history"].items():
        if row[1] == "2020":
            for statistic in PAIR:
                source = pages["agency_ranking_2020"][row[:1]][statistic]
                yield cells[statistic], rules.copy("Table 9", cells[statistic], source)
    for row, cells in pages["agency_history_printed"].items():
        source = pages["agency_ranking_2020"][row]["rank"]
        yield cells["row_number"], rules.copy("rank in Table 9", cells["row_number"], source)
