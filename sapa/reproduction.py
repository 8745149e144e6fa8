"""The main job: rebuild the 2020 monitoring from its own figures and judge it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pandas as pd
import xarray as xr

from sapa.choices import SEED
from sapa.feasibility import feasibility
from sapa.findings import findings
from sapa.ledger import agreement, ledger, summary
from sapa.microdata import MicrodataReport, microdata_report, synthetic_2020
from sapa.precision import Precision, precision_2020
from sapa.published import check
from sapa.verdicts import Verdicts, verdicts_2020

#: Told the share done, in 0..1, and what is being done.
Stage = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Reproduction:
    """What can be said of the 2020 figures.

    Attributes
    ----------
    ledger, ledger_counts, agreement
        Every printed figure with its status; the counts by table and status; how many follow with and
        without the rounding of their inputs.
    feasibility
        Every printed pair of mean and satisfaction against what ratings can be.
    microdata, microdata_report
        Synthetic respondents who re-publish the report; what they print, miss and assume.
    precision
        Intervals, rank sets and variance shares that the report leaves out.
    verdicts
        Which statements of the report survive, what changed since 2019, and who decided the ranking.
    findings
        The five most surprising sentences.
    options
        The arguments it was made with, by name.
    """

    ledger: pd.DataFrame
    ledger_counts: pd.DataFrame
    agreement: pd.DataFrame
    feasibility: pd.DataFrame
    microdata: xr.Dataset
    microdata_report: MicrodataReport
    precision: Precision
    verdicts: Verdicts
    findings: tuple[str, ...]
    options: dict[str, float]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every result as a table, by the name of its file."""
        told, exact, judged = self.microdata_report, self.precision, self.verdicts
        return {
            "ledger": self.ledger,
            "ledger_counts": self.ledger_counts.rename_axis("table").reset_index(),
            "ledger_agreement": self.agreement.rename_axis("table").reset_index(),
            "feasibility": self.feasibility,
            "services": exact.services,
            "agencies": exact.agencies,
            "regions": exact.regions,
            "country": exact.country,
            "criterion_shares": exact.criterion_shares,
            "channel_shares": exact.channel_shares,
            "shares_by_scenario": exact.shares_by_scenario,
            "change_2019_2020": exact.change,
            "thin_channels": exact.thin_channels,
            "assumptions": exact.assumptions,
            "statements": judged.statements,
            "statement_units": judged.statement_units,
            "league_separation": judged.separation,
            "league_rank_sets": judged.rank_sets,
            "league_neighbours": judged.adjacent,
            "changes_by_unit": judged.changes,
            "rules": judged.rules,
            "one_person": judged.one_person,
            "certified_by_print": judged.certified,
            "certified_if": judged.narrowed,
            "microdata_summary": told.summary,
            "microdata_table8": told.table8,
            "microdata_misses": told.misses,
            "microdata_splits": told.splits,
            "microdata_regions": told.regions,
            "microdata_users": told.users,
            "microdata_assumptions": told.assumptions,
        }

    def respondents(self) -> pd.DataFrame:
        """The synthetic respondents, one row each: service, region, channel and the ratings by item."""
        facts = {name: self.microdata[name].values for name in ("service", "region", "channel")}
        ratings = pd.DataFrame(
            self.microdata["ratings"].values, columns=self.microdata["item"].values.tolist()
        )
        return pd.concat([pd.DataFrame(facts), ratings], axis=1)


def reproduce_2020(
    *, rho: float = 0.5, deff: float = 1.0, seed: int = SEED, stage: Stage | None = None
) -> Reproduction:
    """Reproduction of the 2020 monitoring.

    Parameters
    ----------
    rho
        Within-respondent correlation of the synthetic ratings, in [0, 1).
    deff
        Design effect beside simple random sampling within service, channel and region; at least 1.
    seed
        Of the synthetic respondents.
    stage
        Told what is being done; see :data:`Stage`.

    Raises
    ------
    ValueError
        When `rho`, `deff` or `seed` is out of range, or a published table is damaged.
    """
    if not 0 <= rho < 1:
        raise ValueError(f"rho must lie in [0, 1), got {rho}: it is a correlation of normal scores")
    if seed < 0:
        raise ValueError(f"seed must be a whole number of at least 0, got {seed}")
    if not 1 <= deff < float("inf"):
        raise ValueError(f"deff must be at least 1 and finite, got {deff}; 1 is the named design as it is")
    tell = stage or (lambda share, text: None)
    tell(0.0, "checking the published tables")
    check()
    tell(0.02, "recomputing every printed figure")
    book = ledger(corrections=True)
    tell(0.05, "asking which printed pairs ratings can give")
    pairs = feasibility()
    tell(0.1, "building respondents who re-publish the report")
    microdata = synthetic_2020(rho=rho, rng=seed, progress=_within(tell, 0.1, 0.5))
    told = microdata_report(microdata)
    redraw = cache(lambda rho, seed: synthetic_2020(rho=rho, rng=seed))  # both parts ask for the same deals
    exact = precision_2020(microdata, deff=deff, redraw=redraw, progress=_within(tell, 0.5, 0.6))
    judged = verdicts_2020(microdata, exact, redraw=redraw, progress=_within(tell, 0.6, 0.75))
    options = {"rho": rho, "deff": deff, "seed": seed}
    found = findings(book, microdata, exact)
    return Reproduction(
        book, summary(book), agreement(), pairs, microdata, told, exact, judged, found, options
    )


def _within(tell: Stage, start: float, end: float) -> Stage:
    """Progress of one part of the job within the whole."""
    return lambda share, text: tell(start + (end - start) * share, text)
