"""What the printed summaries alone certify, without any microdata."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estimators import attainable, averaging_matrix, bounds_on, feasible
from estimators.composite import STATISTICS
from estimators.composite_influence import Statistic
from estimators.summary_verdicts import SummaryBounds
from sapa.feasibility import channel_sizes
from sapa.published import corrected_criteria, table
from sapa.scheme_2020 import LIST_OF_CHANNEL, USERS_ONLY, questionnaire
from sapa.verdicts.leagues import printed_league
from sapa.verdicts.zones import by_depth

Integers = NDArray[np.int64]
LEAST_RATE: Final = 0.01  # of raters among those asked, where the printed figures leave any above 0
LEAGUES: Final = tuple(
    (league, statistic) for league in ("services", "agencies", "regions") for statistic in STATISTICS
)
MANY: Final = 2  # items behind a service's figure in a region: at least so many


EVERYBODY: Final = 10**9


@dataclass(frozen=True, slots=True)
class Setting:
    """What is taken for granted beside the printed figures.

    Attributes
    ----------
    correlation, deff
        Of one person's ratings, and design effect: from the kindest to the least kind.
    fewest
        Raters at least, where the report prints no respondents: of items put to users only (never fewer than
        the printed figures need), and of a service in a region. `EVERYBODY`: all who may have been asked.
    """

    correlation: tuple[float, float]
    deff: tuple[float, float]
    fewest: int = 1


WHOLE: Final = Setting((0.2, 0.8), (1.0, 2.0))
#: From the whole range to one exact value of each unknown.
NARROWING: Final = (
    WHOLE,
    Setting((0.2, 0.8), (1.0, 1.0)),
    Setting((0.5, 0.5), (1.0, 1.0)),
    Setting((0.2, 0.2), (1.0, 1.0)),
    Setting((0.2, 0.2), (1.0, 1.0), 10),
    Setting((0.5, 0.5), (1.0, 1.0), EVERYBODY),
    Setting((0.2, 0.2), (1.0, 1.0), EVERYBODY),
)


def certified(*, level: float) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """What criteria and regional tables as printed make certain of three leagues.

    Services and agencies: every criterion's figure, the people that its channel's printed share leaves (for
    items put to users only, all of them or as few as can print the figure), any ratings that print so, and
    the ranges of `WHOLE`; a criterion's items are rated at one rate. Regions: the local services' figures,
    of which the report prints no respondents by region: one to all of the smaller of service and region.

    Returns
    -------
    A row a league and statistic: ``pairs``, how many are told apart under everything that the printed
    figures allow, ``certain``, and under something, ``possible``; the same of ``adjacent`` pairs; the
    ``critical`` value of all pairs at once; medians of the least and greatest standard errors, ``se_low`` and
    ``se_high``. And the assumptions.
    """
    rows: list[dict[str, object]] = []
    said: dict[str, list[str]] = {}
    for league, statistic in LEAGUES:
        bounds = _bounds(league, statistic, WHOLE, level)
        for text in bounds.assumptions:
            said.setdefault(text, []).append(f"{league} by {statistic}")
        rows.append({"league": league, "statistic": statistic, **_counts(bounds, league, statistic)})
    texts = [f"Printed summaries, {', '.join(where)}: {text}." for text, where in said.items()]
    return pd.DataFrame(rows), tuple(texts)


def narrowed(*, level: float) -> pd.DataFrame:
    """The same as less and less is left open: which assumption it is that certifies.

    Returns
    -------
    A row a setting of `NARROWING`, league and statistic: ``correlation_low, correlation_high, deff_low,
    deff_high, fewest_raters`` (of items put to users only, of a service in a region; NaN: everybody),
    ``pairs``, ``certain`` and ``possible``, ``certain_alone`` (each pair tested by itself) and ``se_high``.
    """
    rows = []
    for setting in NARROWING:
        for league, statistic in LEAGUES:
            bounds = _bounds(league, statistic, setting, level)
            counts = _counts(bounds, league, statistic)
            row: dict[str, object] = {"league": league, "statistic": statistic}
            for name in ("correlation", "deff"):
                row |= dict(zip((f"{name}_low", f"{name}_high"), getattr(setting, name), strict=True))
            row["fewest_raters"] = np.nan if setting.fewest == EVERYBODY else setting.fewest
            row |= {name: counts[name] for name in ("pairs", "certain", "possible")}
            row["certain_alone"] = int(bounds.pairwise(simultaneous=False).certain.sum())
            rows.append(row | {"se_high": counts["se_high"]})
    return pd.DataFrame(rows)


def _counts(bounds: SummaryBounds, league: str, statistic: Statistic) -> dict[str, float]:
    found = bounds.pairwise()
    order = np.argsort(-printed_league(league)[statistic].to_numpy(), kind="stable")
    certain, possible = (m[np.ix_(order, order)] for m in (found.certain, found.possible))
    size = len(order)
    next_to = np.arange(size - 1)
    either = possible | possible.T
    return {
        "pairs": size * (size - 1) // 2,
        "certain": int(certain.sum()),
        "possible": int(np.triu(either, 1).sum()),
        "adjacent": size - 1,
        "certain_adjacent": int(certain[next_to, next_to + 1].sum()),
        "possible_adjacent": int(either[next_to, next_to + 1].sum()),
        "critical": found.critical,
        "se_low": float(np.median(bounds.se[:, 0])),
        "se_high": float(np.median(bounds.se[:, 1])),
    }


def _bounds(league: str, statistic: Statistic, setting: Setting, level: float) -> SummaryBounds:
    make = _regions if league == "regions" else _services
    return make(league, statistic, setting, level)


def _services(league: str, statistic: Statistic, setting: Setting, level: float) -> SummaryBounds:
    """Bounds on services, or on agencies as means of them, from the printed criteria."""
    leaves = _criteria(statistic)
    fewest = np.where(leaves["users_only"], setting.fewest, 1)
    fewest = np.maximum(leaves["raters_low"], np.minimum(fewest, leaves["raters_high"]))
    scheme = by_depth(leaves["leaf"], ("service", "channel"))
    units = printed_league(league)
    if league == "agencies":
        owner = table("services").set_index("service_id")["agency_id"]
        held = {s: owner[s] for s in scheme.level("service").nodes if owner[s] in units.index}
        scheme = scheme.grouped("agency", held, below="service")
    unit = "service" if league == "services" else "agency"
    matrix = averaging_matrix(scheme, [True] * len(leaves), level=unit)
    row = {name: place for place, name in enumerate(scheme.level(unit).nodes)}
    return bounds_on(
        leaves["mean"],
        leaves["share"],
        matrix[[row[u] for u in units.index]],
        statistic=statistic,
        raters=(fewest, leaves["raters_high"]),
        group=leaves["group"],
        correlation=setting.correlation,
        rating_rate=(leaves["rate_low"], leaves["rate_high"]),
        items=leaves["items"],
        items_alike=False,
        deff=setting.deff,
        published=units[statistic],
        level=level,
    )


def _regions(league: str, statistic: Statistic, setting: Setting, level: float) -> SummaryBounds:
    """Bounds on regions from the local services' regional figures; the ambulance prints means only."""
    local = table("local_service_by_region")[["service_id", "region_id", "mean_score", "satisfaction_pct"]]
    ambulance = table("ambulance_by_region").assign(service_id="s62", mean_score=lambda t: t["region_mean"])
    rows = pd.concat([local, ambulance[["service_id", "region_id", "mean_score"]]], ignore_index=True)
    rows = _paired(rows, statistic)
    of_service = table("services").set_index("service_id")["n_section"]
    of_region = table("regions").set_index("region_id")["n_respondents"]
    most = np.minimum(rows["service_id"].map(of_service), rows["region_id"].map(of_region)).astype(int)
    units = printed_league(league)
    weight = (rows["region_id"].to_numpy() == units.index.to_numpy()[:, None]).astype(float)
    return bounds_on(
        rows["mean"],
        rows["share"],
        weight / weight.sum(axis=1, keepdims=True),
        statistic=statistic,
        raters=(np.minimum(setting.fewest, most.to_numpy()), most.to_numpy()),
        group=np.arange(len(rows)),
        correlation=setting.correlation,
        rating_rate=(rows["rate_low"], rows["rate_high"]),
        items=MANY,
        items_alike=False,
        deff=setting.deff,
        published=units[statistic],
        level=level,
    )


