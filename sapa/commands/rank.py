"""``sapa rank``: a ranking of own answers with the ranks that the data allow."""

from typing import Annotated, Any

import typer

from sapa.choices import MIN_DF, MIN_RATERS, Denominator, SinglePsu, Statistic, Unit
from sapa.commands.python_call import python_call
from sapa.commands.tables import (
    AsJson,
    Codebook,
    ConfidenceLevel,
    Data,
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


def rank(
    data: Data,
    codebook: Codebook = None,
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
    seed: Seed = 0,
    drop: Drop = False,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Rank services, regions or channels, each with the set of ranks that the data allow, all at once.

    Exit codes: 0 done, 2 bad input.

    Example: sapa rank answers.csv --statistic satisfaction --min-cell 5
    """
    from sapa.estimation import rank as rank_answers

    answers, text = reading(data, codebook, drop=drop)
    options: dict[str, Any] = {"by": by, "statistic": statistic, "denominator": denominator, "deff": deff}
    options |= {
        "level": level,
        "single_psu": single_psu,
        "min_raters": min_raters,
        "min_df": min_df,
        "df": df,
    }
    options |= {"min_cell": min_cell, "rng": seed}
    with working("ranking"):
        table = rank_answers(answers, **options)
    show(table, call=python_call(rank_answers, text, **options), as_json=as_json, out=out)
