"""Whether each printed pair of mean and satisfaction can come from real ratings: ``feasibility.csv``."""

import os
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estimators import attainable, feasible
from sapa.microdata.targets import Interval
from sapa.microdata.uneven import uneven_triples
from sapa.published import codebook, printed, table
from sapa.scheme_2020 import LIST_OF_CHANNEL, USERS_ONLY, questionnaire, service_channels

#: Columns of the result, in order, with what they hold.
COLUMNS: Final = {
    "table": "name of the data file",
    "row": "keys of the row, joined with /",
    "pair": "column of the mean",
    "year": "year the pair is about",
    "mean_score": "mean as printed",
    "satisfaction_pct": "satisfaction as printed, per cent",
    "verdict": "feasible: one denominator can give both; above: mean > 4 + share; below: mean < 1 + 4 share; "
    "no_ratings: 0.00 printed; off_scale: not on 1..5",
    "rate_low": "lowest rate raters/asked, the same for every item, that can give both; 0 is any above 0",
    "rate_high": "highest such rate; blank where none does",
    "impossible": "yes where no denominators can give both, item by item included",
    "items": "items that the pair averages; blank for averages of criteria and above, where n cannot tell",
    "n_low": "fewest people asked, by the printed n and channel share; blank where unknown",
    "n_high": "most people asked",
    "attainable": "yes: whole numbers of fives and raters print so, of some items more raters than of others "
    "if need be; no: none do, if everyone in the channel was asked each item",
    "raters_low": "fewest raters that print so, for single items of known n",
    "raters_high": "most such raters",
}
MEANS_AND_SHARES: Final = (
    ("mean_score", "satisfaction_pct"),
    ("overall_mean_printed", "overall_satisfaction_printed"),
    ("headline_mean", "headline_satisfaction"),
    ("criterion_mean", "criterion_satisfaction"),
    ("centre_mean_printed", "centre_satisfaction_printed"),
    ("avg_4yr_mean", "avg_4yr_satisfaction_pct"),
    ("avg_5yr_mean", "avg_5yr_satisfaction_pct"),
    ("mean_2019", "sat_2019"),
    ("mean_2018", "sat_2018"),
    ("mean_2017", "sat_2017"),
)
#: Merged cells, printed once beside several rows: what tells them apart.
MERGED: Final = {
    "overall_mean_printed": ["service_id"],
    "headline_mean": ["service_id"],
    "centre_mean_printed": ["service_id", "call_centre"],
}
BLOCK: Final = 50  # sizes tried at once where the number asked is a range
SLACK: Final = 1e-8


def feasibility() -> pd.DataFrame:
    """Every printed pair of mean and satisfaction, judged against what ratings can be.

    Half a unit of the last printed digit is allowed either way: means have two decimals, satisfaction one.

    Returns
    -------
    One row a pair, in the order of the codebook; columns as `COLUMNS`, blanks NaN or the empty string.

    Notes
    -----
    A pair is judged *attainable* only where it averages items of one channel: single items (Tables 2 and 3,
    call centres, ambulance) and criteria. An item without ratings drops out, so a criterion may average
    any number of its items. Averages of several items are allowed a whole unit, since the report averages
    rounded figures: 38 of its criteria's satisfactions are no average of shares of the printed n, all but
    8 of them are averages of rounded ones. Items put to users only (feedback, virtual assistant, call centre)
    are asked of one to all people of the channel. The number asked of a channel is that of `channel_sizes`.

    Examples
    --------
    >>> regional = feasibility().query("table == 'local_service_by_region'")
    >>> regional["verdict"].value_counts().to_dict()
    {'feasible': 225, 'above': 44, 'below': 2}
    """
    frame = pd.concat([_pairs(name, *columns) for name, *columns in _sources()], ignore_index=True)
    rated = frame["mean_score"].between(1, 5).to_numpy()
    share = frame["satisfaction_pct"].to_numpy() / 100
    verdict = feasible(np.where(rated, frame["mean_score"], 1.0), np.where(rated, share, 0.0))
    frame["verdict"] = np.select(
        [frame["mean_score"] == 0, ~rated, verdict.above, verdict.below],
        ["no_ratings", "off_scale", "above", "below"],
        "feasible",
    )
    frame["rate_low"] = np.where(rated, verdict.rate_low, np.nan)
    frame["rate_high"] = np.where(rated, verdict.rate_high, np.nan)
    frame["impossible"] = np.where(rated & verdict.impossible, "yes", "")
    places = zip(frame["mean_score"], share, frame["n_low"], frame["n_high"], frame["items"], strict=True)
    known = rated & frame["items"].notna()
    found = [_attained(*place) if one else ("", None, None) for place, one in zip(places, known, strict=True)]
    frame["attainable"], fewest, most = zip(*found, strict=True)
    frame["raters_low"], frame["raters_high"] = (pd.array(x, dtype="Int64") for x in (fewest, most))
    return frame[list(COLUMNS)]


