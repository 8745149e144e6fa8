"""``sapa reproduce``: the 2020 monitoring rebuilt, judged and shown."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from sapa.commands.progress import shown
from sapa.output import whole_folder
from sapa.published import Language
from sapa.reproduction import SEED, Reproduction, reproduce_2020

HEADS = {
    "input": "input",
    "reproduced": "reproduced",
    "reproduced_after_correction": "corrected",
    "not_derivable": "not deriv.",
    "contradicted": "contradicted",
}


def reproduce(
    out: Annotated[Path, typer.Option(help="Folder of the results, made whole or not at all.")] = Path(
        "out/2020"
    ),
    rho: Annotated[
        float, typer.Option(help="Within-respondent correlation of the ratings, 0 to below 1.")
    ] = 0.5,
    deff: Annotated[float, typer.Option(help="Design effect beside the named design, at least 1.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the synthetic respondents.")] = SEED,
    lang: Annotated[Language, typer.Option(help="Language of the figures' labels.")] = "en",
) -> None:
    """Recompute every figure of the 2020 report, say how precise it is and which ranks it supports.

    Example: sapa reproduce --out out/2020
    """
    from sapa.reproduction_files import write  # here, for its drawings take long to load

    with whole_folder(out, made_by="sapa reproduce") as folder, shown() as stage:
        result = reproduce_2020(rho=rho, deff=deff, seed=seed, stage=stage)
        write(result, folder, language=lang, stage=lambda share, text: stage(0.75 + 0.25 * share, text))
    _summarise(result, out)


def _summarise(result: Reproduction, out: Path) -> None:
    """Ledger counts by table and the findings, on standard output."""
    console = Console()
    grid = Table("Table", *HEADS.values(), box=None, padding=(0, 2, 0, 0), header_style="bold underline")
    for column in grid.columns:
        column.no_wrap = True
    for column in grid.columns[1:]:
        column.justify = "right"
    for name, row in result.ledger_counts.iterrows():
        if name == "all":
            grid.add_section()
        grid.add_row(str(name), *(f"{row[status]:,}" if row[status] else "" for status in HEADS))
    console.print("Printed figures of the 2020 report", style="bold")
    console.print(grid)
    console.print("\nFive findings", style="bold")
    for number, sentence in enumerate(result.findings, start=1):
        console.print(f"{number}. {sentence}", highlight=False)
    console.print(
        f"\nThe report is {out / 'report.html'}; tables and figures lie beside it.", highlight=False
    )
