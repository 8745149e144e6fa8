"""The report's six league tables, and the joint precision of their figures under each scenario."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from estimators import SparseRule, compose
from sapa.precision.league import published
from sapa.precision.scenarios import Redraw, Scenario, averaged, more_raters, scenario
from sapa.published import table
from sapa.verdicts.zones import abroad_nodes, local_nodes, own_nodes

Array = NDArray[np.float64]
ASSUMED: Final = "assumed"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a league is printed, and whose covariance its figures are given.

    Attributes
    ----------
    report
        Its table in the report.
    unit
        ``service``, ``agency`` or ``region``.
    nodes
        What comes before a unit's id in the name of its node.
    basis
        What the covariance is of, in words.
    """

    report: str
    unit: str
    nodes: str
    basis: str


SOURCES: Final[Mapping[str, Source]] = {
    "services": Source("Table 8", "service", "", "the official rule"),
    "agencies": Source("Appendix A", "agency", "", "the official rule, mean of the agency's services"),
    "own_agencies": Source(
        "Table 9", "agency", "own ", "the state body's items without feedback, as the provider tables have it"
    ),
    "regions": Source("Table 12", "region", "", "the official rule of each local service in the region"),
    "local_bodies": Source(
        "Table 11",
        "region",
        "local ",
        "a stand-in: that of the state body's items without feedback, which give other figures than Table 11",
    ),
    "all_providers": Source(
        "Appendix B",
        "region",
        "",
        "a stand-in: that of Table 12, since the rule of Appendix B is not printed",
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A scenario with the precision of every league under it.

    Attributes
    ----------
    scenario
        Official scores of services, agencies, country and regions.
    zones
        Scores of the bodies' own responsibility.
    """

    scenario: Scenario
    zones: xr.Dataset

    def precision(self, league: str, units: NDArray[np.str_], statistic: str) -> tuple[Array, Array, Array]:
        """Microdata's estimates (U,) of a league's units, covariance (U, U) and degrees of freedom (U,)."""
        source = SOURCES[league]
        scores = self.zones if source.nodes else self.scenario.scores
        names = [source.nodes + unit for unit in units]
        scores = scores.sel(node=names, other=names, statistic=statistic)
        return scores["estimate"].values, scores["covariance"].values, scores["df"].values


def cases(
    assumptions: pd.DataFrame, *, level: float, redraw: Redraw, seeds: Sequence[int]
) -> tuple[Case, ...]:
    """The scenarios of a precision's `assumptions`, composed again with all covariances.

    Parameters
    ----------
    assumptions
        As in :class:`sapa.precision.Precision`: ``scenario, rho, deff, raters``.
    level
        Of the composed intervals.
    redraw
        Microdata for a rho and a seed.
    seeds
        Of the deals over which covariances are averaged.
    """
    wanted = (own_nodes(), local_nodes(), abroad_nodes())
    found = []
    for row in assumptions.itertuples(index=False):
        rho, deff, raters = float(row.rho), float(row.deff), int(row.raters)
        deals = [redraw(rho, seed) for seed in seeds]
        case = scenario(row.scenario, deals, rho=rho, deff=deff, raters=raters, level=level)
        told = (more_raters(deal, raters) for deal in deals)
        rule = SparseRule(rho=rho)
        zones = [compose(data, wanted, deff=deff, rule=rule, level=level, shares=()) for data in told]
        found.append(Case(case, averaged(zones)))
    return tuple(found)


def printed_league(league: str) -> pd.DataFrame:
    """Published figures of a league by id, best first: ``printed_rank, mean, satisfaction`` (a share).

    Examples
    --------
    >>> printed_league("local_bodies").round(3).head(1).to_dict("index")
    {'AKM': {'printed_rank': 1, 'mean': 4.73, 'satisfaction': 0.803}}
    """
    if league in ("services", "agencies", "regions"):
        return published(SOURCES[league].unit)
    if league == "local_bodies":
        rank = table("local_history_printed").set_index("region_id")["rank"]
        rows = history("local_ranking_history", 2020).assign(rank=rank)
    else:
        name = {"own_agencies": "agency_ranking_2020", "all_providers": "appendix_b"}[league]
        rows = table(name).set_index(f"{SOURCES[league].unit}_id")
        rows = rows.assign(mean=rows["mean_score"], satisfaction=rows["satisfaction_pct"] / 100)
    rows = rows.assign(printed_rank=rows["rank"].astype(int)).sort_values("printed_rank")
    return rows[["printed_rank", "mean", "satisfaction"]]


def history(name: str, year: int) -> pd.DataFrame:
    """Printed ``mean`` and ``satisfaction`` (a share) of a year in Table 10 or 11, by id.

    Examples
    --------
    >>> len(history("agency_history", 2019)), len(history("local_ranking_history", 2019))
    (22, 17)
    """
    rows = table(name)
    rows = rows[rows["year"] == year]
    rows = rows.set_index(rows.columns[0])
    return pd.DataFrame({"mean": rows["mean_score"], "satisfaction": rows["satisfaction_pct"] / 100})
