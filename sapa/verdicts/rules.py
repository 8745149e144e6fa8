"""Whose doing the ranking is: the feedback criterion, the scoring rule, one respondent."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from estimators import Nodes, SparseRule, alternatives, influence_on_score, usual_rules
from sapa.scheme_2020 import scheme_2020
from sapa.verdicts.zones import FEEDBACK, PATH

WITHOUT = f"without_{FEEDBACK}"


@dataclass(frozen=True, slots=True)
class OnePersonRule:
    """When one respondent is said to decide a service's rank.

    Attributes
    ----------
    places
        Leaving out one of the service's own people, nobody else, moves it by at least so many places.
    """

    places: int = 5

    def __post_init__(self) -> None:
        if self.places < 1:
            raise ValueError(f"places must be at least 1, got {self.places}")

    def __str__(self) -> str:
        return f"leaving out one of its own respondents moves it by {self.places} places or more"


def by_rules(microdata: xr.Dataset, *, rho: float, level: float) -> pd.DataFrame:
    """Every service by the official rule and four others, from the same answers.

    Parameters
    ----------
    microdata
        Whose scores print as the report's; ranks are by unrounded scores.
    rho
        Correlation of sparse answers with the others of a person.
    level
        Of all rank sets by all rules at once, for one statistic.

    Returns
    -------
    A row a rule, service and statistic: ``score, se, df, rank, lower, upper`` (rank set), ``difference`` from
    the official score, its ``difference_p_value`` (Holm over the services), ``rank_change`` and ``survives``,
    whether the rank sets by the two rules are apart; ``tau`` with the official order, and its interval.
    """
    rules = usual_rules(Nodes(scheme_2020(), PATH, ("service",)), label=FEEDBACK)
    found = alternatives(microdata, None, rules, level=level, rule=SparseRule(rho=rho))
    return found.to_dataframe().reset_index()


def one_person(microdata: xr.Dataset, rule: OnePersonRule) -> pd.DataFrame:
    """Every service without each of its respondents in turn: how far one of them moves its rank.

    Returns
    -------
    A row a service and statistic: ``n, score, rank`` (of unrounded scores, ties share the best),
    ``rank_best`` and ``rank_worst`` without one person, ``largest_change`` of the score, ``moved`` (most
    places), ``channel`` of the person who moves it most and ``feedback``, whether that person rated an item
    of the feedback criterion; ``decided`` by the rule.
    """
    found = influence_on_score(microdata, Nodes(scheme_2020(), PATH, ("service",)))
    frame = found[["score", "rank", "rank_best", "rank_worst", "largest_change"]].to_dataframe().reset_index()
    people = pd.Series(microdata["service"].values).value_counts()
    frame.insert(2, "n", frame["service"].map(people))
    away = [frame["rank"] - frame["rank_best"], frame["rank_worst"] - frame["rank"]]
    frame["moved"] = np.maximum(*away).astype(int)
    codes = microdata["ratings"].transpose("respondent", "item").values
    told = np.any(codes[:, microdata["criterion"].values == FEEDBACK] > 0, axis=1)
    mover = _movers(found)
    at = [mover[key] for key in zip(frame["service"], frame["statistic"], strict=True)]
    frame["channel"], frame[FEEDBACK] = microdata["channel"].values[at], told[at]
    return frame.assign(decided=frame["moved"] >= rule.places)


def _movers(found: xr.Dataset) -> dict[tuple[str, str], int]:
    """Respondent who moves each service's rank most, the first of several, by service and statistic."""
    movers: dict[tuple[str, str], int] = {}
    for statistic in found["statistic"].values.tolist():
        at = found.sel(statistic=statistic)
        rank = at["rank"].to_series().reindex(at["node"].values).to_numpy()
        moved = np.nan_to_num(np.abs(at["rank_without_respondent"].values - rank), nan=0.0)
        first = pd.Series(moved).groupby(at["node"].values).idxmax()
        movers |= {(service, statistic): int(place) for service, place in first.items()}
    return movers
