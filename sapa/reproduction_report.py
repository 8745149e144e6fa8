"""The report of the 2020 reproduction: which figures follow, how precise they are, which ranks hold."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from sapa.ledger import feedback_in_zones, left_out
from sapa.published import Language, corrections, names
from sapa.report import Figure, ReportTable, Section, page, report_table
from sapa.reproduction import Reproduction
from sapa.reproduction_summary import (
    UNITS,
    assumptions_2020,
    closing,
    league_in_words,
    ledger_in_words,
    summary,
)
from sapa.words import phrase, remark

DIGITS = {
    "estimate": 2, "se": 3, "lower": 2, "upper": 2, "half_width": 2, "effective_n": 0, "df": 0,
    "difference_df": 0, "correlation_low": 1, "correlation_high": 1, "deff_low": 1, "deff_high": 1,
    "se_high": 3,
    "before": 3, "after": 3, "difference": 3, "p_value": 4, "flips_at_deff": 1, "computed": 3,
    "weight": 3, "channel_figure": 3, "published": 3, "without": 3, "mean_score": 2, "satisfaction_pct": 1,
    "rate_low": 3, "rate_high": 3, "pairs_told_apart": 3, "median_half_width": 3, "median_rank_set": 1,
    "rho": 1, "deff": 1, "printed_online_percent": 1, "resolvable": 2, "allowed": 3,
}  # fmt: skip
LEAGUE_COLUMNS = (
    "name", "printed_rank", "rank_low", "rank_high", "estimate", "lower", "upper", "n", "effective_n",
    "resolvable", "rank_low_favourable", "rank_high_favourable", "rank_low_unfavourable",
    "rank_high_unfavourable", "why_thin",
)  # fmt: skip


def reproduction_page(result: Reproduction, drawn: Mapping[str, Figure], *, language: Language = "en") -> str:
    """HTML of the report.

    Parameters
    ----------
    result
        Of :func:`sapa.reproduction.reproduce_2020`.
    drawn
        Figures by the names of :func:`sapa.drawings.drawings`.
    language
        Of the summary, headings, captions, league tables, methods and reproducibility; what is judged
        sentence by sentence is in English and says so.
    """
    english = [
        Section("findings", "findings", points=result.findings),
        _ledger(result, drawn),
        _feasibility(result),
        _country(result),
        _statements(result),
        _rules(result),
        _variance(result, drawn),
        _one_person(result, drawn),
        _sample(drawn),
        _respondents(result),
    ]
    judged = [replace(part, title=phrase(part.title, language=language), english=True) for part in english]
    sections = [
        summary(result, language),
        *judged[:3],
        *(_league(result, drawn, name, language) for name in UNITS),
        *judged[3:],
        *closing(result, language),
    ]
    return page(
        phrase("report_2020", language=language), sections, lead=ledger_in_words(result, language),
        language=language,
    )  # fmt: skip


def _ledger(result: Reproduction, drawn: Mapping[str, Figure]) -> Section:
    book = result.ledger
    contradicted = book[book["status"] == "contradicted"].drop(columns="status")
    mended = book[book["status"] == "reproduced_after_correction"].drop(columns="status")
    total = result.agreement.loc["all"]
    text = (
        "Every printed figure that other printed figures determine is recomputed. It is reproduced "
        "when printed and computed value differ by no more than rounding explains: half a unit of the "
        "printed figure, and what half a unit of each input can move the computed one. Nothing is "
        "tuned to match.",
        f"Of {total['recomputed']:,} recomputed figures {total['follow']:,} follow; taking the inputs "
        f"as they stand, without their rounding, {total['as_printed']:,} still do. {len(corrections())} "
        "corrections are listed; they are tried only where a figure fails, and the table below names "
        "each use.",
    )
    tables = [
        _table(result.tables()["ledger_counts"], "Figures by table and status"),
        _table(contradicted, "Contradicted", "What the report prints against what its own figures give."),
        _table(mended, "Reproduced after a correction"),
        _table(left_out(), "Left blank, though printed figures fill them"),
        _table(
            feedback_in_zones().rename_axis("zone").reset_index(),
            "Do complaints count? Distance of provider rows from their criteria",
        ),
    ]
    return Section("ledger", "ledger", text, figures=[drawn["ledger"]], tables=tables)


def _feasibility(result: Reproduction) -> Section:
    frame = result.feasibility
    verdicts = frame.groupby(["table", "verdict"], sort=False).size().unstack(fill_value=0)
    odd = frame[frame["verdict"].isin(["above", "below"]) | (frame["attainable"] == "no")]
    text = (
        "A mean and a share of fives bound each other: with everybody rating, the mean lies between 1 "
        "+ 4 shares and 4 + share. The report divides fives by all who were asked and the mean by "
        "those who rated, so a pair may lie above; then only a rating rate between the two given can "
        "save it. A pair below the bound is impossible under any denominators.",
    )
    impossible = frame[frame["impossible"] == "yes"]
    tables = [
        _table(verdicts.reset_index(), "Pairs of mean and satisfaction, by table"),
        _table(impossible, "Impossible under any denominators"),
        _table(odd, "Pairs that one denominator cannot give, or that whole people cannot"),
    ]
    return Section("feasibility", "feasibility", text, tables=tables)


def _league(result: Reproduction, drawn: Mapping[str, Figure], name: str, language: Language) -> Section:
    unit = UNITS[name]
    frame = result.tables()[name]
    frame = frame.assign(
        name=frame[unit].map(names(unit, language=language)),
        why_thin=[remark(text, language=language) for text in frame["why_thin"]],
    )
    text = (*league_in_words(result, name, language), phrase("league_note", language=language))
    shown = [unit, *LEAGUE_COLUMNS]
    titles = [
        phrase(name, language=language) + ": " + phrase(key, language=language)
        for key in ("league_q", "league_satisfaction")
    ]
    tables = [
        _table(_statistic(frame, "mean")[shown], titles[0], language=language),
        _table(
            _statistic(frame, "satisfaction")[shown].drop(columns="why_thin"), titles[1], language=language
        ),
    ]
    kinds = ("intervals", "rank_sets", "change", "map")
    pictures = [figure for kind in kinds for figure in _parts(drawn, f"{name}_{kind}")]
    return Section(name, phrase(name, language=language), text, (), (), pictures, tables)


def _country(result: Reproduction) -> Section:
    text = (
        "The country's score is the mean of 62 services. The change from 2019 is tested under each set "
        "of assumptions; flips at deff is the design effect at which the verdict would turn.",
    )
    tables = [
        _table(result.precision.change, "2019 to 2020, the country"),
        _table(result.precision.country, "The country in 2020"),
        _table(result.precision.assumptions, "What the assumptions do to the ranking of services"),
    ]
    return Section("country", "country_change", text, (), assumptions_2020(result), (), tables)


def _statements(result: Reproduction) -> Section:
    judged = result.verdicts
    tables = [
        _table(judged.statements, "Statements of the report, and what the data establish of them"),
        _table(judged.separation, "How far each league tells its units apart"),
        _table(judged.changes, "2019 to 2020, unit by unit"),
        _table(judged.rank_sets, "Rank set of every unit in every league"),
        _table(judged.certified, "What the printed figures alone certify"),
        _table(judged.narrowed, "What they certify as less is left open"),
    ]
    return Section("statements", "statements", (), judged.sentences, judged.assumptions, tables=tables)


def _rules(result: Reproduction) -> Section:
    text = (
        "The same answers scored by other rules: channels weighted by their respondents, items pooled, "
        "feedback left out or drawn towards its mean; and without each respondent in turn.",
    )
    tables = [
        _table(result.verdicts.rules, "Services by five rules"),
        _table(result.verdicts.one_person, "Services without each of their respondents"),
    ]
    return Section("rules", "deciders", text, tables=tables)


def _variance(result: Reproduction, drawn: Mapping[str, Figure]) -> Section:
    rows = result.precision.criterion_shares.query("level in ('country', 'service') and statistic == 'mean'")
    text = (
        "Every criterion has the same weight, whoever answered it. A score's variance is therefore "
        "made by the criteria that few people rate. The effective number of respondents is how many "
        "single ratings would be as precise; one respondent gives about twenty, so it can exceed the "
        "number of people.",
    )
    pictures = [*_parts(drawn, "variance_shares"), *_parts(drawn, "effective_numbers")]
    tables = [_table(rows.drop(columns="statistic"), "Share of the variance of Q by criterion")]
    return Section("variance", "variance", text, figures=pictures, tables=tables)


def _one_person(result: Reproduction, drawn: Mapping[str, Figure]) -> Section:
    text = (
        "A channel counts as much as the other, however few people used it. The table lists the "
        "channels of five people or fewer, with the place that the service would have without them.",
    )
    tables = [_table(result.precision.thin_channels, "Thin channels")]
    return Section("one-person", "thin_channels", text, figures=[drawn["one_person"]], tables=tables)


def _sample(drawn: Mapping[str, Figure]) -> Section:
    text = (
        "The report's rule is X = N P / 100: a region's share of the sample is its share of the population.",
    )
    return Section("sample", "sample", text, figures=[drawn["population_and_sample"]])


def _respondents(result: Reproduction) -> Section:
    told = result.microdata_report
    text = (
        f"The answers are not published. {result.microdata.sizes['respondent']:,} synthetic respondents "
        f"stand in for them: scored by the official rule they print {told.table8_exact} of "
        f"{len(told.table8)} rows of Table 8. They give the covariance of the scores; they are not the "
        "answers.",
    )
    tables = [
        _table(told.summary, "Printed figures and how many the synthetic respondents print"),
        _table(told.assumptions, "What the report leaves open, and what was put in its place"),
        _table(told.misses, "Printed figures that they do not print, with the reason"),
        _table(told.splits, "Channel splits"),
        _table(
            told.regions,
            "Regional figures of local services: how many print, the distance of the others and the least "
            "that the counts allow, in units of the last digit",
        ),
        _table(told.users, "People behind feedback and assistant items"),
    ]
    return Section("respondents", "synthetic", text, tables=tables)


def _parts(drawn: Mapping[str, Figure], name: str) -> list[Figure]:
    """Figure of that name, or its parts in order; none where there is no such figure."""
    return [figure for key, figure in drawn.items() if key == name or key.startswith(f"{name}_")]


def _statistic(frame: pd.DataFrame, statistic: str) -> pd.DataFrame:
    """Rows of one statistic, shares put into percent."""
    rows = frame[frame["statistic"] == statistic].drop(columns="statistic")
    if statistic == "mean":
        return rows
    stems = ("estimate", "se", "lower", "upper", "half_width", "resolvable")
    shares = [
        stem + end for stem in stems for end in ("", "_favourable", "_unfavourable") if stem + end in rows
    ]
    return rows.assign(**{column: rows[column] * 100 for column in shares})


def _table(frame: pd.DataFrame, title: str, note: str = "", *, language: Language = "en") -> ReportTable:
    base = {c: c.removesuffix("_unfavourable").removesuffix("_favourable") for c in map(str, frame.columns)}
    digits = {column: DIGITS[stem] for column, stem in base.items() if stem in DIGITS}
    years = {name: frame[name].astype(str) for name in ("year", "since") if name in frame}
    frame = frame.assign(**years)  # no thousands separator
    return report_table(frame, title=title, digits=digits, note=note, language=language)
