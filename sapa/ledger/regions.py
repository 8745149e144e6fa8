"""Regions: Tables 4, 5, 11 and 12, Appendix B, and the ambulance service by region."""

from collections.abc import Iterator
from fractions import Fraction

from sapa.ledger import history, rules
from sapa.ledger.figures import PAIR, Book, Figure
from sapa.ledger.rules import Derivation
from sapa.published import printed

AMBULANCE = "ambulance_by_region"
RATED = ("call_speed", "dispatcher_politeness", "crew_competence", "crew_speed", "crew_politeness")
ABROAD = "OTH"


def derive(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Derivation of every figure of a region that other figures determine."""
    yield from _sample(pages)
    yield from _ambulance(pages)
    yield from _ranking(pages)
    yield from _local_bodies(pages)
    means = [cells["mean_score"] for cells in pages["appendix_b"].values()]
    for cells in pages["appendix_b"].values():
        for statistic in PAIR:
            note = "zones of the providers are not printed by region"
            yield (
                cells[statistic],
                rules.unprinted("mean over every provider's zone in the region", note=note),
            )
        yield cells["rank"], rules.position("order by mean", cells["mean_score"], means)


def _sample(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Table 4: shares of the sample of Table 6, sizes that the report says follow population; Table 5."""
    rows, total = pages["regions"], pages["yearly"]["2020",]["sample_size"]
    sizes = {region: cells["n_respondents"] for (region,), cells in rows.items()}
    at_home = total.value - sizes[ABROAD].value
    people = {r: int(n) for r, n in printed("population_2020").set_index("region_id")["population"].items()}
    for (region,), cells in rows.items():
        yield cells["share_pct"], rules.share("share of the sample", sizes[region], total)
        if region == ABROAD:
            terms = [(Fraction(1), total), *((Fraction(-1), n) for r, n in sizes.items() if r != ABROAD)]
            yield sizes[region], rules.linear("sample of Table 6 less the 17 regions", terms)
        else:
            planned = at_home * people[region] / sum(people.values())
            note = f"the population of 1 January 2020, not in the report, gives {float(planned):.0f}"
            yield sizes[region], rules.unprinted("X = N P / 100, P the region's population share", note=note)
        kazakh = cells["kazakh_language_pct"]
        unattained = rules.whole_number(kazakh, sizes[region])
        if unattained is not None:
            yield kazakh, unattained
        yield cells["russian_language_pct"], rules.complement("what the other language leaves", [kazakh])


def _ambulance(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Section 2.62: region = mean of the five criteria, in order; waiting times add up."""
    means = [cells["region_mean"] for cells in pages[AMBULANCE].values()]
    for cells in pages[AMBULANCE].values():
        yield cells["region_mean"], rules.mean("mean of the five criteria", [cells[c] for c in RATED])
        yield cells["rank"], rules.position("order by mean", cells["region_mean"], means)
    waiting = pages["ambulance_waiting"]
    total = waiting["total",]["n"]
    counts = [(Fraction(1), cells["n"]) for row, cells in waiting.items() if row != ("total",)]
    yield total, rules.linear("sum of the answers", counts)
    for cells in waiting.values():
        yield cells["pct"], rules.share("share of the answers", cells["n"], total)


def _ranking(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Table 12: mean over the local services' regional tables, the ambulance's among them."""
    rows = pages["region_ranking_2020"]
    rule = "mean over the local services' regional tables"
    means = [cells["mean_score"] for cells in rows.values()]
    for row, cells in rows.items():
        local = [c for key, c in pages["local_service_by_region"].items() if key[1:] == row]
        ambulance = pages[AMBULANCE].get(row)
        children = [c["mean_score"] for c in local] + ([ambulance["region_mean"]] if ambulance else [])
        yield cells["mean_score"], rules.mean(rule, children, note=f"{len(children)} services")
        children = [c["satisfaction_pct"] for c in local]
        if ambulance:
            implied = (len(local) + 1) * cells["satisfaction_pct"].value - sum(c.value for c in children)
            note = f"the ambulance's is not printed by region; {float(implied):.1f} would be needed"
            yield cells["satisfaction_pct"], rules.unprinted(rule, note=note)
        else:
            yield cells["satisfaction_pct"], rules.mean(rule, children, note=f"{len(children)} services")
        yield cells["rank"], rules.position("order by mean", cells["mean_score"], means)


def _local_bodies(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Table 11: zones of the local bodies, changes, means over the years and order."""
    for row, cells in pages["local_ranking_history"].items():
        for statistic in PAIR if row[1] == "2020" else ():
            note = "zones of the local bodies are not printed by region"
            yield (
                cells[statistic],
                rules.unprinted("mean of the local bodies' zone over their services", note=note),
            )
    yield from history.derive(pages, "local_history_printed")
    latest = {
        row[:1]: c["mean_score"] for row, c in pages["local_ranking_history"].items() if row[1] == "2020"
    }
    for row, cells in pages["local_history_printed"].items():
        yield cells["rank"], rules.position("order by mean of 2020", latest[row], list(latest.values()))
