"""``sapa plan``: next year's interviews by region and service, as a workbook with a figure."""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sapa.commands.python_call import PythonText, python_call, tell_python
from sapa.commands.tables import AsJson, Deff, print_json, working
from sapa.whole_file import whole_file, writable

if TYPE_CHECKING:
    from sampling import Frame, Plan, Precision

PICTURE = ".png"


def plan(
    n: Annotated[
        int | None, typer.Option(help="Interviews; by default the fewest that are as precise as asked.")
    ] = None,
    frame: Annotated[
        Path | None,
        typer.Option(
            help="Frame: .xlsx, or a folder with regions.csv, services.csv; by default that of 2020."
        ),
    ] = None,
    min_service: Annotated[int, typer.Option(help="Fewest interviews of a service.")] = 0,
    min_region: Annotated[int, typer.Option(help="Fewest interviews in a region.")] = 0,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            help="Limit as where:measure:value, or where:measure:value:share for the share of fives. Where: "
            "region, service or country. Measure: half-width (of the 95% interval), cv, se, change (found "
            "with 80% probability). Repeat. Example: --precision region:half-width:0.1 "
            "--precision country:cv:0.01:share"
        ),
    ] = None,
    power: Annotated[float, typer.Option(help="Of recipients: 1 proportional, 0 equal services.")] = 1.0,
    deff: Deff = 1.0,
    mode: Annotated[
        list[str] | None,
        typer.Option(help="Mode as name:contact:response:share, rates in 0..1, shares sum to 1; repeat."),
    ] = None,
    assurance: Annotated[
        float | None, typer.Option(help="Issue contacts so that every cell fills with this probability.")
    ] = None,
    workload: Annotated[int, typer.Option(help="Most questionnaires per interviewer.")] = 100,
    example: Annotated[
        Path | None,
        typer.Option(help="Write the example frame of 20 regions into this new folder, and stop."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Workbook to write, .xlsx; the figures go beside it.")] = Path(
        "plan.xlsx"
    ),
    as_json: AsJson = False,
) -> None:
    """Plan the interviews: by region and service, contacts by mode, back-checks, quotas, precision.

    Exit codes: 0 done, 2 bad input or demands that contradict each other.

    Without --n the plan is the cheapest that keeps every --precision, and how near it is to a proven bound
    is printed.

    Example: sapa plan --n 9000 --min-service 30 --min-region 300 --out plan.xlsx

    Example: sapa plan --precision service:half-width:0.2 --precision region:change:0.2 --out precise.xlsx
    """
    from sampling import allocate
    from sapa.frames import actual_2020, frame_2020, read_frame, write_example
    from sapa.output import write_xlsx
    from sapa.planning import case_2020, plan_tables

    if example is not None:
        write_example(example)
        print(
            f"wrote {example}; fill in regions.csv, then: sapa plan --n 9000 --frame {example}",
            file=sys.stderr,
        )
        return
    out = writable(out, (".xlsx",))
    shares, rates = _modes(mode or [])
    limits = tuple(_limit(text) for text in precision or ())
    with working("planning"):
        known = frame_2020(**rates) if frame is None else _with(read_frame(frame), rates)
        options: dict[str, Any] = {
            "power": power,
            "min_service": min_service,
            "min_region": min_region,
            "precision": limits,
            "deff": deff,
            "mode_share": shares,
            "assurance": assurance,
            "workload": workload,
        }
        made = allocate(known, n, **options)
        tables = plan_tables(made, deff=deff, precision=limits)
        if frame is None:
            tables["2020"] = case_2020(deff=deff)
            tables["2020 regions"] = actual_2020()
        write_xlsx(tables, out)
        pictures = _draw(made, out.with_suffix(PICTURE))
    call = python_call(write_xlsx, _sheets_text(frame, rates, n, options), out)
    if as_json:
        print_json(call, files=[out, *pictures], tables=tables)
    else:
        for row in tables["about"].itertuples():
            print(f"{row.what}: {row.value}")
    print(f"wrote {out} and the figures {', '.join(str(p) for p in pictures)}", file=sys.stderr)
    tell_python(call)


