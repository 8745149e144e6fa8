"""``sapa compare``: what changed between two rounds of own answers."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sapa.choices import MIN_DF, MIN_RATERS, Denominator, SinglePsu, Statistic, Unit
from sapa.commands.python_call import python_call
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
    Out,
    Seed,
    reading,
    show,
    working,
)


def compare(
    before: Annotated[Path, typer.Argument(help="File of answers of the earlier round.")],
    after: Annotated[Path, typer.Argument(help="File of answers of the later round.")],
    codebook: Codebook = None,
    codebook_after: Annotated[
        Path | None, typer.Option(help="Codebook of the later round; by default that of the earlier.")
    ] = None,
    by: Annotated[Unit, typer.Option(help="What is compared.")] = "service",
    statistic: Annotated[Statistic, typer.Option(help="By which figure.")] = "mean",
    denominator: Annotated[Denominator, typer.Option(help="Of satisfaction, the share of fives.")] = "asked",
    deff: Deff = 1.0,
    level: ConfidenceLevel = 0.95,
    single_psu: Annotated[SinglePsu, typer.Option(help="What a stratum of one PSU is.")] = "error",
    min_raters: MinRaters = MIN_RATERS,
    min_df: MinDf = MIN_DF,
    df: Df = None,
    min_cell: MinCell = 0,
    seed: Seed = 0,
    drop: Drop = False,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Say which services, regions or channels rose or fell between two independent rounds.

    The intervals hold for all units at once. Exit codes: 0 done, 2 bad input.

    Example: sapa compare answers_2024.csv answers_2025.csv --codebook answers.toml
    """
    from sapa.estimation import compare as compare_answers

    old, old_text = reading(before, codebook, drop=drop)
    beside = after.with_suffix(".toml")
    later = codebook_after or (codebook if codebook or beside.is_file() else before.with_suffix(".toml"))
    new, new_text = reading(after, later, drop=drop)
    options: dict[str, Any] = {"by": by, "statistic": statistic, "denominator": denominator, "deff": deff}
    options |= {
        "level": level,
        "single_psu": single_psu,
        "min_raters": min_raters,
        "min_df": min_df,
        "df": df,
    }
    options |= {"min_cell": min_cell, "rng": seed}
    with working("comparing"):
        table = compare_answers(old, new, **options)
    call = python_call(compare_answers, old_text, new_text, **options)
    show(table, call=call, as_json=as_json, out=out)
