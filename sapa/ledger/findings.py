"""The findings that a reader least expects, in sentences whose numbers are computed."""

from collections.abc import Iterable
from functools import cache

import pandas as pd

from sapa.ledger.feedback import feedback_in_zones
from sapa.ledger.history import CHANGES, left_out
from sapa.published import table

COUNTRY = ("Table 6", "Table 7", "Section 1.2")
RANKINGS = (*(f"Table {k}" for k in range(9, 14)), "Appendix A", "Appendix B")
HALF_UNIT = 0.005
SERVICES = ("Table 8", "Channels and services")
WORDS = {
    "mean_score": "mean",
    "satisfaction_pct": "satisfaction",
    "headline_mean": "heading's mean",
    "headline_satisfaction": "heading's satisfaction",
    "n_section": "respondents",
    "pct": "share",
}


def surprises(frame: pd.DataFrame, *, most: int = 5) -> list[str]:
    """The most surprising findings of a ledger, the first the most so.

    Each finding weighs as many times as its difference exceeds what rounding allows (at least half a unit of
    the last printed digit), and a tenth of that for each step down from the country: rankings of agencies
    and regions, services and their channels, everything below. Findings are the contradicted figures, those
    of one row together; the changes 2019-2020 that the report leaves blank although it prints both years,
    which weigh as if it printed no change; and feedback left out of a zone whose peers keep it, which
    weighs by the distance that keeping it would open.

    Parameters
    ----------
    frame
        From :func:`sapa.ledger.ledger`.
    most
        How many sentences.

    Raises
    ------
    ValueError
        When ``most`` is below 1.

    Examples
    --------
    >>> from sapa.ledger import ledger
    >>> surprises(ledger(), most=1)[0][:70]
    'Table 7, Central state bodies: prints mean 4.58 and satisfaction 76.9,'
    """
    if most < 1:
        raise ValueError(f"most must be at least 1, got {most}; ask for one finding or more")
    found = [*_contradictions(frame), *_left_out(frame), *_feedback()]
    return [sentence for _, sentence in sorted(found, key=lambda pair: -pair[0])][:most]


def _steps_down(place: str) -> int:
    """Steps from the country down to a table's rows."""
    levels = (COUNTRY, RANKINGS, SERVICES)
    return next((step for step, places in enumerate(levels) if place in places), len(levels))


def _contradictions(frame: pd.DataFrame) -> Iterable[tuple[float, str]]:
    """Weight and sentence of every row with contradicted figures."""
    wrong = frame[frame["status"] == "contradicted"].copy()
    decimals = wrong["printed"].str.partition(".")[2].str.len()
    excess = wrong["difference"].abs() / wrong["allowed"].clip(lower=0.5 * 10.0**-decimals)
    wrong["weight"] = excess / 10.0 ** wrong["table"].map(_steps_down)
    wrong["subject"] = wrong["row"].str.split(" ").str[0]
    for (place, subject), group in wrong.groupby(["table", "subject"], sort=False):
        yield group["weight"].max(), _sentence(place, subject, group)


def _sentence(place: str, subject: str, group: pd.DataFrame) -> str:
    """One sentence for the contradicted figures of one row."""
    name = _names().get(subject, subject)
    several = group["row"].nunique() > 1
    rest = group["row"].iloc[0].removeprefix(subject).strip()
    if not several and rest.isascii():
        name = f"{name} {rest}".strip()
    said = _listed(
        f"{row.removeprefix(subject).strip() + ' ' if several else ''}{WORDS.get(s, s)} {text}"
        for row, s, text in zip(group["row"], group["statistic"], group["printed"], strict=True)
    )
    values = _listed(f"{value:.4g}" for value in group["computed"])
    parts = [f"prints {said}, but {_listed(dict.fromkeys(group['rule']))} gives {values}"]
    notes = [note for note in group["note"].iloc[:1] if note]
    return f"{place}, {name}: {'; '.join(parts + notes)}."


def _left_out(frame: pd.DataFrame) -> Iterable[tuple[float, str]]:
    """Weight and sentence of every change that the report does not print."""
    for row in left_out().itertuples(index=False):
        if row.statistic in CHANGES.values():
            peers = frame[(frame["table"] == row.table) & (frame["statistic"] == row.statistic)]
            changes = pd.to_numeric(peers["printed"])
            inside = changes.min() <= row.computed <= changes.max()
            beyond = "" if inside else ", beyond every change it prints"
            what = "satisfaction" if "satisfaction" in row.statistic else "mean"
            said = (
                f"leaves the change of {what} blank, which its own figures make {row.computed:+.1f}{beyond}"
            )
            weight = abs(row.computed) / row.allowed / 10 ** _steps_down(row.table)
            yield weight, f"{row.table}, {_names()[row.row]}: {said}."


def _feedback() -> Iterable[tuple[float, str]]:
    """Weight and sentence of a zone without feedback beside zones that keep it."""
    zones = feedback_in_zones()
    without = zones["without_feedback"] < zones["with_feedback"]
    if without.any() and not without.all():
        apart = zones.loc[without, ["with_feedback", "without_feedback"]].max()
        these, those = (_listed(z.replace("_", " ") for z in zones.index[m]) for m in (without, ~without))
        said = (
            f"rows of {these} lie {apart['without_feedback']:.2f} points from their criteria without "
            f"feedback and {apart['with_feedback']:.2f} with it, rows of {those} nearer with it"
        )
        weight = apart["with_feedback"] / HALF_UNIT / 10 ** _steps_down("Table 9")
        yield weight, f"Provider tables and Table 9: {said}, so complaints count against the latter only."


@cache
def _names() -> dict[str, str]:
    """What ids are called in English; a provider's id says nothing beside its name."""
    found: dict[str, str] = {}
    for name in ("services", "agencies", "regions", "providers"):
        frame = table(name)
        for key, words in zip(frame.iloc[:, 0], frame["name_en"], strict=True):
            found[key] = words if name == "providers" else f"{key} ({words})"
    return found


def _listed(parts: Iterable[object]) -> str:
    """Parts joined by commas and a last "and"."""
    *head, last = [str(part) for part in parts]
    return f"{', '.join(head)} and {last}" if head else last
