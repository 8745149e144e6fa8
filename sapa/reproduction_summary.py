"""What the report of 2020 says in three languages: its summary, methods and how to make it again."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sapa.figures.rows import percent
from sapa.made_by import references, versions
from sapa.own_summary import sets_in_words
from sapa.published import Language, Unit, codebook, source
from sapa.report import Section
from sapa.reproduction import Reproduction
from sapa.words import header, phrase, short_names

UNITS: Final[Mapping[str, Unit]] = {"services": "service", "agencies": "agency", "regions": "region"}
LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Saying:
    """Sentences of the report in one language."""

    language: Language
    level: str = percent(LEVEL)

    def say(self, key: str, **values: object) -> str:
        """Sentence of that key."""
        return phrase(key, language=self.language, **values)


def summary(result: Reproduction, language: Language) -> Section:
    """What is told apart, what changed, what makes the variance, and what one person does."""
    told = Saying(language)
    points: list[str] = []
    for name in UNITS:
        points += league_in_words(result, name, language)
    points += _country(result, told)
    points += _criterion(result, told)
    points += _one_person(result, told)
    return Section("summary", told.say("summary"), points=points)


def ledger_in_words(result: Reproduction, language: Language) -> str:
    """How many printed figures follow from the others."""
    counts = {name: f"{number:,}" for name, number in result.ledger_counts.loc["all"].items()}
    return phrase("say_ledger", language=language, **counts)


def league_in_words(result: Reproduction, name: str, language: Language) -> list[str]:
    """How far a league tells its units apart by Q, and how many are thin."""
    told = Saying(language)
    rows = result.tables()[name].query("statistic == 'mean'")
    what = told.say(name)
    said = sets_in_words(rows["rank_low"], rows["rank_high"], what, told)
    thin = int(rows["thin"].sum())
    return [*said, f"{what}: {told.say('say_marked', thin=thin, all=len(rows))}"]


def closing(result: Reproduction, language: Language) -> list[Section]:
    """Assumptions, methods, references and how to make the report again."""
    told = Saying(language)
    size = f"{result.microdata.sizes['respondent']:,}"
    methods = [told.say(key) for key in ("method_ledger", "method_feasibility")]
    methods += [told.say("method_synthetic", respondents=size)]
    methods += [told.say(key) for key in ("method_score", "method_variance", "method_ranks", "method_holm")]
    assumed = Section(
        "assumptions", told.say("assumptions"), assumptions=assumptions_2020(result), english=True
    )
    options = ", ".join(f"{name} = {value:g}" for name, value in result.options.items())
    lines = [
        told.say("made_by", call=f"sapa reproduce ({options})"),
        told.say("versions", versions=versions()),
        told.say("seed", seed=f"{result.options['seed']:g}"),
        told.say("fingerprint", file=told.say("published_data"), print=fingerprint_2020()),
        told.say("source_2020"),
    ]
    return [
        assumed,
        Section("methods", told.say("methods"), text=methods),
        Section("references", told.say("references"), points=references("2020")),
        Section("reproducibility", told.say("reproducibility"), text=lines),
    ]


def fingerprint_2020() -> str:
    """SHA-256 over the published tables, in the order of their names."""
    whole = hashlib.sha256()
    for name in sorted(codebook()):
        whole.update(source(name).read_bytes())
    return whole.hexdigest()


def assumptions_2020(result: Reproduction) -> Sequence[str]:
    """What the figures rest on, in English sentences."""
    cases = result.precision.assumptions.set_index("scenario")
    ranges = "; ".join(
        f"{name}: correlation {row['rho']:g}, deff {row['deff']:g}, feedback raters x{row['raters']:g}"
        for name, row in cases.iterrows()
    )
    return (*result.precision.notes, ranges)


def _country(result: Reproduction, told: Saying) -> list[str]:
    rows = result.precision.change.query("statistic == 'mean' and scenario == 'assumed'")
    return [
        told.say(
            "say_country",
            since=2019,
            before=f"{row.before:.2f}",
            after=f"{row.after:.2f}",
            difference=f"{row.difference:+.2f}",
            level=told.level,
            low=f"{row.lower:.2f}",
            high=f"{row.upper:.2f}",
            verdict=told.say("yes" if row.changed else "no"),
        )
        for row in rows.itertuples()
    ]


def _criterion(result: Reproduction, told: Saying) -> list[str]:
    """The criterion that makes most of the variance of the services, and its share of the ratings."""
    shares = result.precision.criterion_shares.query("level == 'service' and statistic == 'mean'")
    mean = shares.drop(columns=["node", "level", "statistic"]).mean()
    most = str(mean.idxmax())
    rated = (result.microdata["ratings"] > 0).sum("respondent")
    part = rated.where(result.microdata["criterion"] == most, 0).sum() / rated.sum()
    return [
        told.say(
            "say_variance",
            name=header(most, language=told.language),
            share=f"{100 * mean[most]:.0f}",
            ratings=f"{100 * float(part):.1f}",
        )
    ]


def _one_person(result: Reproduction, told: Saying) -> list[str]:
    rows = result.precision.thin_channels.query("statistic == 'mean' and n == 1")
    names = short_names("service", language=told.language)
    return [
        told.say(
            "say_one_person",
            service=f"{row.service} ({names[row.service]})",
            channel=header(row.channel, language=told.language),
            without=f"{row.without:.2f}",
            published=f"{row.published:.2f}",
            rank=row.printed_rank,
            rank_without=row.rank_without,
        )
        for row in rows.itertuples()
    ]
