"""The overlay of corrections: off by default, visible wherever it is used."""

from dataclasses import dataclass

import pandas as pd

from sapa.published.tables import table


@dataclass(frozen=True, slots=True)
class Correction:
    """One printed figure judged wrong, with what stands instead.

    Attributes
    ----------
    printed, proposed
        NaN where nothing is printed, or where the right figure is not known.
    basis
        ``"text"`` (another place prints it), ``"implied"`` (other figures imply it) or ``"logic"``.
    """

    service: str
    channel: str
    criterion: str
    field: str
    printed: float
    proposed: float
    basis: str
    evidence: str

    @property
    def label(self) -> str:
        """Short name for notes: where, what stands and what is put instead."""
        place = "/".join(part for part in (self.service, self.channel, self.criterion, self.field) if part)
        old = "blank" if pd.isna(self.printed) else f"{self.printed:g}"
        new = "no figure" if pd.isna(self.proposed) else f"{self.proposed:g}"
        return f"{place}: {old} -> {new} ({self.basis})"


def corrections() -> tuple[Correction, ...]:
    """Every listed correction, in the order of the file.

    Examples
    --------
    >>> corrections()[0].label
    's24/online/feedback/mean_score: 4.64 -> 3 (text)'
    """
    return tuple(Correction(*row) for row in table("criteria_corrections").itertuples(index=False))


def corrected_criteria() -> pd.DataFrame:
    """Criteria table with every correction applied; column ``correction`` says which one touched the row.

    A proposal that is not known leaves NaN: the cell holds a figure of something else. Corrections of
    figures that are no criterion (a channel's or a headline's) do not touch this table.
    """
    frame = table("criteria")
    frame["correction"] = ""
    for item in corrections():
        hit = (
            (frame["service_id"] == item.service)
            & (frame["channel"] == item.channel)
            & (frame["criterion"] == item.criterion)
        )
        frame.loc[hit, item.field] = item.proposed
        frame.loc[hit, "correction"] = frame.loc[hit, "correction"].map(
            lambda old, new=item.label: f"{old}; {new}".strip("; ")
        )
    frame.attrs["corrections"] = "on"
    return frame
