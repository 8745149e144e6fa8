"""What the report of own answers says in words, every number computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import xarray as xr

from sapa.choices import Language, Statistic, Unit
from sapa.estimation.official import official
from sapa.figures.rows import percent
from sapa.words import header, labels_of, phrase

NAMED = 10  # units named in a sentence


@dataclass(frozen=True, slots=True)
class Settings:
    """How the answers are scored, ranked and told: the options of :func:`sapa.own_report.write_report`."""

    by: Unit
    statistic: Statistic
    official: Mapping[str, Any]
    limits: Mapping[str, Any]
    language: Language

    @property
    def ranked(self) -> dict[str, Any]:
        """Options of :func:`sapa.rank`."""
        return {"by": self.by, "statistic": self.statistic, **self.official, **self.limits}

    @property
    def level(self) -> str:
        """Confidence level as text."""
        return percent(self.official["level"])

    def say(self, key: str, **values: object) -> str:
        """Sentence of the report."""
        return phrase(key, language=self.language, **values)


class Saying(Protocol):
    """What says a sentence at a level."""

    @property
    def level(self) -> str:
        """Confidence level as text."""

    def say(self, key: str, **values: object) -> str:
        """Sentence of that key."""


def numbers_in_words(scores: pd.DataFrame, ranking: pd.DataFrame | None, told: Settings) -> list[str]:
    """Who has the highest score and who the lowest, among the ranked where some are."""
    said = []
    rows = scores[(scores["statistic"] == told.statistic) & scores["estimate"].notna()]
    rows = rows.sort_values("estimate", ascending=False)
    if ranking is not None:
        keys = [name for name in ("service", "region", "channel") if name in ranking]
        rows = rows.merge(ranking.loc[ranking["rank"].notna(), keys], on=keys)
    if len(rows):
        first, last = rows.iloc[0], rows.iloc[-1]
        said.append(
            told.say(
                "say_best_of_all" if ranking is None else "say_best",
                count=len(rows),
                name=_name(first, told.by),
                value=_shown(first["estimate"], told.statistic),
                level=told.level,
                low=_shown(first["lower"], told.statistic),
                high=_shown(first["upper"], told.statistic),
                last=_name(last, told.by),
                last_value=_shown(last["estimate"], told.statistic),
            )
        )
    return said


def ranks_in_words(ranking: pd.DataFrame | None, told: Settings) -> list[str]:
    """How many pairs are told apart, who may be first, what difference that takes, and who is too thin.

    Of all ranked units, also those whose own figures are left blank.
    """
    if ranking is None:
        return []
    what = header(told.statistic, language=told.language).capitalize()
    said = sets_in_words(ranking["rank_lower"].dropna(), ranking["rank_upper"].dropna(), what, told)
    said.append(told.say("say_resolvable", value=_shown(ranking.attrs["resolvable"], told.statistic)))
    thin = int(ranking["rank"].isna().sum())
    return [*said, told.say("say_thin", thin=thin, all=len(ranking))] if thin else said


def sets_in_words(best: pd.Series, worst: pd.Series, what: str, told: Saying) -> list[str]:
    """How far rank sets tell units apart: established pairs, who may be first and last, the median set."""
    low, high = best.to_numpy(dtype=float), worst.to_numpy(dtype=float)
    size = len(low)
    apart = round(float((low - 1).sum() + (size - high).sum()) / 2)
    median = float(np.median(high - low + 1))
    return [
        told.say(
            "say_apart", what=what, apart=f"{apart:,}", pairs=f"{size * (size - 1) // 2:,}", level=told.level
        ),
        told.say(
            "say_first",
            what=what,
            first=int((low == 1).sum()),
            ranked=size,
            last=int((high == size).sum()),
            median=f"{median:g}",
        ),
    ]


def change_in_words(change: pd.DataFrame, names: Sequence[str], told: Settings) -> list[str]:
    """How many rose, fell, and who could not be compared."""
    counts = change["verdict"].value_counts()
    said = [
        told.say(
            "say_change",
            before=names[0],
            after=names[-1],
            rose=int(counts.get("rose", 0)),
            fell=int(counts.get("fell", 0)),
            same=int(counts.get("not told apart", 0)),
            all=len(change),
            level=told.level,
        )
    ]
    left = change.attrs.get("not_compared", [])
    if left:
        more = ", …" if len(left) > NAMED else ""
        said.append(told.say("say_not_compared", names=", ".join(map(str, left[:NAMED])) + more))
    return said


def variance_in_words(data: xr.Dataset, told: Settings) -> list[str]:
    """The criterion that makes most of the variance, beside its share of the ratings."""
    if len(set(data["criterion"].values)) < 2:
        return []
    options = {key: told.official[key] for key in ("denominator", "deff", "single_psu")}
    found = official(data, by=told.by, **options).sel(statistic=told.statistic)
    usable = found.isel(node=np.flatnonzero(found["se"].values > 0))
    if not usable.sizes["node"]:
        return []
    share = usable["share_criterion"].mean("node")
    most = str(share["criterion"].values[int(share.values.argmax())])
    given = pd.Series((data["ratings"].values > 0).sum(axis=0)).groupby(data["criterion"].values).sum()
    return [
        told.say(
            "say_variance",
            name=dict(zip(given.index, labels_of(list(given.index), language=told.language), strict=True))[
                most
            ],
            share=f"{100 * float(share.max()):.0f}",
            ratings=f"{100 * given[most] / given.sum():.1f}",
        )
    ]


def _name(row: pd.Series, by: Unit) -> str:
    return ", ".join(str(row[name]) for name in ("service", "region", "channel") if name in row)


def _shown(value: float, statistic: Statistic) -> str:
    return f"{100 * value:.1f}%" if statistic == "satisfaction" else f"{value:.2f}"
