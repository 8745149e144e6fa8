"""Each printed figure against what the others say of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from sapa.ledger import agencies, examples, people, regions, services, zones
from sapa.ledger.figures import Book, Figure, Key, book, figures
from sapa.ledger.overlay import corrected
from sapa.ledger.rules import Derivation

Status: TypeAlias = Literal[
    "input", "reproduced", "reproduced_after_correction", "not_derivable", "contradicted"
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A printed figure, its status, the derivation that decided it, and what a reader should know."""

    figure: Figure
    status: Status
    derivation: Derivation | None = None
    note: str = ""


def derivations(pages: Book) -> dict[Key, Derivation]:
    """The derivation of every figure that has one, by data file, row and column.

    Raises
    ------
    ValueError
        When two rules derive one figure.
    """
    found: dict[Key, Derivation] = {}
    for stage in (services, examples, zones, agencies, regions, people):
        for target, derivation in stage.derive(pages):
            if target.key in found:
                raise ValueError(f"one rule must derive {target.key}, got a second: {derivation.rule}")
            found[target.key] = derivation
    return found


@cache
def as_printed() -> dict[Key, Derivation]:
    """Derivations from the report's own figures: shared between callers, not to be changed."""
    return derivations(book())


def verdicts(*, corrections: bool = False) -> Iterator[Verdict]:
    """Verdict on every printed figure, in the order of the files.

    Parameters
    ----------
    corrections
        Whether a figure that does not follow from the printed ones is tried again with the listed
        corrections. The printed figures themselves never change.
    """
    printed = as_printed()
    pages = corrected() if corrections else {}
    again = derivations(pages) if corrections else {}
    for item in figures(book()):
        first = _judge(item, printed.get(item.key))
        second = again.get(item.key)
        if first.status != "contradicted" or second is None:
            yield first
        else:
            yield _judge_again(first, pages[item.table][item.row][item.statistic], second)


def _judge(item: Figure, derivation: Derivation | None) -> Verdict:
    """Verdict at the printed figures."""
    if derivation is None:
        return Verdict(item, "input")
    if not derivation.binding:
        return Verdict(item, "input", None, derivation.note)
    if derivation.value is None:
        return Verdict(item, "not_derivable", derivation, derivation.note)
    status: Status = "reproduced" if derivation.holds(item) else "contradicted"
    return Verdict(item, status, derivation, derivation.note)


def _judge_again(first: Verdict, target: Figure, derivation: Derivation) -> Verdict:
    """Verdict with the corrections, where they touch the figure or what it follows from."""
    used = dict.fromkeys(f.correction for f in (target, *derivation.inputs) if f.correction)
    note = "; ".join([*filter(None, [derivation.note]), *used])
    if not used:
        return first
    if derivation.value is None:
        return Verdict(first.figure, "not_derivable", derivation, note)
    if derivation.holds(target):
        return Verdict(first.figure, "reproduced_after_correction", derivation, note)
    return Verdict(first.figure, "contradicted", derivation, note)