def _sheets_text(
    frame: Path | None, rates: dict[str, dict[str, float]], n: int | None, options: dict[str, Any]
) -> PythonText:
    """The Python expression that makes the workbook's sheets."""
    from sampling import Precision, allocate
    from sapa.frames import actual_2020
    from sapa.planning import case_2020, plan_tables

    each = [
        python_call(Precision, p.by, p.measure, p.limit, statistic=p.statistic) for p in options["precision"]
    ]
    precision = PythonText(f"[{', '.join(each)}]") if each else ()
    deff = options["deff"]
    size = [] if n is None else [n]
    told = python_call(allocate, _known_text(frame, rates), *size, **{**options, "precision": precision})
    sheets = python_call(plan_tables, told, deff=deff, precision=precision)
    if frame is not None:
        return sheets
    old = f"'2020': {python_call(case_2020, deff=deff)}, '2020 regions': {python_call(actual_2020)}"
    return PythonText(f"{{**{sheets}, {old}}}")


def _limit(text: str) -> "Precision":
    """A limit from ``where:measure:value[:statistic]``."""
    from sampling import Precision

    parts = text.split(":")
    if len(parts) not in (3, 4):
        raise ValueError(
            f"precision must be where:measure:value or where:measure:value:share, got {text!r}; for instance "
            "region:half-width:0.1"
        )
    where, measure, value, statistic = (*parts, "mean")[:4]
    try:
        limit = float(value)
    except ValueError:
        raise ValueError(
            f"precision {text!r}: limit must be a number with a decimal point, got {value!r}; for instance "
            "region:half-width:0.1"
        ) from None
    try:
        # the words are the user's: `Precision` itself refuses those that it does not know
        return Precision(where, measure.replace("-", "_"), limit, statistic)  # type: ignore[arg-type]
    except ValueError as error:
        raise ValueError(f"precision {text!r}: {error}") from None


def _modes(told: list[str]) -> tuple[dict[str, float] | None, dict[str, dict[str, float]]]:
    """Shares by mode, and the frame's fields, from ``name:contact:response:share``."""
    shares, contact, response = {}, {}, {}
    for text in told:
        parts = text.split(":")
        if parts[0] in shares:
            raise ValueError(f"mode must name each mode once, got {parts[0]!r} twice; keep one of them")
        try:
            name, (contact[parts[0]], response[parts[0]], shares[parts[0]]) = parts[0], map(float, parts[1:])
        except ValueError:
            message = (
                f"mode must be name:contact:response:share, got {text!r}; for instance telephone:0.6:0.5:0.7"
            )
            raise ValueError(message) from None
        if not name:
            raise ValueError(f"mode must have a name, got {text!r}; for instance telephone:0.6:0.5:0.7")
    return (shares, {"contact": contact, "response": response}) if told else (None, {})


def _known_text(frame: Path | None, rates: dict[str, dict[str, float]]) -> PythonText:
    """Python text of the frame that is planned."""
    from sapa.frames import frame_2020, read_frame

    if frame is None:
        return python_call(frame_2020, **rates)
    known = python_call(read_frame, frame)
    return PythonText(f"dataclasses.replace({known}, **{rates!r})") if rates else known


def _with(frame: "Frame", rates: dict[str, dict[str, float]]) -> "Frame":
    """The frame with other contact and response rates."""
    return replace(frame, contact=rates["contact"], response=rates["response"]) if rates else frame


def _draw(plan: "Plan", path: Path) -> tuple[Path, Path]:
    """The table with its margins, and the regions beside the population: two pictures, each whole or not."""
    import matplotlib.pyplot as plt
    import numpy as np

    from sapa.figures import allocation_map, population_and_sample

    plt.switch_backend("agg")  # no window: there may be no screen
    frame, rows, columns = plan.frame, plan.count("region"), plan.count("service")
    people, some = np.asarray(frame.population), columns > 0
    names = np.array(frame.services)[some].tolist()
    whole = partial(
        allocation_map,
        plan.n[:, some],
        rows,
        columns[some],
        frame.regions,
        names,
        possible=np.asarray(frame.possible)[:, some],
    )
    regions = partial(population_and_sample, people / people.sum(), rows / rows.sum(), frame.regions)
    places = path, path.with_name(f"{path.stem}_regions{path.suffix}")
    for draw, place in zip((whole, regions), places, strict=True):
        with whole_file(place) as fresh:
            draw()
            plt.savefig(fresh, dpi=200)
            plt.close()
    return places