def write_feasibility(folder: str | os.PathLike[str]) -> Path:
    """Write ``feasibility.csv`` into a folder that exists; returns its path."""
    path = Path(folder) / "feasibility.csv"
    feasibility().round({"rate_low": 4, "rate_high": 4}).to_csv(path, index=False)
    return path


@cache
def channel_sizes() -> pd.DataFrame:
    """Fewest and most people asked in each service and channel, columns ``n_low, n_high``.

    A one-channel service has its section's n. Otherwise the printed online and office shares, each with its
    own decimals, leave the whole numbers that round to them; with none printed, 1 to n - 1.

    Raises
    ------
    ValueError
        When the printed shares of a section leave no whole number.

    Examples
    --------
    >>> channel_sizes().loc[("s49", "online")].to_dict()
    {'n_low': 11, 'n_high': 11}
    """
    sections = printed("service_sections").set_index("service_id")
    channels = pd.DataFrame(service_channels(), columns=["service", "channel"])
    sizes = {}
    for service, group in channels.groupby("service")["channel"]:
        section = sections.loc[service]
        n = int(section["n_section"])
        online, office = section["online_share_pct"], section["office_share_pct"]
        if len(group) == 1:
            sizes[service, group.iloc[0]] = (n, n)
            continue
        low, high = _rounded(online, n) if online else (1, n - 1)
        if office:
            least, most = _rounded(office, n)
            low, high = max(low, n - most), min(high, n - least)
        if low > high:
            raise ValueError(
                f"service_sections.csv, {service}: no split of {n} has {online} % and {office} %"
            )
        for channel in group:
            sizes[service, channel] = (low, high) if channel == "online" else (n - high, n - low)
    index = pd.MultiIndex.from_tuples(sizes, names=["service", "channel"])
    return pd.DataFrame(list(sizes.values()), index=index, columns=["n_low", "n_high"])


def _rounded(percent: str, n: int) -> tuple[int, int]:
    """Fewest and most of n whose percentage prints as the text."""
    half = 0.5 * 10.0 ** -len(percent.partition(".")[2])
    low, high = n * (float(percent) - half) / 100, n * (float(percent) + half) / 100
    return int(np.ceil(low - 1e-9)), int(np.floor(high + 1e-9))


def _sources() -> list[tuple[str, str, str]]:
    """(table, column of the mean, column of the satisfaction) of every kind of pair."""
    return [
        (name, mean, share)
        for name, entry in codebook().items()
        for mean, share in MEANS_AND_SHARES
        if mean in entry.columns and share in entry.columns
    ]


def _pairs(name: str, mean: str, share: str) -> pd.DataFrame:
    """Printed pairs of one kind, with the people asked and the number of items averaged."""
    rows = table(name)
    if mean in MERGED:
        rows = rows.drop_duplicates(MERGED[mean])
    rows = rows[rows[mean].notna() & rows[share].notna()]
    people = _people(name, rows, mean)
    year = int(mean[-4:]) if mean[-4:].isdigit() else 2020
    return pd.DataFrame(
        {
            "table": name,
            "row": rows[list(codebook()[name].keys)].astype(str).agg("/".join, axis=1),
            "pair": mean,
            "year": rows.get("year", year),
            "mean_score": rows[mean],
            "satisfaction_pct": rows[share],
            **{column: pd.array(people[column], dtype="Int64") for column in ("items", "n_low", "n_high")},
        }
    )


