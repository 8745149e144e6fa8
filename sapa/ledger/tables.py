"""The ledger as tables."""

import pandas as pd

from sapa.ledger.judge import Verdict, verdicts

COLUMNS = (
    "table",
    "row",
    "statistic",
    "printed",
    "computed",
    "allowed",
    "difference",
    "status",
    "rule",
    "note",
)
STATUSES = ("input", "reproduced", "reproduced_after_correction", "not_derivable", "contradicted")


def ledger(*, corrections: bool = False) -> pd.DataFrame:
    """Every printed figure of the data files, with what the other printed figures say it should be.

    Parameters
    ----------
    corrections
        Whether figures that do not follow are tried again with the listed corrections
        (:func:`sapa.published.corrections`). Off, the report is judged by its own figures alone.

    Returns
    -------
    One row a figure: ``table`` of the report (or ``Population``, ``Articles``, which are all input), ``row``,
    ``statistic`` (the data file's column), ``printed`` (text, digit by digit), ``computed`` at the inputs,
    ``allowed`` (largest difference that rounding explains), ``difference`` printed less computed, ``status``,
    ``rule``, ``note``. Points of the scale 1 to 5, percent, percentage points, people or places, as printed.
    ``status`` is ``input`` (nothing printed determines the figure), ``reproduced``,
    ``reproduced_after_correction``, ``not_derivable`` (the report claims a derivation whose inputs it does
    not print) or ``contradicted``.

    Examples
    --------
    >>> country = ledger().query("table == 'Table 8' and row == 'total'")
    >>> country[["printed", "computed", "status"]].round(4).values.tolist()
    [['4.58', 4.5755, 'reproduced'], ['75.1', 75.0597, 'reproduced']]
    """
    frame = pd.DataFrame([_line(v) for v in verdicts(corrections=corrections)], columns=list(COLUMNS))
    frame.attrs["corrections"] = "on" if corrections else "off"
    return frame


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Count of figures by table of the report and status, with totals."""
    counts = frame.groupby(["table", "status"], sort=False).size().unstack(fill_value=0)
    counts = counts.reindex(columns=list(STATUSES), fill_value=0)
    counts["figures"] = counts.sum(axis=1)
    counts.loc["all"] = counts.sum(axis=0)
    return counts.rename_axis(columns=None)


def agreement() -> pd.DataFrame:
    """Count of recomputed figures by table: how many follow, with and without the rounding of the inputs.

    Returns
    -------
    ``recomputed`` figures; ``follow`` when rounding of printed figure and inputs is allowed for;
    ``as_printed`` when the inputs are taken as they stand, so that the computed value itself rounds to the
    printed one. Of a tie at half a unit either neighbour counts as its rounding.
    """
    rows = [
        (v.figure.place, 1, v.derivation.holds(v.figure), v.derivation.holds_as_printed(v.figure))
        for v in verdicts()
        if v.derivation is not None and v.derivation.value is not None
    ]
    frame = pd.DataFrame(rows, columns=["table", "recomputed", "follow", "as_printed"])
    counts = frame.groupby("table", sort=False).sum()
    counts.loc["all"] = counts.sum(axis=0)
    return counts.astype(int)


def _line(verdict: Verdict) -> tuple[object, ...]:
    """Row of the ledger."""
    item, derivation = verdict.figure, verdict.derivation
    head = (item.place, " ".join(item.row), item.statistic, item.text)
    if derivation is None:
        return *head, None, None, None, verdict.status, "", verdict.note
    if derivation.value is None:
        return *head, None, None, None, verdict.status, derivation.rule, verdict.note
    computed, allowed = float(derivation.value), float(derivation.allowed(item))
    difference = float(item.value - derivation.value)
    return *head, computed, allowed, difference, verdict.status, derivation.rule, verdict.note
