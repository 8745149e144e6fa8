"""The verdicts in words: every number is read from the tables."""

from typing import TYPE_CHECKING

import pandas as pd

from sapa.published import names
from sapa.verdicts.leagues import ASSUMED, SOURCES
from sapa.verdicts.rules import WITHOUT, OnePersonRule

if TYPE_CHECKING:
    from sapa.verdicts.verdicts import Verdicts  # whose sentences these are

CASES = ("assumed", "favourable", "unfavourable")
NOUN = {
    "services": "services",
    "agencies": "agencies",
    "own_agencies": "agencies",
    "regions": "regions",
    "local_bodies": "regions",
    "all_providers": "regions",
}
SAID = {
    "services_first": "The first three services of Table 8",
    "services_last": "The last three services of Table 8",
    "own_agencies_first": "The first three agencies of Table 9",
    "own_agencies_last": "The last three agencies of Table 9",
    "local_bodies_first": "The first three local bodies of Table 11",
    "local_bodies_last": "The last three local bodies of Table 11",
    "regions_first": "The first three regions of Table 12",
    "regions_last": "The last three regions of Table 12",
    "own_agencies_rose": "Agencies said to have raised their mean from 2019",
    "local_bodies_rose": "Local bodies said to have raised their mean from 2019",
    "local_bodies_rose_since": "Local bodies said to have raised their mean from 2016",
    "country_fell": "The fall of the country's mean from 2019",
    "country_same": "The country's satisfaction, said to be practically unchanged from 2019",
}


def sentences(found: "Verdicts", *, thin: pd.DataFrame, decides: OnePersonRule) -> tuple[str, ...]:
    """All verdicts in words.

    Parameters
    ----------
    found
        The verdicts, whose tables are read.
    thin
        Channels of a few people, of the precision.
    decides
        When one respondent decides a rank.
    """
    return (
        *(_league(found.separation, league) for league in SOURCES),
        *(
            _statement(found.statements, found.statement_units, name)
            for name in found.statements["statement"].unique()
        ),
        _certified(found.certified),
        _narrowed(found.narrowed),
        *(_changes(found.changes, league) for league in ("country", "own_agencies", "local_bodies")),
        _definition(found.changes),
        _feedback(found.rules),
        _other_rules(found.rules),
        _one_person(found.one_person, decides),
        _deals(found.deals),
        _one_channel(thin),
    )


def _three(rows: pd.DataFrame, column: str) -> str:
    """A number under the assumed scenario, and under the two others in brackets where they differ."""
    at = rows.set_index("scenario")[column]
    if at.nunique() == 1:
        return f"{at.iloc[0]:.0f} whatever the assumptions"
    return f"{at[CASES[0]]:.0f} ({at[CASES[1]]:.0f} favourable, {at[CASES[2]]:.0f} unfavourable)"


def _league(apart: pd.DataFrame, league: str) -> str:
    rows = apart[(apart["league"] == league) & (apart["statistic"] == "mean")]
    first = rows[rows["scenario"] == ASSUMED].iloc[0]
    noun = NOUN[league]
    return (
        f"{SOURCES[league].report}, {first['adjacent'] + 1} {noun} by mean. Of {first['adjacent']} pairs of "
        f"neighbours {first['tied']} print the same figure; told apart without correction: "
        f"{_three(rows, 'one_by_one')}; all pairs at once: {_three(rows, 'together')}. Of all "
        f"{first['pairs']:,} pairs told apart: {_three(rows, 'apart')}. May be first: "
        f"{_three(rows, 'may_be_first')}; may be last: {_three(rows, 'may_be_last')}."
    )


def _statement(said: pd.DataFrame, units: pd.DataFrame, name: str) -> str:
    rows = said[said["statement"] == name]
    first = rows[rows["scenario"] == ASSUMED].iloc[0]
    own = units[(units["statement"] == name) & (units["scenario"] == ASSUMED)]
    who = ", ".join(own["unit"])
    text = f"{SAID[name]} ({who}). Of {first['units']} established: {_three(rows, 'established')}"
    if rows["contradicted"].any():
        text += f"; contradicted: {_three(rows, 'contradicted')}"
    if pd.notna(first["candidates"]):
        text += f"; units that may hold these places: {_three(rows, 'candidates')}"
    unlike = own.loc[~own["as_printed"].astype(bool), "unit"].tolist()
    if unlike:
        text += f"; the report's own table says otherwise of {', '.join(unlike)}"
    return text + "."


def _certified(sure: pd.DataFrame) -> str:
    rows = sure[sure["statistic"] == "mean"].set_index("league")
    parts = [
        f"{league} {certain:.0f} of {pairs:,.0f} pairs certainly, {possible:,.0f} possibly"
        for league, certain, possible, pairs in rows[["certain", "possible", "pairs"]].itertuples()
    ]
    return (
        "From printed summaries alone, whatever people, correlations and design effects in the stated ranges "
        f"stand behind them, differences of means are established for: {'; '.join(parts)}."
    )


