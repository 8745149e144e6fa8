"""The rules by which printed figures determine others, in exact arithmetic.

A rule returns a :class:`Derivation`: the value at the printed inputs, and how far half a unit of each input
can move it. Every number is a fraction, so no comparison depends on floating point.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from sapa.ledger.figures import Figure

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Derivation:
    """What printed figures say that another printed figure should be.

    Attributes
    ----------
    rule
        In words.
    value
        At the printed inputs; None where an input is not printed.
    slack
        How far rounding of the inputs can move the value, sum of abs(A_k) times half a unit of input k.
    rounded
        Whether the printed figure is a rounding of the value, which allows half a unit more. A figure that
        is printed twice, or a place in an order, is not.
    inputs
        Figures used.
    note
        What else a reader should know.
    binding
        Whether the figure must follow; False where it need only be one of several possible values, so that
        a note is all there is to say.
    """

    rule: str
    value: Fraction | None
    slack: Fraction = ZERO
    rounded: bool = True
    inputs: tuple[Figure, ...] = ()
    note: str = ""
    binding: bool = True

    def allowed(self, target: Figure) -> Fraction:
        """Largest difference that rounding explains."""
        return self.slack + (target.half if self.rounded else ZERO)

    def holds(self, target: Figure) -> bool:
        """Whether rounding explains the difference."""
        return self.value is not None and abs(target.value - self.value) <= self.allowed(target)

    def holds_as_printed(self, target: Figure) -> bool:
        """Whether the value at the printed inputs, rounded, is the printed figure."""
        own = target.half if self.rounded else self.slack
        return self.value is not None and abs(target.value - self.value) <= own


def linear(
    rule: str, terms: Iterable[tuple[Fraction, Figure]], *, constant: Fraction = ZERO, note: str = ""
) -> Derivation:
    """Constant plus the sum of A_k times figure k; unknown when a figure is."""
    pairs = tuple(terms)
    inputs = tuple(item for _, item in pairs)
    if not all(item.known for item in inputs):
        return Derivation(rule, None, inputs=inputs, note=note)
    value = sum((a * item.value for a, item in pairs), constant)
    slack = sum((abs(a) * item.half for a, item in pairs), ZERO)
    return Derivation(rule, value, slack, inputs=inputs, note=note)


def mean(rule: str, children: Sequence[Figure], *, note: str = "") -> Derivation:
    """Unweighted mean of the figures that are printed.

    Examples
    --------
    >>> from sapa.ledger.figures import figure
    >>> two = [figure("t", ("a",), "q", text) for text in ("4.81", "4.62")]
    >>> mean("mean of channels", two).value
    Fraction(943, 200)
    """
    if not children:
        return unprinted(rule, note=note)
    return linear(rule, ((Fraction(1, len(children)), item) for item in children), note=note)


def weighted(
    rule: str, children: Sequence[Figure], counts: Sequence[Figure], *, note: str = ""
) -> Derivation:
    """Mean of shares weighted by exact counts."""
    whole = sum(n.value for n in counts)
    terms = [(n.value / whole, item) for n, item in zip(counts, children, strict=True)]
    return linear(rule, terms, note=note)


def copy(rule: str, target: Figure, source: Figure, *, note: str = "") -> Derivation:
    """Figure printed a second time: the same digits, or a rounding of them to fewer."""
    if not source.known:
        return Derivation(rule, None, inputs=(source,), note=note)
    slack = ZERO if target.half == source.half else max(target.half, source.half)
    return Derivation(rule, source.value, slack, rounded=False, inputs=(source,), note=note)


def complement(rule: str, others: Sequence[Figure]) -> Derivation:
    """What is left of 100 percent."""
    return linear(rule, ((Fraction(-1), item) for item in others), constant=Fraction(100))


def position(rule: str, own: Figure, everyone: Sequence[Figure]) -> Derivation:
    """Place by printed figures, 1 the largest; equal printed figures may stand in any order among themselves.

    The value is the middle of the places open to it and the slack half their range.
    """
    above = sum(item.value > own.value for item in everyone)
    ties = sum(item.value == own.value for item in everyone)
    middle, reach = Fraction(2 * above + 1 + ties, 2), Fraction(ties - 1, 2)
    return Derivation(rule, middle, reach, rounded=False, inputs=(*everyone,))


def share(rule: str, count: Figure, total: Figure) -> Derivation:
    """Count as a percentage of a total; counts are exact."""
    return Derivation(rule, 100 * count.value / total.value, inputs=(count, total))


def whole_number(target: Figure, total: Figure) -> Derivation | None:
    """Nearest percentage that a whole number of people gives, where none prints as the target; else None.

    It binds nothing: fewer may have answered than were counted. The note says how many at the most.
    """
    nearest = _nearest_share(target.value, int(total.value))
    if abs(nearest - target.value) <= target.half:
        return None
    fewer = (n for n in range(int(total.value) - 1, 0, -1) if _fits(target, n))
    told = f"no whole number of {total.text} people gives it; at most {next(fewer, 0)} can have answered"
    rule = "share of the respondents counted there"
    return Derivation(rule, nearest, inputs=(total,), note=told, binding=False)


def _fits(target: Figure, people: int) -> bool:
    return abs(_nearest_share(target.value, people) - target.value) <= target.half


def _nearest_share(percent: Fraction, people: int) -> Fraction:
    """Percentage next to the given one that a whole number of people makes."""
    count = percent * people / 100
    around = [Fraction(100 * k, people) for k in (floor(count), ceil(count))]
    return min(around, key=lambda candidate: abs(candidate - percent))


def unprinted(rule: str, *, note: str = "") -> Derivation:
    """Derivation that the report claims and whose inputs it does not print."""
    return Derivation(rule, None, note=note)
