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
    moved_to
        Criterion whose row is missing and that the printed figure belongs to; empty where it stays.
    """

    service: str
    channel: str
    criterion: str
    field: str
    printed: float
    proposed: float
    basis: str
    evidence: str
    moved_to: str

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

    A proposal that is not known leaves NaN. A figure printed in the row of another criterion moves to a row
    of its own, behind the table's. Corrections of figures that are no criterion (a channel's or a
    headline's) do not touch this table.
    """
    frame = table("criteria").assign(correction="")
    moved: list[pd.Series] = []
    for item in corrections():
        keys = frame["service_id"], frame["channel"], frame["criterion"]
        hit = (keys[0] == item.service) & (keys[1] == item.channel) & (keys[2] == item.criterion)
        if item.moved_to and hit.any():
            moved.append(_moved(frame[hit].iloc[0], item))
        frame.loc[hit, item.field] = item.proposed
        told = frame.loc[hit, "correction"]
        frame.loc[hit, "correction"] = told.where(told == "", told + "; ") + item.label
    own = ["service_id", "channel", "criterion"]
    rows = pd.DataFrame(moved).groupby(own, sort=False, as_index=False).first()
    frame = pd.concat([frame, rows[frame.columns]], ignore_index=True)
    frame.attrs |= {"table": "criteria", "report": table("criteria").attrs["report"], "corrections": "on"}
    return frame


def _moved(row: pd.Series, item: Correction) -> pd.Series:
    """Row of the criterion that a mislabelled figure belongs to, with that figure alone."""
    figures = {
        name: row[name] if name == item.field else float("nan") for name in ("mean_score", "satisfaction_pct")
    }
    place = f"{item.service}/{item.channel}/{item.moved_to}"
    label = f"{place}: printed in the row of {item.criterion} ({item.basis})"
    return pd.Series(row.to_dict() | figures | {"criterion": item.moved_to, "correction": label})
