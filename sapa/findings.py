"""The most surprising things about the 2020 figures: computed, ranked by a stated rule, in sentences."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from sapa.ledger import surprises
from sapa.precision import Precision
from sapa.published import names

FROM_LEDGER, FROM_PRECISION = 2, 3


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence, and how many times it exceeds what the printed tables let a reader expect."""

    sentence: str
    times: float


def findings(ledger: pd.DataFrame, microdata: xr.Dataset, precision: Precision) -> tuple[str, ...]:
    """Five sentences: what most contradicts the report within itself, and what it most leaves out.

    Two come from the ledger (:func:`sapa.ledger.surprises`). Three come from the precision of the scores: of
    all candidates those that most exceed, as a ratio, what a reader of the printed tables would expect: that
    the ranks can be told apart, that a score rests on all its respondents, that criteria carry
    weight as they are answered, that one person moves no rank, that a change is as sure as its decimals.

    Parameters
    ----------
    ledger
        With corrections.
    microdata
        Synthetic respondents that the precision rests on.
    precision
        Of :func:`sapa.precision_2020`.
    """
    candidates = [
        _told_apart(precision),
        _feedback(microdata, precision),
        _one_person(precision),
        _effective(precision),
        _change(precision),
    ]
    candidates.sort(key=lambda finding: -finding.times)
    chosen = [finding.sentence for finding in candidates[:FROM_PRECISION]]
    return (*surprises(ledger, most=FROM_LEDGER), *chosen)


def _told_apart(precision: Precision) -> Finding:
    """Pairs of services whose order the data establish, against all pairs."""
    cases = precision.assumptions.set_index("scenario")
    size = int((precision.services["statistic"] == "mean").sum())
    pairs = size * (size - 1) // 2
    apart = cases["pairs_told_apart"]
    places = float(cases.at["assumed", "median_rank_set"])
    low, high = sorted((apart["unfavourable"], apart["favourable"]))
    sentence = (
        f"The ranking of {size} services holds {pairs:,} pairs; the data tell {apart['assumed'] * pairs:.0f} "
        f"of them apart ({apart['assumed']:.1%}; {low:.1%} to {high:.1%} under the least and most favourable "
        f"assumptions). The median set of possible places has {places:.0f} of {size}."
    )
    return Finding(sentence, 1 / max(float(apart["assumed"]), 1 / pairs))


def _feedback(microdata: xr.Dataset, precision: Precision) -> Finding:
    """Feedback's share of the variance against its share of the ratings."""
    rated = (microdata["ratings"] > 0).values
    feedback = (microdata["criterion"] == "feedback").values
    people = int(rated[:, feedback].any(axis=1).sum())
    of_ratings = rated[:, feedback].sum() / rated.sum()
    rows = precision.criterion_shares.query("level == 'service' and statistic == 'mean'")
    of_variance = float(rows["feedback"].mean())
    sentence = (
        f"The feedback criterion makes {of_variance:.0%} of the variance of a service's Q on average, and "
        f"{of_ratings:.1%} of the ratings: {people:,} of {rated.shape[0]:,} synthetic respondents, the "
        "fewest that attain the printed figures."
    )
    return Finding(sentence, float(of_variance / of_ratings))


def _one_person(precision: Precision) -> Finding:
    """Places that one respondent moves a service, against the fair share of one place."""
    rows = precision.thin_channels.query("statistic == 'mean' and n == 1")
    moved = (rows["rank_without"] - rows["rank"]).abs()
    row = rows.loc[moved.idxmax()]
    sentence = (
        f"One {row['channel']} respondent takes {row['service']} ({names('service')[row['service']]}) from "
        f"{row['without']:.2f} to {row['published']:.2f}: from place {row['rank_without']} to place "
        f"{row['printed_rank']} as printed."
    )
    return Finding(sentence, float(moved.max()))


def _effective(precision: Precision) -> Finding:
    """Respondents of the country against the number that its Q is worth."""
    row = precision.country.query("statistic == 'mean'").iloc[0]
    times = float(row["n"] / row["effective_n"])
    sentence = (
        f"The country's Q rests on {row['n']:,.0f} people and is as precise as {row['effective_n']:,.0f} "
        f"single ratings would be: {row['estimate']:.2f}, 95% interval {row['lower']:.2f} to "
        f"{row['upper']:.2f}."
    )
    return Finding(sentence, times)


def _change(precision: Precision) -> Finding:
    """Change of satisfaction from 2019 against the change that would be established."""
    row = precision.change.query("statistic == 'satisfaction' and scenario == 'assumed'").iloc[0]
    half = float(row["upper"] - row["lower"]) / 2
    times = half / max(abs(float(row["difference"])), np.finfo(float).tiny)
    sentence = (
        f"Satisfaction of the country rose by {row['difference'] * 100:.1f} points from 2019; a change below "
        f"{half * 100:.1f} points cannot be told from none, and the two years computed it differently."
    )
    return Finding(sentence, times)
