"""``sapa reproduce``: the 2020 monitoring rebuilt, judged and shown."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sapa.choices import SEED, Language
from sapa.commands.progress import ShowProgress, shown
from sapa.commands.python_call import python_call, tell_python
from sapa.commands.tables import AsJson, print_json

if TYPE_CHECKING:
    from sapa.reproduction import Reproduction

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
    progress: ShowProgress = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every figure of the 2020 report, say how precise it is and which ranks it supports.

    Exit codes: 0 done, 2 bad input, 130 stopped (nothing is left half-written).

    Example: sapa reproduce --out out/2020
    """
    options: dict[str, Any] = {"rho": rho, "deff": deff, "seed": seed, "language": lang}
    with shown(progress) as stage:
        stage(0.0, "loading")
        from sapa.reproduction_files import reproduce_into  # seconds, shown like the rest

        result = reproduce_into(out, **options, stage=stage)
    call = python_call(reproduce_into, out, **options)
    if as_json:
        counts = result.ledger_counts.rename_axis("table").reset_index()
        print_json(call, folder=out, findings=result.findings, ledger_counts=counts)
    else:
        _summarise(result, out)
    tell_python(call)


def _summarise(result: "Reproduction", out: Path) -> None:
    """Ledger counts by table and the findings, on standard output."""
    from rich.console import Console
    from rich.table import Table

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
    console.print("Printed figures of 2020 by table of the report", style="bold")
    console.print(grid)
    console.print("\nFive findings", style="bold")
    for number, sentence in enumerate(result.findings, start=1):
        console.print(f"{number}. {sentence}", highlight=False)
    console.print(
        f"\nThe report is {out / 'report.html'}; tables and figures lie beside it.", highlight=False
    )