def _narrowed(narrow: pd.DataFrame) -> str:
    rows = narrow[(narrow["league"] == "services") & (narrow["statistic"] == "mean")]
    parts = []
    for row in rows.to_dict("records"):
        correlation, effect = (
            f"{row[f'{name}_low']:g}"
            + (f" to {row[f'{name}_high']:g}" if row[f"{name}_low"] < row[f"{name}_high"] else "")
            for name in ("correlation", "deff")
        )
        few = row["fewest_raters"]
        users = (
            "everybody" if pd.isna(few) else "as few as print the figure" if few == 1 else f"{few:.0f} or all"
        )
        parts.append(
            f"{row['certain']:.0f} (correlation {correlation}, design effect {effect}, users {users})"
        )
    pairs = rows["pairs"].iloc[0]
    return (
        f"Of {pairs:,} pairs of services certainly apart by mean, as less is left open: {'; '.join(parts)}."
    )


def _changes(moved: pd.DataFrame, league: str) -> str:
    parts = []
    rows = moved[moved["league"] == league]
    for statistic in ("mean", "satisfaction"):
        own = rows[rows["statistic"] == statistic]
        counts = own.groupby("scenario")[["alone", "together"]].agg(lambda column: int((column != "").sum()))
        first = own[own["scenario"] == ASSUMED]
        together = [
            f"{word} {', '.join(first.loc[first['together'] == word, 'unit'])}"
            for word in ("rose", "fell")
            if (first["together"] == word).any()
        ]
        table = counts.reset_index()
        parts.append(
            f"Changes of {statistic} established one by one: {_three(table, 'alone')}; all {len(first)} at "
            f"once: {_three(table, 'together')}" + (f" ({'; '.join(together)})" if together else "")
        )
    label = "The country (a table of one)" if league == "country" else SOURCES[league].report
    return f"{label}, 2019 to 2020. {'. '.join(parts)}."


def _definition(moved: pd.DataFrame) -> str:
    rows = moved[(moved["statistic"] == "mean") & (moved["scenario"] == ASSUMED)]
    counts = {
        league: (int((~part["before_feasible"].astype(bool)).sum()), len(part))
        for league, part in rows.groupby("league", sort=False)
    }
    return (
        "Satisfaction of 2019 was computed otherwise: mean and satisfaction cannot come from one denominator "
        f"for {' of '.join(map(str, counts['own_agencies']))} agencies and "
        f"{' of '.join(map(str, counts['local_bodies']))} local bodies. A change mixes both."
    )


def _feedback(rules: pd.DataFrame) -> str:
    rows = rules[(rules["rule"] == WITHOUT) & (rules["statistic"] == "mean")]
    most = rows.loc[rows["rank_change"].abs().idxmax()]
    real = rows.loc[rows["difference_p_value"] < 0.05, "service"]
    return (
        f"Without the feedback criterion the median service moves "
        f"{rows['rank_change'].abs().median():.0f} places, {most['service']} "
        f"({names('service')[most['service']]}) {abs(most['rank_change']):.0f}; "
        f"{int(rows['survives'].sum())} of {len(rows)} moves survive uncertainty (rank sets apart). The "
        f"score itself differs beyond chance for {len(real)} services"
        + (f" ({', '.join(real)})." if len(real) else ".")
    )


def _other_rules(rules: pd.DataFrame) -> str:
    rows = rules[(rules["statistic"] == "mean") & ~rules["rule"].isin(["official", WITHOUT])]
    parts = [
        f"{name.replace('_', ' ')}: largest move {part['rank_change'].abs().max():.0f} places, "
        f"{int(part['survives'].sum())} survive, tau {part['tau'].iloc[0]:.2f}"
        for name, part in rows.groupby("rule", sort=False)
    ]
    return f"Other rules for the same answers. {'; '.join(parts).capitalize()}."


def _one_person(single: pd.DataFrame, decides: OnePersonRule) -> str:
    rows = single[single["statistic"] == "mean"]
    own = rows[rows["decided"]]
    most = rows.loc[rows["moved"].idxmax()]
    return (
        f"One respondent decides the rank of {len(own)} of {len(rows)} services ({decides}); in "
        f"{int(own['feedback'].sum())} of them that person rated feedback. Most: {most['service']} with "
        f"{most['n']} respondents, rank {most['rank']:.0f}, and {most['rank_best']:.0f} to "
        f"{most['rank_worst']:.0f} without one of them."
    )


def _deals(dealt: pd.DataFrame) -> str:
    apart = [f"{SOURCES[league].report} {_span(dealt[league])}" for league in SOURCES]
    sets = [set(services.split()) for services in dealt["decided"]]
    always = sorted(set.intersection(*sets))
    return (
        f"Chance of the deal. Over {len(dealt)} single ways of dealing the printed counts to people, pairs "
        f"told apart are: {', '.join(apart)}; one respondent decides the rank of "
        f"{_span(dealt['services_decided'])} services, in every deal of {len(always)} ({', '.join(always)})."
    )


def _span(numbers: pd.Series) -> str:
    low, high = numbers.min(), numbers.max()
    return f"{low} to {high}" if low < high else str(low)


def _one_channel(thin: pd.DataFrame) -> str:
    rows = thin[(thin["n"] == 1) & (thin["statistic"] == "mean")]
    parts = [
        f"{row['service']} {row['published']:.2f} with its {row['channel']} channel, {row['without']:.2f} "
        f"without (printed rank {row['printed_rank']}, then {row['rank_without']})"
        for row in rows.to_dict("records")
    ]
    return f"Channels of one respondent: {'; '.join(parts) if parts else 'none'}."
