"""Respondents: Tables 1 and 6, section 1.2's prose and what each service's section says of its own."""

from collections.abc import Iterator
from fractions import Fraction

from sapa.ledger import rules
from sapa.ledger.figures import PAIR, Book, Figure
from sapa.ledger.rules import Derivation
from sapa.published import printed

AGES = ("18_21", "22_29", "30_39", "40_49", "50_59", "60_plus")
CLOSED = (
    ("male_pct", "female_pct"),
    tuple(f"age_{age}_pct" for age in AGES),
    ("online_share_pct", "office_share_pct"),
    ("individuals_pct", "legal_entities_pct", "sole_proprietors_pct"),
    ("kazakh_language_pct", "russian_language_pct"),
)
BY_SECTION = "mean of the sections' shares, weighted by their respondents"
LEFT_OVER = {
    ("legal_form", "sole proprietors"): (("legal_form", "individuals"), ("legal_form", "legal entities")),
    ("internet_at_home", "no"): (("internet_at_home", "yes"),),
    ("internet_quality", "below average or low"): tuple(
        ("internet_quality", level) for level in ("average", "above average", "high")
    ),
    ("device", "full technical access"): tuple(
        ("device", level)
        for level in ("mobile phone (partial access)", "no device at home", "do not know or do not use")
    ),
    ("channel", "employee at provider office"): (("channel", "online on own"),),
}


def derive(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Derivation of every figure about respondents that other figures determine."""
    yield from _years(pages)
    yield from _country(pages)
    for row, cells in pages["service_sections"].items():
        yield from _section(cells, pages["services"][row]["n_table1"])


def _years(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Table 6, row of 2020: the sample is the sum of Table 1, the scores are Table 8's total."""
    cells = pages["yearly"]["2020",]
    counts = [(Fraction(1), c["n_table1"]) for c in pages["services"].values()]
    yield cells["sample_size"], rules.linear("sum of Table 1", counts)
    yield cells["n_services"], Derivation("services listed in Table 1", Fraction(len(printed("services"))))
    for statistic in PAIR:
        source = pages["service_ranking_2020"]["total",][statistic]
        yield cells[statistic], rules.copy("total of Table 8", cells[statistic], source)


def _country(pages: Book) -> Iterator[tuple[Figure, Derivation]]:
    """Section 1.2: sex from the sections, language from Table 5, and what is left of 100 percent."""
    said, sections = pages["demographics"], list(pages["service_sections"].values())
    sizes = [cells["n_section"] for cells in sections]
    for sex, other in (("female", "male"), ("male", "female")):
        target = said["sex", sex]["pct"]
        shares = [cells[f"{sex}_pct"] for cells in sections]
        note = _exchanges(target, shares, [cells[f"{other}_pct"] for cells in sections], sizes)
        yield target, rules.weighted(BY_SECTION, shares, sizes, note=note)
    regions = list(pages["regions"].values())
    sizes = [cells["n_respondents"] for cells in regions]
    for language in ("Kazakh", "Russian"):
        rule = "mean of Table 5, weighted by Table 4"
        shares = [cells[f"{language.lower()}_language_pct"] for cells in regions]
        yield said["language", language]["pct"], rules.weighted(rule, shares, sizes)
    for row, others in LEFT_OVER.items():
        rule = "what the other answers leave of 100"
        yield said[row]["pct"], rules.complement(rule, [said[other]["pct"] for other in others])
    parts = [
        (Fraction(1), said["corporation", way]["pct"]) for way in ("via manager", "via self-service zone")
    ]
    yield (
        said["corporation", "applied to State Corporation"]["pct"],
        rules.linear("sum of its two ways", parts),
    )


def _exchanges(target: Figure, shares: list[Figure], others: list[Figure], sizes: list[Figure]) -> str:
    """Sections whose two shares, exchanged, would make the whole follow: a misprint in one section."""
    found = []
    for k, item in enumerate(shares):
        exchanged = rules.weighted(BY_SECTION, [*shares[:k], others[k], *shares[k + 1 :]], sizes)
        if exchanged.holds(target):
            found.append(f"{item.row[0]} ({float(exchanged.value or 0):.2f})")
    return f"follows if the shares of men and women are exchanged in {' or '.join(found)}" if found else ""


def _section(cells: dict[str, Figure], by_table1: Figure) -> Iterator[tuple[Figure, Derivation]]:
    """One section: respondents as in Table 1, complete sets of shares, shares that a count can give."""
    size = cells["n_section"]
    yield size, rules.copy("Table 1", size, by_table1)
    last = {members[-1]: members[:-1] for members in CLOSED if all(m in cells for m in members)}
    for statistic, item in cells.items():
        if not statistic.endswith("_pct"):
            continue
        unattained = rules.whole_number(item, size)
        if unattained is not None:
            yield item, unattained
        elif statistic in last:
            yield (
                item,
                rules.complement("what the other answers leave of 100", [cells[m] for m in last[statistic]]),
            )
