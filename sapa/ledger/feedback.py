"""Whether the providers' zones keep the feedback items, told from the criteria.

The methodology (list 3.2) gives complaints to every provider. The items of a zone are printed for one service
only; elsewhere its criteria stand for them, each weighing as many items as the zone has in it.
"""

from collections import Counter
from fractions import Fraction
from functools import cache
from math import sqrt

import pandas as pd

from sapa.ledger.examples import EXAMPLES, zone_items
from sapa.ledger.figures import Figure, book
from sapa.ledger.owners import PROVIDERS, own_rows

FEEDBACK = "feedback"
ZONES = {
    "state_body": {"office": "state_body", "online": "state_body"},
    "corporation": {"office": "provider_office"},
    "portal": {"online": "portal"},
}


def feedback_in_zones() -> pd.DataFrame:
    """Distance of the printed provider rows from their criteria, with feedback and without.

    Returns
    -------
    Indexed by zone: ``services`` that print a row of the zone, ``with_feedback`` and ``without_feedback``,
    root mean square distance in points of the scale 1 to 5. The smaller one tells what the report did.

    Examples
    --------
    >>> rows = feedback_in_zones()
    >>> (rows["with_feedback"] < rows["without_feedback"]).to_dict()
    {'state_body': False, 'corporation': True, 'portal': True}
    """
    found = {}
    for zone in ZONES:
        rows = {service: row for (service, z), row in own_rows().items() if z == zone}
        found[zone] = {"services": float(len(rows))} | {
            name: sqrt(sum(_distance(row, zone, kept) ** 2 for row in rows.values()) / len(rows))
            for name, kept in (("with_feedback", True), ("without_feedback", False))
        }
    return pd.DataFrame.from_dict(found, orient="index").astype({"services": int})


def by_criteria(service: str, zone: str, *, feedback: bool, statistic: str = "mean_score") -> float:
    """Zone of a service as its criteria tell it: mean over its channels of the criteria, weighted by items.

    Raises
    ------
    ValueError
        When the service prints no criterion of the zone.
    """
    channels = []
    for channel, criteria in _criteria()[service].items():
        list_of = "online" if channel == "online" else "office"
        if list_of in ZONES[zone]:
            weights = Counter(zone_items(EXAMPLES[list_of], ZONES[zone][list_of]))
            kept = {c: weights[c] for c in criteria if weights[c] and (feedback or c != FEEDBACK)}
            total = sum(w * criteria[c][statistic].value for c, w in kept.items())
            channels.append(total / sum(kept.values()) if kept else None)
    known = [value for value in channels if value is not None]
    if not known:
        raise ValueError(
            f"service must print criteria of the zone {zone!r}, got {service!r}; ask for another"
        )
    return float(sum(known, Fraction(0)) / len(known))


@cache
def _criteria() -> dict[str, dict[str, dict[str, dict[str, Figure]]]]:
    """Rated criteria: service -> channel -> criterion -> statistic -> figure."""
    found: dict[str, dict[str, dict[str, dict[str, Figure]]]] = {}
    for (service, channel, criterion), cells in book()["criteria"].items():
        if cells and cells["mean_score"].value != 0:
            found.setdefault(service, {}).setdefault(channel, {})[criterion] = cells
    return found


def _distance(row: tuple[str, ...], zone: str, feedback: bool) -> float:
    """Criteria less the printed row, in points."""
    return by_criteria(row[0], zone, feedback=feedback) - float(book()[PROVIDERS][row]["mean_score"].value)
