"""``sapa estimate``: scores of own answers with their intervals."""

from typing import Annotated, Any

import typer

from sapa.choices import By, Denominator, SinglePsu
from sapa.commands.python_call import python_call
from sapa.commands.tables import (
    AsJson,
    Codebook,
    ConfidenceLevel,
    Data,
    Deff,
    Drop,
    MinCell,
    Out,
    reading,
    show,
    working,
)


def estimate(
    data: Data,
    codebook: Codebook = None,
    by: Annotated[By, typer.Option(help="Whose scores.")] = "service",
    denominator: Annotated[Denominator, typer.Option(help="Of satisfaction, the share of fives.")] = "asked",
    deff: Deff = 1.0,
    level: ConfidenceLevel = 0.95,
    single_psu: Annotated[SinglePsu, typer.Option(help="What a stratum of one PSU is.")] = "error",
    min_cell: MinCell = 0,
    drop: Drop = False,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Score services, regions, channels, criteria or items by the official rule, with intervals.

    The mean (Q) is on 1..5, satisfaction a share in 0..1. Exit codes: 0 done, 2 bad input.

    Example: sapa estimate answers.csv --by region --out regions.xlsx
    """
    from sapa.estimation import estimate as estimate_answers

    answers, text = reading(data, codebook, drop=drop)
    options: dict[str, Any] = {"by": by, "denominator": denominator, "deff": deff, "level": level}
    options |= {"single_psu": single_psu, "min_cell": min_cell}
    with working("estimating"):
        table = estimate_answers(answers, **options)
    show(table, call=python_call(estimate_answers, text, **options), as_json=as_json, out=out)
