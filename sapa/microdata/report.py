"""What the microdata re-publish, what they cannot and why, and what was assumed."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from sapa.microdata.assumed import assumptions
from sapa.microdata.attainable import attains
from sapa.microdata.cells import Cell, cells, complaints
from sapa.microdata.channels import split, users_only
from sapa.microdata.lattice import evenly_over, mean_options, shares
from sapa.microdata.placement import AMBULANCE
from sapa.microdata.regional_report import least_by_region, regional_nearness
from sapa.microdata.scored import KEYS, compared
from sapa.microdata.targets import MEAN_UNIT, SHARE_UNIT, Form, target, targets

NO_COUNTS: Final = "no whole counts on the {asked} people asked print {what}"
GIVEN_UP: Final = "given up so that its channel and Table 8 print: no counts of the service miss fewer"
SHARE_FORCED: Final = "; the printed online share fixes the split, on {n} it prints"
IMPOSSIBLE: Final = "impossible under any denominators: the mean lies below 1 + 4 x satisfaction"
BEYOND: Final = "outside what its criteria can reach"
TOO_FEW: Final = "no placement of these counts prints the pair: {least} units are missed at the least"
REGION: Final = "not found with these counts and people of each region; bound in `regions`"
ITEM: Final = "no placement of these counts and people brings the item's regions nearer in all"


@dataclass(frozen=True, slots=True, eq=False)
class MicrodataReport:
    """Tables about a synthetic dataset.

    Attributes
    ----------
    summary
        By level and statistic: printed figures, how many the microdata print, and how many when also those
        count that print once item figures are rounded, as the report's tables of items are.
    table8
        The 62 rows of Table 8: printed and computed mean and satisfaction, and whether both print.
    misses
        Every printed figure that the microdata do not print: printed, computed, difference, reason.
    splits
        Channel split of every service: how the printed online share bounded it and what it attains.
    regions
        Regional figures of every local service: how many print, by how many units the others do not, and how
        many no placement avoids (:func:`sapa.microdata.regional_report.regional_nearness`).
    users
        People whom feedback and assistant items were put to.
    assumptions
        What the report leaves open and what was put in its place.
    """

    summary: pd.DataFrame
    table8: pd.DataFrame
    misses: pd.DataFrame
    splits: pd.DataFrame
    regions: pd.DataFrame
    users: pd.DataFrame
    assumptions: pd.DataFrame

    @property
    def table8_exact(self) -> int:
        """Rows of Table 8, of 62, whose mean and satisfaction both print."""
        return int(self.table8["prints"].sum())


def microdata_report(dataset: xr.Dataset) -> MicrodataReport:
    """Report on a dataset of :func:`synthetic_2020`, scored with the official scheme.

    Examples
    --------
    >>> from sapa.microdata import synthetic_2020
    >>> microdata_report(synthetic_2020(rng=1)).table8_exact
    62
    """
    figures = compared(dataset)
    return MicrodataReport(
        _summary(figures),
        _table8(figures),
        _misses(figures),
        _splits(),
        regional_nearness(),
        _users(),
        assumptions(dataset.attrs["rho"]),
    )


def _summary(figures: pd.DataFrame) -> pd.DataFrame:
    either = figures["prints"] | figures["prints_from_rounded_items"]
    groups = figures.assign(either=either).groupby(["level", "statistic"], sort=False)
    return groups.agg(
        printed=("prints", "size"), met=("prints", "sum"), met_or_from_rounded_items=("either", "sum")
    ).reset_index()


def _table8(figures: pd.DataFrame) -> pd.DataFrame:
    rows = figures[figures["level"] == "service"].set_index(["service", "statistic"])
    wide = rows[["printed", "computed"]].unstack()
    wide.columns = [f"{statistic}_{kind}" for kind, statistic in wide.columns]
    wide["prints"] = rows["prints"].groupby("service").all()
    return wide.reset_index()


def _misses(figures: pd.DataFrame) -> pd.DataFrame:
    missed = figures[~figures["prints"]].copy()
    missed["difference"] = missed["computed"] - missed["printed"]
    impossible = _impossible(figures)
    missed["reason"] = [_reason(row, impossible) for _, row in missed.iterrows()]
    columns = ["level", *KEYS, "statistic", "printed", "computed", "difference"]
    return missed[[*columns, "prints_from_rounded_items", "reason"]].reset_index(drop=True)


def _impossible(figures: pd.DataFrame) -> set[tuple[str, str]]:
    """Service and region of the printed pairs that no ratings give."""
    rows = figures[figures["level"] == "region"].pivot_table(
        index=["service", "region"], columns="statistic", values="printed"
    )
    low = rows["mean"] + MEAN_UNIT / 2 < 1 + 4 * (rows["satisfaction"] - SHARE_UNIT / 2)
    return set(rows.index[low])


def _reason(row: pd.Series, impossible: set[tuple[str, str]]) -> str:
    if row["level"] == "region":
        if row["service"] == AMBULANCE:
            return ITEM
        if (row["service"], row["region"]) in impossible:
            return IMPOSSIBLE
        least = least_by_region(row["service"])[row["region"]]
        return TOO_FEW.format(least=least) if least > 0 else REGION
    if row["level"] != "criterion":
        return BEYOND
    form, cell = _cell(row["service"], row["channel"], row["criterion"])
    if _alone(cell, row["statistic"]):
        return GIVEN_UP
    what = "it with its satisfaction" if row["statistic"] == "mean" else "it"
    return NO_COUNTS.format(asked=cell.asked, what=what) + _forced(form, cell)


def _alone(cell: Cell, statistic: str) -> bool:
    """Whether the cell can print the figure when nothing else has to."""
    share = cell.figures.share
    value, totals = shares(cell.asked, len(cell.items), share)
    inside = totals[(value >= share.low) & (value < share.high)]
    if statistic == "satisfaction":
        return inside.size > 0
    return any(
        mean_options(cell.asked, fives, cell.figures.mean) for fives in evenly_over(inside, len(cell.items))
    )


def _forced(form: Form, cell: Cell) -> str:
    """That the split which the printed share forbids would let the cell print."""
    chosen = split(form.service)
    position = [f.channel for f in target(form.service).forms].index(form.channel)
    people = chosen.free_n[position]
    if users_only(form.channel, cell.criterion) or people == chosen.n[position]:
        return ""
    return (
        SHARE_FORCED.format(n=people) if attains(people, len(cell.items), cell.figures, rounded=True) else ""
    )


@cache
def _cell(service: str, channel: str, criterion: str) -> tuple[Form, Cell]:
    chosen = split(service)
    for form, n in zip(target(service).forms, chosen.n, strict=True):
        for cell in cells(form, n, chosen):
            if (form.channel, cell.criterion) == (channel, criterion):
                return form, cell
    raise KeyError((service, channel, criterion))


def _splits() -> pd.DataFrame:
    rows = []
    for service in targets():
        chosen = split(service.service)
        for form, n, free in zip(service.forms, chosen.n, chosen.free_n, strict=True):
            row = {
                "service": service.service,
                "channel": form.channel,
                "n": n,
                "printed_online_percent": chosen.printed,
            }
            row |= {"splits_allowed": chosen.allowed, "attained": chosen.attained, "judged": chosen.judged}
            row |= {
                "payment_items": chosen.paid,
                "n_without_share": free,
                "attained_without_share": chosen.free_attained,
            }
            rows.append(row)
    return pd.DataFrame(rows)


def _users() -> pd.DataFrame:
    rows = []
    for service in targets():
        chosen, told = split(service.service), complaints(service.service)
        for form, n in zip(service.forms, chosen.n, strict=True):
            for cell in cells(form, n, chosen):
                if users_only(form.channel, cell.criterion):
                    printed = told.get(form.channel, 0) if cell.criterion == "feedback" else np.nan
                    rows.append((service.service, form.channel, cell.criterion, n, cell.asked, printed))
    columns = ["service", "channel", "criterion", "respondents", "asked", "printed_complaints"]
    return pd.DataFrame(rows, columns=columns)