@cache
def _criteria(statistic: Statistic) -> pd.DataFrame:
    """Leaves: criteria that print the statistic, with the people who may stand behind them."""
    rows = _paired(corrected_criteria().query("mean_score != 0"), statistic)
    lists = [LIST_OF_CHANNEL[channel] for channel in rows["channel"]]
    keys = list(zip(lists, rows["criterion"], strict=True))
    sizes = channel_sizes().loc[list(zip(rows["service_id"], rows["channel"], strict=True))]
    low, high = (sizes[name].to_numpy(dtype=int) for name in ("n_low", "n_high"))
    if statistic == "mean":
        low = np.ceil(low * rows["rate_low"].to_numpy()).astype(int)
    few = np.array([key in USERS_ONLY for key in keys])
    items = questionnaire().groupby(["list", "criterion"]).size()
    rows = rows.assign(items=[int(items[key]) for key in keys])
    return rows.assign(
        leaf=rows[["service_id", "channel", "criterion"]].agg("/".join, axis=1),
        group=rows[["service_id", "channel"]].agg("/".join, axis=1),
        users_only=few,
        raters_low=np.where(few, _fewest_users(rows, high), np.maximum(low, 1)),
        raters_high=high,
    )


def _fewest_users(rows: pd.DataFrame, most: Integers) -> Integers:
    """Fewest raters of each item who can print the pair, all of them rating; 1 where no number does."""
    size = np.arange(1, int(most.max()) + 1)
    mean, share, items = (rows[name].to_numpy()[:, None] for name in ("mean", "share", "items"))
    works = attainable(mean, share, size, items=items, rounded_items=True, rating_rate=1.0).attainable
    works &= size <= most[:, None]
    return np.asarray(np.where(works.any(axis=1), 1 + works.argmax(axis=1), 1))


def _paired(rows: pd.DataFrame, statistic: Statistic) -> pd.DataFrame:
    """Rows that print the statistic, with ``mean, share, rate_low, rate_high`` that are feasible.

    Where the other figure is not known, or impossible beside it, ones and fives alone stand in: the greatest
    spread that the statistic allows.
    """
    known = "mean_score" if statistic == "mean" else "satisfaction_pct"
    rows = rows[rows[known].notna() & ~(rows["mean_score"].isna() & (rows["satisfaction_pct"] == 0))].copy()
    share, mean = rows["satisfaction_pct"].to_numpy() / 100, rows["mean_score"].to_numpy()
    both = np.isfinite(share) & np.isfinite(mean)
    verdict = feasible(np.where(both, mean, 1.0), np.where(both, share, 0.0))
    good = both & ~verdict.impossible
    spread = np.round((mean - 1) / 4, 3) if statistic == "mean" else share
    rows["share"] = np.where(good, share, spread)
    rows["mean"] = np.where(good, mean, np.round(1 + 4 * rows["share"], 2))
    rows["rate_low"] = np.where(good, np.maximum(verdict.rate_low, LEAST_RATE), 1.0)
    rows["rate_high"] = np.where(good, verdict.rate_high, 1.0)
    return rows
