"""What the report says of its ranking in words, and what the figures' precision makes of it."""

import csv
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
import pandas as pd

from estimators import equivalence, verify_top
from estimators.options import Best
from sapa.verdicts.changes import changes
from sapa.verdicts.leagues import Case, printed_league
from sapa.verdicts.separation import Standing

#: Change of a satisfaction, as a share, that counts as none: one point.
SAME_MARGIN: Final = 0.01
ESTABLISHED, OPEN, CONTRADICTED = "established", "open", "contradicted"
HALF_UNIT: Final = {"mean_score": 0.005, "satisfaction_pct": 0.05}


@cache
def statements() -> pd.DataFrame:
    """The report's statements, one row a unit that is named.

    Returns
    -------
    ``statement`` (its name), ``source_line`` (of the report's text), ``league``, ``kind`` (``first``,
    ``last``: among the best or the worst, in the order of ``place``; ``rose``, ``fell``: of the mean,
    ``same``: of satisfaction, since the year ``since``), ``place``, ``unit``, and the figures that the
    sentence gives, ``mean_score`` and ``satisfaction_pct``; blanks are NaN.

    Examples
    --------
    >>> statements().query("statement == 'services_first'")["unit"].tolist()
    ['s16', 's61', 's41']
    """
    text = files("sapa.verdicts").joinpath("statements.csv").read_text(encoding="utf-8")
    frame = pd.DataFrame(list(csv.DictReader(text.splitlines())))
    for column in ("source_line", "place", "since", "mean_score", "satisfaction_pct"):
        frame[column] = pd.to_numeric(frame[column])
    return frame


def judged(found: Sequence[Standing], cases: Sequence[Case], *, level: float) -> pd.DataFrame:
    """Every unit of every statement, under every scenario.

    A unit is *established* among the first (or last) k that the statement names when its rank set, which
    holds for the whole table at once, lies there; *contradicted* when the set lies elsewhere; otherwise
    *open*. A change is established by Holm over all units of its table, contradicted when the printed
    figures or the test have the other sign; ``same`` when it lies within `SAME_MARGIN` (two one-sided tests).

    Returns
    -------
    The columns of :func:`statements`, ``scenario``, ``as_printed`` (the report's own table says the same, by
    place or sign, and prints the figures of the sentence), ``figures_agree``, ``rank_low, rank_high`` or
    ``difference`` and ``p_value``, and ``verdict``.
    """
    said = statements()
    places = said[said["kind"].isin(["first", "last"])]
    moves = said.drop(places.index)
    rows = [row for one in found if one.statistic == "mean" for row in _placed(places, one)]
    for (league, since), part in moves.groupby(["league", "since"]):
        frame = changes(cases, since=int(since), level=level, leagues=(league,))
        rows.extend(_moved(part, frame, level))
    frame = pd.DataFrame(rows)
    order = said.reset_index().set_index(["statement", "unit"])["index"]
    key = pd.Series(order.loc[list(zip(frame["statement"], frame["unit"], strict=True))].to_numpy())
    return frame.iloc[key.argsort(kind="stable")].reset_index(drop=True)


def summed(frame: pd.DataFrame, found: Sequence[Standing], *, level: float) -> pd.DataFrame:
    """Every statement under every scenario.

    Parameters
    ----------
    frame
        Of :func:`judged`.
    found
        Of :func:`sapa.verdicts.separation.standings`.
    level
        Of the rank sets.

    Returns
    -------
    A row a statement and scenario: numbers of its ``units``, of those ``as_printed``, ``established``,
    ``contradicted`` and ``open``; for places ``candidates``, how many units of the table may hold one of
    them, and ``p_value`` of the test that those named are the true ones, in any order (1 where a printed tie
    runs across the border); ``survives``: every unit is established.
    """
    at = {(one.league, one.scenario): one for one in found if one.statistic == "mean"}
    rows = []
    for (name, scenario), part in frame.groupby(["statement", "scenario"], sort=False):
        row = {"statement": name, "scenario": scenario, "league": part["league"].iloc[0], "units": len(part)}
        row["as_printed"] = int(part["as_printed"].sum())
        row |= {kind: int((part["verdict"] == kind).sum()) for kind in (ESTABLISHED, CONTRADICTED, OPEN)}
        if part["kind"].iloc[0] in ("first", "last"):
            row |= _border(at[row["league"], scenario], part["kind"].iloc[0], len(part), level)
        row["survives"] = row[ESTABLISHED] == len(part)
        rows.append(row)
    return pd.DataFrame(rows)


