"""The verdicts as a page of Markdown: ``python -m sapa.verdicts docs/verdicts_2020.md``."""

import numbers
from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from sapa.verdicts.leagues import ASSUMED
from sapa.verdicts.rules import WITHOUT
from sapa.verdicts.verdicts import Verdicts

INTRODUCTION: Final = """# Is the 2020 ranking real?

`sapa.verdicts_2020(microdata, precision)` holds the league tables of the 2020 report, what the report says of
them in words, and its comparison with 2019 against the precision of the figures. This page is written by
`python -m sapa.verdicts docs/verdicts_2020.md`; no number in it is typed.

The steps are a statistician's: whose covariance do the figures have; which orders does a table establish,
all pairs at once; which sentences of the report follow; what changed, when many changes are looked at; whose
doing is the order. Every step is taken under three named sets of assumptions.

## Reading it

- *Told apart* means all pairs of the table at once (stepwise max-t); *without correction* each pair alone.
  Neighbours are next to each other by the figure itself, so the data chose them.
- A statement is *established* when the rank set, or the change, leaves nothing else; *contradicted* when it
  leaves something else only, or when the printed figures have the other sign; else *open*. Open is not wrong:
  it is what the survey cannot say.
- *Certainly* and *possibly* need no microdata: any ratings that print the printed figures. Where less is left
  open, *fewest raters* is that of items put to users only, and of a service in a region; blank: everybody who
  may have been asked.
- The sentence on local bodies since 2016 gives five-year means as its figures; it says that they rose.
"""


def page(verdicts: Verdicts) -> str:
    """Markdown of the verdicts: sentences, tables, assumptions."""
    parts = [INTRODUCTION, "## Verdicts\n"]
    parts += [f"- {sentence}" for sentence in verdicts.sentences]
    parts += ["\n## Tables\n\n### What each league tells apart\n", _separation(verdicts)]
    parts += ["### Statements of the report\n", _statements(verdicts)]
    parts += ["### What printed summaries alone certify\n", _certified(verdicts)]
    parts += ["### The same, as less is left open\n", _narrowed(verdicts)]
    parts += ["### Changes from 2019 established, all units of a table at once\n", _changes(verdicts)]
    parts += ["### Services that move most without the feedback criterion\n", _feedback(verdicts)]
    parts += ["### Services whose rank one respondent decides\n", _one_person(verdicts)]
    parts += [
        "### Single deals of the printed counts to people: pairs told apart by mean\n",
        _deals(verdicts),
    ]
    parts += ["## What it rests on\n", *(f"- {text}" for text in verdicts.assumptions), ""]
    return "\n".join(parts)


def markdown(frame: pd.DataFrame, digits: Mapping[str, int]) -> str:
    """Table of a frame; numbers have the digits given for their column, whole ones none.

    Examples
    --------
    >>> print(markdown(pd.DataFrame({"unit": ["a"], "score": [4.5]}), {"score": 2}))
    | unit | score |
    |---|---|
    | a | 4.50 |
    <BLANKLINE>
    """
    rows = [
        [_cell(value, digits.get(str(name), 0)) for name, value in zip(frame.columns, row, strict=True)]
        for row in frame.itertuples(index=False)
    ]
    lines = [[str(name).replace("_", " ") for name in frame.columns], ["---"] * frame.shape[1], *rows]
    head, rule, *body = (" | ".join(line) for line in lines)
    return "\n".join([f"| {head} |", f"|{rule.replace(' ', '')}|", *(f"| {line} |" for line in body), ""])


def _cell(value: object, digits: int) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if not isinstance(value, numbers.Real):
        return str(value)
    return "" if pd.isna(value) else f"{float(value):,.{digits}f}"


def _separation(verdicts: Verdicts) -> str:
    frame = verdicts.separation.merge(verdicts.leagues[["league", "report"]], on="league", sort=False)
    columns = [
        "report",
        "statistic",
        "scenario",
        "adjacent",
        "tied",
        "one_by_one",
        "holm",
        "together",
        "pairs",
    ]
    columns += ["apart", "may_be_first", "may_be_last", "median_set", "gap"]
    return markdown(frame[columns], {"gap": 4, "median_set": 1})


def _statements(verdicts: Verdicts) -> str:
    frame = verdicts.statements.drop(columns=["league", "verified"])
    lines = verdicts.statement_units.groupby("statement")["source_line"].min()
    frame.insert(1, "line", frame["statement"].map(lines))
    return markdown(frame, {"p_value": 3})


def _certified(verdicts: Verdicts) -> str:
    return markdown(verdicts.certified, dict.fromkeys(["critical", "se_low", "se_high"], 3))


def _narrowed(verdicts: Verdicts) -> str:
    frame = verdicts.narrowed
    one = dict.fromkeys([f"{name}_{end}" for name in ("correlation", "deff") for end in ("low", "high")], 1)
    return markdown(frame, {**one, "se_high": 3})


def _deals(verdicts: Verdicts) -> str:
    return markdown(verdicts.deals.drop(columns="decided"), {})


def _changes(verdicts: Verdicts) -> str:
    frame = verdicts.changes
    frame = frame[(frame["scenario"] == ASSUMED) & (frame["together"] != "")]
    columns = ["league", "unit", "statistic", "before", "after", "difference", "lower", "upper", "p_holm"]
    columns += ["p_max_t", "flips_at_deff", "flips_in_family", "before_feasible"]
    three = dict.fromkeys(["before", "after", "difference", "lower", "upper", "p_holm", "p_max_t"], 3)
    return markdown(frame[columns], {**three, "flips_at_deff": 1, "flips_in_family": 1})


def _feedback(verdicts: Verdicts) -> str:
    official, without = (
        verdicts.rules[(verdicts.rules["rule"] == name) & (verdicts.rules["statistic"] == "mean")]
        .set_index("service")
        .sort_index()
        for name in ("official", WITHOUT)
    )
    frame = pd.DataFrame(
        {
            "service": official.index,
            "score": official["score"],
            "rank": official["rank"],
            "rank_set": _span(official),
            "score_without": without["score"],
            "rank_without": without["rank"],
            "rank_set_without": _span(without),
            "p_value_of_difference": without["difference_p_value"],
        }
    )
    most = without["rank_change"].abs().sort_values(ascending=False, kind="stable").index[:15]
    return markdown(frame.loc[most], {"score": 2, "score_without": 2, "p_value_of_difference": 3})


def _span(rows: pd.DataFrame) -> pd.Series:
    return rows["lower"].astype(str) + "-" + rows["upper"].astype(str)


def _one_person(verdicts: Verdicts) -> str:
    frame = verdicts.one_person.query("decided and statistic == 'mean'")
    frame = frame.sort_values("moved", ascending=False, kind="stable")
    frame = frame.rename(columns={"feedback": "rated_feedback"})
    columns = ["service", "n", "score", "rank", "rank_best", "rank_worst", "largest_change", "channel"]
    return markdown(frame[[*columns, "rated_feedback"]], {"score": 2, "largest_change": 2})
