"""The main job: rebuild the 2020 monitoring from its own figures and judge it."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import xarray as xr

from sapa.feasibility import feasibility
from sapa.ledger import agreement, ledger, summary
from sapa.microdata import synthetic_2020

#: Told the share done, in 0..1, and what is being done.
Stage = Callable[[float, str], None]
SEED = 2020


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
    microdata
        Synthetic respondents who re-publish the report.
    """

    ledger: pd.DataFrame
    ledger_counts: pd.DataFrame
    agreement: pd.DataFrame
    feasibility: pd.DataFrame
    microdata: xr.Dataset


def reproduce_2020(*, rho: float = 0.5, seed: int = SEED, stage: Stage | None = None) -> Reproduction:
    """Reproduction of the 2020 monitoring.

    Parameters
    ----------
    rho
        Within-respondent correlation of the synthetic ratings, in [0, 1).
    seed
        Of the synthetic respondents and of the draws behind rank sets.
    stage
        Told what is being done; see :data:`Stage`.
    """
    tell = stage or (lambda share, text: None)
    tell(0.0, "recomputing every printed figure")
    book = ledger(corrections=True)
    tell(0.05, "asking which printed pairs ratings can give")
    pairs = feasibility()
    tell(0.1, "building respondents who re-publish the report")
    microdata = synthetic_2020(rho=rho, rng=seed, progress=_within(tell, 0.1, 0.6))
    tell(1.0, "done")
    return Reproduction(book, summary(book), agreement(), pairs, microdata)


def _within(tell: Stage, start: float, end: float) -> Stage:
    """Progress of one part of the job within the whole."""
    return lambda share, text: tell(start + (end - start) * share, text)