def _placed(places: pd.DataFrame, one: Standing) -> list[dict[str, object]]:
    rows = []
    printed = printed_league(one.league)
    size = len(printed)
    for said in places[places["league"] == one.league].to_dict("records"):
        k = int((places["statement"] == said["statement"]).sum())
        at = int(np.flatnonzero(one.units == said["unit"])[0])
        low, high = int(one.rank_low[at]), int(one.rank_high[at])
        inside, outside = (
            (high <= k, low > k) if said["kind"] == "first" else (low > size - k, high <= size - k)
        )
        agree = _figures_agree(said, printed.loc[said["unit"]])
        rows.append(
            said
            | {"scenario": one.scenario, "figures_agree": agree}
            | {"as_printed": agree and int(printed.at[said["unit"], "printed_rank"]) == said["place"]}
            | {"rank_low": low, "rank_high": high}
            | {"verdict": _verdict(inside, outside)}
        )
    return rows


def _moved(part: pd.DataFrame, frame: pd.DataFrame, level: float) -> list[dict[str, object]]:
    rows = []
    for said in part.to_dict("records"):
        statistic = "satisfaction" if said["kind"] == "same" else "mean"
        own = frame[(frame["unit"] == said["unit"]) & (frame["statistic"] == statistic)]
        for row in own.to_dict("records"):
            difference, moved = row["difference"], row["together"]
            if said["kind"] == "same":
                near = equivalence([difference], [row["se"]], margin=SAME_MARGIN, level=level, df=row["df"])
                printed = abs(difference) < SAME_MARGIN
                inside, outside = bool(near["equivalent"][0]), moved != ""
            else:
                printed = (difference > 0) == (said["kind"] == "rose")
                inside, outside = (
                    moved == said["kind"],
                    (moved != "" and moved != said["kind"]) or not printed,
                )
            rows.append(
                said
                | {"scenario": row["scenario"], "as_printed": printed}
                | {"difference": difference, "p_value": row["p_holm"], "verdict": _verdict(inside, outside)}
            )
    return rows


def _verdict(inside: bool, outside: bool) -> str:
    return ESTABLISHED if inside else CONTRADICTED if outside else OPEN


def _figures_agree(said: dict[str, object], printed: pd.Series) -> bool:
    """Whether the figures in the sentence are those of the table; a blank is no figure."""
    table = {"mean_score": printed["mean"], "satisfaction_pct": printed["satisfaction"] * 100}
    gaps = [abs(float(str(said[name])) - table[name]) - half for name, half in HALF_UNIT.items()]
    return not any(gap > 0 for gap in gaps)


def _border(one: Standing, kind: str, k: int, level: float) -> dict[str, object]:
    """Who may hold the first or last `k` places, and the test that the printed ones do."""
    size = len(one.units)
    edge = k if kind == "first" else size - k
    candidates = one.rank_low <= k if kind == "first" else one.rank_high > size - k
    p_value = 1.0
    if one.estimate[edge - 1] > one.estimate[edge]:
        best: Best = "high" if kind == "first" else "low"
        p_value = verify_top(one.estimate, one.covariance, k=k, best=best, df=one.df).p_value
    return {"candidates": int(candidates.sum()), "p_value": p_value, "verified": p_value < 1 - level}
