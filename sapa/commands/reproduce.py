"""``sapa reproduce``: the 2020 monitoring rebuilt, judged and shown."""

from pathlib import Path
from typing import Annotated

import typer

from sapa.commands.progress import shown
from sapa.output import whole_folder, write_csv
from sapa.reproduction import SEED, reproduce_2020


def reproduce(
    out: Annotated[Path, typer.Option(help="Folder of the results, made whole or not at all.")] = Path(
        "out/2020"
    ),
    rho: Annotated[float, typer.Option(help="Within-respondent correlation of the ratings.")] = 0.5,
    seed: Annotated[int, typer.Option(help="Seed of the synthetic respondents and of the rank sets.")] = SEED,
) -> None:
    """Recompute every figure of the 2020 report, say how precise it is and which ranks it supports.

    Example: sapa reproduce --out out/2020
    """
    with whole_folder(out, made_by="sapa reproduce") as folder:
        with shown() as stage:
            result = reproduce_2020(rho=rho, seed=seed, stage=stage)
        write_csv(result.ledger, folder / "ledger.csv")
        write_csv(result.feasibility, folder / "feasibility.csv")
