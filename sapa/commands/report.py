"""``sapa report``: one page of words, figures and tables, and its print."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sapa.choices import MIN_DF, MIN_RATERS, SEED, Denominator, Language, SinglePsu, Statistic, Unit
from sapa.commands.progress import ShowProgress, shown
from sapa.commands.python_call import python_call, tell_python
from sapa.commands.tables import (
    AsJson,
    Codebook,
    ConfidenceLevel,
    Deff,
    Df,
    Drop,
    MinCell,
    MinDf,
    MinRaters,
    codebook_of,
    print_json,
    working,
)
from sapa.report_files import NO_BROWSER


def report(
    data: Annotated[
        Path | None, typer.Argument(help="File of answers; without one the report is that of 2020.")
    ] = None,
    after: Annotated[Path | None, typer.Argument(help="Answers of a later round to compare with.")] = None,
    codebook: Codebook = None,
    codebook_after: Annotated[
        Path | None, typer.Option(help="Codebook of the later round; by default that of the earlier.")
    ] = None,
    by: Annotated[Unit, typer.Option(help="What is ranked.")] = "service",
    statistic: Annotated[Statistic, typer.Option(help="By which figure.")] = "mean",
    denominator: Annotated[Denominator, typer.Option(help="Of satisfaction, the share of fives.")] = "asked",
    deff: Deff = 1.0,
    level: ConfidenceLevel = 0.95,
    single_psu: Annotated[SinglePsu, typer.Option(help="What a stratum of one PSU is.")] = "error",
    min_raters: MinRaters = MIN_RATERS,
    min_df: MinDf = MIN_DF,
    df: Df = None,
    min_cell: MinCell = 0,
    language: Annotated[Language, typer.Option("--lang", help="Language of the report.")] = "en",
    seed: Annotated[
        int | None, typer.Option(help="Seed of what is drawn at random; 0 for own answers, 2020 for 2020.")
    ] = None,
    drop: Drop = False,
    pdf: Annotated[
        bool | None,
        typer.Option(
            "--pdf/--no-pdf",
            help="Print it too; by default where a Chromium, Chrome or Edge is found.",
            show_default=False,
        ),
    ] = None,
    progress: ShowProgress = None,
    out: Annotated[Path, typer.Option(help="Page to write, .html; its PDF goes beside it.")] = Path(
        "report.html"
    ),
    as_json: AsJson = False,
) -> None:
    """Write the report of own answers, of two rounds, or of 2020: one page that opens offline, and a PDF.

    Exit codes: 0 done, also without a browser to print (it is said), 2 bad input.

    Example: sapa report answers.csv --lang kk --out report.html
    """
    options: dict[str, Any] = {"deff": deff, "language": language, "pdf": pdf}
    if data is None:
        from sapa.reproduction_files import report_2020

        options["seed"] = SEED if seed is None else seed
        with shown(progress) as stage:
            files = report_2020(out, **options, stage=stage)
        call = python_call(report_2020, out, **options)
    else:
        from sapa.own_report import write_report

        book = codebook_of(data, codebook)
        if not book.is_file():
            raise ValueError(f"there is no codebook {str(book)!r}; write one with: sapa init {data}")
        options |= {
            "codebook": book,
            "after": after,
            "codebook_after": _later(after, codebook, codebook_after),
        }
        options |= {"by": by, "statistic": statistic, "denominator": denominator, "level": level}
        options |= {"single_psu": single_psu, "min_raters": min_raters, "min_df": min_df, "df": df}
        options |= {"min_cell": min_cell, "drop": drop, "rng": seed or 0}
        with working("writing the report"):
            files = write_report(out, data, **options)
        call = python_call(write_report, out, data, **options)
    if as_json:
        print_json(call, files=files)
    print(f"wrote {' and '.join(map(str, files))}", file=sys.stderr)
    if len(files) == 1 and pdf is None:
        print(NO_BROWSER, file=sys.stderr)
    tell_python(call)


def _later(after: Path | None, codebook: Path | None, given: Path | None) -> Path | None:
    """Codebook of the later round: the one given, the one beside it, or none of its own."""
    if after is None or given is not None or codebook is not None:
        return given
    beside = after.with_suffix(".toml")
    return beside if beside.is_file() else None
