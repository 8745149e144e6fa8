"""``sapa study``: what a plan, a rule or a fieldwork makes of the ranking, by simulation."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from sapa.choices import STUDY_NAMES, Law
from sapa.commands.python_call import PythonText, python_call
from sapa.commands.tables import AsJson, Out, show


def study(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(STUDY_NAMES)}; or all.")],
    replicates: Annotated[int, typer.Option(help="Surveys drawn for each scenario.")] = 500,
    seed: Annotated[int, typer.Option(help="Seed of every random number.")] = 2020,
    rho: Annotated[float, typer.Option(help="Correlation of a person's latent ratings.")] = 0.5,
    law: Annotated[
        Law, typer.Option(help="Distribution of an item with the mean and share of fives published.")
    ] = "max_entropy",
    store: Annotated[
        Path | None, typer.Option(help="Folder that keeps the replicates: a run that was stopped goes on.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler whose workers draw, tcp://host:8786.")
    ] = None,
    page: Annotated[
        Path | None, typer.Option(help="Also rewrite the tables of this page, such as docs/studies.md.")
    ] = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Simulate the monitoring many times and tell what its figures are worth, with Monte Carlo errors.

    Exit codes: 0 done, 2 bad input, 130 stopped (what is done stays in the store).

    Example: sapa study rules --replicates 1000 --store runs/rules
    """
    from sapa.studies import study as study_of
    from sapa.studies import study_page

    options: dict[str, Any] = {"replicates": replicates, "seed": seed, "rho": rho, "law": law}
    options["store"] = None if store is None else str(store)
    with _client(scheduler) as client:
        if page is None:
            table = study_of(name, **options, client=client)
        else:
            table = study_page(name, page, **options, client=client)
            print(f"wrote {page}", file=sys.stderr)
    if scheduler is not None:
        options["client"] = PythonText(f"dask.distributed.Client({scheduler!r})")
    call = (
        python_call(study_of, name, **options)
        if page is None
        else python_call(study_page, name, page, **options)
    )
    show(table, call=call, as_json=as_json, out=out)


@contextmanager
def _client(scheduler: str | None) -> Iterator[Any]:
    """Client of a running cluster, or none."""
    if scheduler is None:
        yield None
        return
    try:
        import dask.distributed
    except ImportError as error:
        raise ValueError("scheduler needs Dask: pip install 'sapa[cluster]'") from error
    connect: Any = dask.distributed.Client
    try:
        client = connect(scheduler, timeout="10s")
    except OSError as error:
        raise ValueError(
            f"scheduler {scheduler} does not answer ({error}); start it with: dask scheduler"
        ) from error
    with client:
        yield client
