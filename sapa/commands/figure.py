"""``sapa figure``: one figure, of 2020 or of own answers."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from sapa.choices import MIN_DF, MIN_RATERS, SEED, Denominator, Language, SinglePsu, Statistic
from sapa.commands.progress import ShowProgress, shown
from sapa.commands.python_call import PythonText, python_call, tell_python
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
    print_json,
    reading,
    working,
)
from sapa.whole_file import whole_file, writable

FORMATS = (".png", ".pdf", ".svg")
Name = Literal[
    "scores", "ranks", "tiers", "allocation", "sample", "distributions", "variance", "effective",
    "change", "coverage", "study", "map", "ledger", "one-person",
]  # fmt: skip
By = Literal["service", "agency", "region", "channel", "item", "criterion"]
ONLY_2020 = ("ledger", "one-person")


def figure(
    name: Annotated[Name, typer.Argument(help="What is shown.")],
    data: Annotated[
        Path | None,
        typer.Argument(help="File of answers, or of a study (.csv); without one the figure is that of 2020."),
    ] = None,
    after: Annotated[Path | None, typer.Argument(help="For change: answers of the later round.")] = None,
    codebook: Codebook = None,
    codebook_after: Annotated[
        Path | None, typer.Option(help="Codebook of the later round; by default that of the earlier.")
    ] = None,
    by: Annotated[By | None, typer.Option(help="Rows; by default services, or what the figure has.")] = None,
    statistic: Annotated[Statistic, typer.Option(help="Which figure.")] = "mean",
    denominator: Annotated[Denominator, typer.Option(help="Of satisfaction, the share of fives.")] = "asked",
    deff: Deff = 1.0,
    level: ConfidenceLevel = 0.95,
    single_psu: Annotated[SinglePsu, typer.Option(help="What a stratum of one PSU is.")] = "error",
    min_raters: MinRaters = MIN_RATERS,
    min_df: MinDf = MIN_DF,
    df: Df = None,
    min_cell: MinCell = 0,
    population: Annotated[
        Path | None, typer.Option(help="For sample: .csv with the columns region and population.")
    ] = None,
    quantity: Annotated[str | None, typer.Option(help="For study: which of its figures.")] = None,
    replicates: Annotated[int, typer.Option(help="For the study of 2020: surveys simulated.")] = 100,
    language: Annotated[Language, typer.Option("--lang", help="Language of the labels.")] = "en",
    seed: Annotated[
        int | None, typer.Option(help="Seed of what is drawn at random; 0 for own answers, 2020 for 2020.")
    ] = None,
    drop: Drop = False,
    progress: ShowProgress = None,
    out: Annotated[Path, typer.Option(help="Picture to write: .png, .pdf or .svg.")] = Path("figure.png"),
    as_json: AsJson = False,
) -> None:
    """Draw one figure of 2020, or of own answers, into a picture.

    Exit codes: 0 done, 2 bad input.

    Example: sapa figure ranks answers.csv --lang kk --out ranks.pdf
    """
    from sapa.estimation import draw

    writable(out, FORMATS)
    options: dict[str, Any] = {"by": by or "service", "statistic": statistic, "denominator": denominator}
    options |= {"deff": deff, "level": level, "single_psu": single_psu, "min_raters": min_raters}
    options |= {"min_df": min_df, "df": df, "min_cell": min_cell, "language": language, "rng": seed or 0}
    if data is None:
        drawing, call = _of_2020(name, by, statistic, quantity, replicates, seed, language, progress)
    elif name == "study":
        drawing, call = _of_study(data, quantity, language)
    elif name == "change":
        drawing, call = _of_change(data, after, codebook, codebook_after, drop, options)
    elif name in ONLY_2020:
        raise ValueError(f"{name} is a figure of 2020 only; leave {str(data)!r} out")
    else:
        options = {"kind": name} | options | {"population": _population(population)}
        answers, text = reading(data, codebook, drop=drop)
        drawing, call = lambda: draw(answers, **options), python_call(draw, text, **options)
    call = PythonText(f"{call}.get_figure(root=True).savefig({str(out)!r}, dpi=200)")
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")  # no window: there may be no screen
    with working("drawing"), whole_file(out) as fresh:
        drawing()
        plt.savefig(fresh, dpi=200)
        plt.close()
    if as_json:
        print_json(call, files=[out])
    print(f"wrote {out}", file=sys.stderr)
    tell_python(call)


Drawing = tuple[Callable[[], Any], PythonText]


def _of_2020(
    name: Name,
    by: By | None,
    statistic: Statistic,
    quantity: str | None,
    replicates: int,
    seed: int | None,
    language: Language,
    progress: bool | None,
) -> Drawing:
    from sapa.drawings import draw_2020

    options: dict[str, Any] = {"by": by, "statistic": statistic, "quantity": quantity}
    options |= {"replicates": replicates, "seed": SEED if seed is None else seed, "language": language}

    def drawing() -> Any:
        with shown(progress) as stage:
            return draw_2020(name, **options, stage=stage)

    return drawing, python_call(draw_2020, name, **options)


def _of_study(data: Path, quantity: str | None, language: Language) -> Drawing:
    import pandas as pd

    from sapa.studies.drawing import draw_study

    try:
        table = pd.read_csv(data)
    except (OSError, ValueError) as error:
        raise ValueError(f"data must be the table of a study, got {str(data)!r}: {error}") from error
    options: dict[str, Any] = {"quantity": quantity, "language": language}
    text = PythonText(f"pandas.read_csv({str(data)!r})")
    return lambda: draw_study(table, **options), python_call(draw_study, text, **options)


def _of_change(
    before: Path,
    after: Path | None,
    codebook: Path | None,
    codebook_after: Path | None,
    drop: bool,
    options: dict[str, Any],
) -> Drawing:
    from sapa.estimation import draw_change

    if after is None:
        raise ValueError("change needs two files of answers, the earlier and the later round; add the later")
    old, old_text = reading(before, codebook, drop=drop)
    beside = after.with_suffix(".toml")
    later = codebook_after or (codebook if codebook or beside.is_file() else before.with_suffix(".toml"))
    new, new_text = reading(after, later, drop=drop)
    options = options | {"names": (before.stem, after.stem)}
    call = python_call(draw_change, old_text, new_text, **options)
    return lambda: draw_change(old, new, **options), call


def _population(path: Path | None) -> dict[str, float] | None:
    """Population of each region from a CSV file."""
    import pandas as pd

    if path is None:
        return None
    try:
        table = pd.read_csv(path)
        return dict(zip(table["region"].astype(str), table["population"].astype(float), strict=True))
    except (OSError, ValueError, KeyError) as error:
        message = (
            f"population must be a .csv with the columns region and population, got {str(path)!r}: {error}"
        )
        raise ValueError(message) from error
