"""``sapa simulate``: a synthetic file of answers, with its codebook."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sapa.choices import Law
from sapa.commands.python_call import PythonText, python_call, tell_python
from sapa.commands.tables import AsJson, codebook_of, print_json, working
from sapa.whole_file import ANSWERS, writable


def simulate(
    n: Annotated[
        int | None, typer.Option(help="People selected, spread as in 2020; by default 9181, as then.")
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(help="Instead of --n: a plan by region and service, .xlsx of `sapa plan` or .csv."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of every random number.")] = 2020,
    rho: Annotated[float, typer.Option(help="Correlation of a person's latent ratings.")] = 0.5,
    interviewer: Annotated[
        float, typer.Option(help="Correlation of the latent ratings of two people of one interviewer.")
    ] = 0.0,
    law: Annotated[
        Law, typer.Option(help="Distribution of an item with the mean and share of fives published.")
    ] = "max_entropy",
    workload: Annotated[int, typer.Option(help="Most people of an interviewer; 0: no interviewers.")] = 30,
    cooperation: Annotated[float, typer.Option(help="Chance that a person selected answers.")] = 1.0,
    slope: Annotated[
        float, typer.Option(help="How much more the satisfied answer: probit slope, 0 for not at all.")
    ] = 0.0,
    shift: Annotated[
        float, typer.Option(help="Of all latent ratings since 2020, in SD; a mode's effect, a change.")
    ] = 0.0,
    straightlining: Annotated[float, typer.Option(help="Share who repeat their first rating.")] = 0.0,
    acquiescence: Annotated[float, typer.Option(help="Share who add a point to every rating.")] = 0.0,
    breakoff: Annotated[float, typer.Option(help="Chance of ending before each next item.")] = 0.0,
    fabricated: Annotated[
        float, typer.Option(help="Share of interviews invented; 15% are checked back.")
    ] = 0.0,
    truth: Annotated[
        Path | None, typer.Option(help="Also write the true official scores here: .csv, .xlsx or .json.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    out: Annotated[
        Path, typer.Option(help="File of answers to write, .csv, .xlsx or .parquet; its codebook beside it.")
    ] = Path("simulated.csv"),
    as_json: AsJson = False,
) -> None:
    """Write a synthetic file of answers and its codebook, which check, estimate and rank read as own data.

    Nobody was asked: the printed figures of 2020 are the truth of the world that answers are drawn from.
    Exit codes: 0 done, 2 bad input.

    Example: sapa simulate --n 9000 --cooperation 0.6 --out made.csv && sapa rank made.csv
    """
    from sapa.output import notes_of, write
    from sapa.studies import simulate_answers, true_scores, write_answers

    options: dict[str, Any] = {
        "n": n,
        "plan": plan,
        "seed": seed,
        "rho": rho,
        "interviewer": interviewer,
        "law": law,
        "workload": workload,
        "cooperation": cooperation,
        "slope": slope,
        "shift": shift,
        "straightlining": straightlining,
        "acquiescence": acquiescence,
        "breakoff": breakoff,
        "fabricated": fabricated,
    }
    files = [writable(out, ANSWERS), codebook_of(out, None), *([] if truth is None else [truth])]
    there = [str(place) for place in files if place.exists()]
    if there and not force:
        raise ValueError(f"out must be new files, {there[0]!r} exists; choose another name, or add --force")
    with working("simulating"):
        answers = simulate_answers(**options)
        write_answers(answers, out)
    call = python_call(write_answers, python_call(simulate_answers, **options), out)
    if truth is not None:
        write(true_scores(shift=shift, law=law), truth)
        call = PythonText(
            f"{call}, {python_call(write, python_call(true_scores, shift=shift, law=law), truth)}"
        )
    if as_json:
        print_json(call, files=files, notes=notes_of(answers))
    print(f"wrote {', '.join(map(str, files))}: {len(answers)} respondents", file=sys.stderr)
    tell_python(call)