def _people(name: str, rows: pd.DataFrame, mean: str) -> pd.DataFrame:
    """Items averaged, and fewest and most people asked, of each row; blank where unknown."""
    blank = pd.DataFrame(pd.NA, index=rows.index, columns=["items", "n_low", "n_high"])
    if name in ("criteria", "scoring_example_office", "scoring_example_portal"):
        return blank.combine_first(_items_asked(name, rows[rows["criterion"] != ""], mean))
    if name == "criteria_totals" and mean == "mean_score":
        sizes = channel_sizes().reindex(pd.MultiIndex.from_frame(rows[["service_id", "channel"]]))
        return blank.assign(n_low=sizes["n_low"].to_numpy(), n_high=sizes["n_high"].to_numpy())
    if name == "yearly":
        return blank.assign(n_low=rows["sample_size"], n_high=rows["sample_size"])
    whole_service = name == "service_ranking_2020" or mean in ("overall_mean_printed", "headline_mean")
    if name == "callcentre" or whole_service:
        n = rows["service_id"].map(table("services").set_index("service_id")["n_section"])
        if whole_service:
            return blank.assign(n_low=n, n_high=n)
        return blank.assign(items=1 if mean == "mean_score" else 3, n_low=1, n_high=n)
    return blank


def _items_asked(name: str, rows: pd.DataFrame, mean: str) -> pd.DataFrame:
    """The same for criteria and for the items of Tables 2 and 3, which are those of s49."""
    if name == "criteria":
        places = list(zip(rows["service_id"], rows["channel"], rows["criterion"], strict=True))
    else:
        channel = "office" if name == "scoring_example_office" else "online"
        places = [("s49", channel, criterion) for criterion in rows["criterion"]]
    lists = questionnaire().groupby(["list", "criterion"]).size()
    sizes = channel_sizes()
    result = []
    for service, channel, criterion in places:
        key = LIST_OF_CHANNEL[channel], criterion
        low, high = sizes.loc[(service, channel), :]
        items = 1 if name != "criteria" and mean == "mean_score" else lists[key]
        result.append((items, 1 if key in USERS_ONLY else low, high))
    return pd.DataFrame(result, index=rows.index, columns=["items", "n_low", "n_high"])


def _attained(
    mean: float, share: float, n_low: int, n_high: int, items: int
) -> tuple[str, int | None, int | None]:
    """Verdict for any number asked in the range and of items; raters for a single item of known n."""
    uneven: list[tuple[int, int]] = []
    for start in range(n_low, n_high + 1, BLOCK):
        asked = np.arange(start, min(start + BLOCK, n_high + 1))
        for averaged in range(items, 0, -1):
            found = attainable(mean, share, asked, items=averaged, rounded_items=True, rating_rate=(0.0, 1.0))
            if found.attainable.any():
                known = items == 1 and n_low == n_high
                return "yes", *(
                    (int(found.raters_low[0]), int(found.raters_high[0])) if known else (None, None)
                )
            uneven += [(int(n), averaged) for n in asked[_unequal(mean, share, asked, averaged)]]
    return "yes" if any(_prints(mean, share, *place) for place in uneven) else "no", None, None


def _prints(mean: float, share: float, n: int, items: int) -> bool:
    """Whether some numbers of raters and fives, of each item its own, print the pair: every way is tried."""
    window = Interval(mean - 0.01 - SLACK, mean + 0.01 + SLACK, mean)
    least, most = _fives(share, n * items)
    each = [range(n + 1)] * items
    totals = range(int(least), int(most) + 1)
    return any(uneven_triples(n, each, total, window, keep=1) for total in totals)


def _fives(share: float, ratings: Any) -> tuple[Any, Any]:
    """Fewest and most fives among the ratings: a whole unit either way, of the item and of the average."""
    least = np.ceil(ratings * (share - 0.001) - SLACK)
    return np.maximum(least, 0), np.floor(ratings * (share + 0.001) + SLACK)


def _unequal(mean: float, share: float, asked: NDArray[np.int64], items: int) -> NDArray[np.bool_]:
    """Whether unequal numbers of raters are not ruled out: a necessary condition.

    The fives of all items are a whole number k of items x n. An item with a five has a mean of at most 5,
    one without at most 4; each mean is at least 1 + 4 fives/asked.
    """
    ratings = asked * items
    least, most = _fives(share, ratings)
    highest = 4 + np.minimum(most, items) / items
    lowest = 1 + 4 * least / ratings
    fits = (mean - 0.01 <= highest + SLACK) & (mean + 0.01 >= lowest - SLACK)
    result: NDArray[np.bool_] = (least <= most) & fits & (items > 1)
    return result
