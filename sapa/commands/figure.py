"""``sapa figure``: own answers drawn."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sapa.commands.python_call import PythonText, python_call, tell_python
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
    Seed,
    print_json,
    reading,
    working,
)
from sapa.estimation import draw
from sapa.estimation.drawing import Kind
from sapa.estimation.official import Denominator, SinglePsu, Statistic
from sapa.estimation.tables import MIN_DF, MIN_RATERS, Unit
from sapa.output import whole_file, writable
from sapa.published.names import Language

FORMATS = (".png", ".pdf", ".svg")


def figure(
    data: Data,
    codebook: Codebook = None,
    kind: Annotated[Kind, typer.Option(help="Scores with intervals, or ranks with their sets.")] = "scores",
    by: Annotated[Unit, typer.Option(help="What is drawn.")] = "service",
    statistic: Annotated[Statistic, typer.Option(help="Which figure.")] = "mean",
    denominator: Annotated[Denominator, typer.Option(help="Of satisfaction, the share of fives.")] = "asked",
    deff: Deff = 1.0,
    level: ConfidenceLevel = 0.95,
    single_psu: Annotated[SinglePsu, typer.Option(help="What a stratum of one PSU is.")] = "error",
    min_raters: MinRaters = MIN_RATERS,
    min_df: MinDf = MIN_DF,
    df: Df = None,
    min_cell: MinCell = 0,
    language: Annotated[Language, typer.Option("--lang", help="Language of the labels.")] = "en",
    seed: Seed = 0,
    drop: Drop = False,
    out: Annotated[Path, typer.Option(help="Picture to write: .png, .pdf or .svg.")] = Path("figure.png"),
    as_json: AsJson = False,
) -> None:
    """Draw the scores or the ranks of own answers into one picture.

    Exit codes: 0 done, 2 bad input.

    Example: sapa figure answers.csv --kind ranks --lang kk --out ranks.pdf
    """
    writable(out, FORMATS)
    answers, text = reading(data, codebook, drop=drop)
    options: dict[str, Any] = {"kind": kind, "by": by, "statistic": statistic, "denominator": denominator}
    options |= {"deff": deff, "level": level, "single_psu": single_psu, "min_raters": min_raters}
    options |= {"min_df": min_df, "df": df, "min_cell": min_cell, "language": language, "rng": seed}
    drawn = python_call(draw, text, **options)
    call = PythonText(f"{drawn}.get_figure(root=True).savefig({str(out)!r}, dpi=200)")
    import matplotlib.pyplot as plt  # here, for it takes longer to load than most commands take to run

    plt.switch_backend("agg")  # no window: there may be no screen
    with working("drawing"), whole_file(out) as fresh:
        draw(answers, **options)
        plt.savefig(fresh, dpi=200)
        plt.close()
    if as_json:
        print_json(call, files=[out])
    print(f"wrote {out}", file=sys.stderr)
    tell_python(call)
