"""``sapa template``: workbooks and codebooks to fill in."""

import sys
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from sapa.commands.python_call import python_call, tell_python
from sapa.commands.tables import AsJson, print_json
from sapa.whole_file import writable

Kind = Literal["answers", "codebook", "frame"]
DEFAULT: Final = {"answers": "answers.xlsx", "codebook": "answers.toml", "frame": "frame.xlsx"}


def template(
    kind: Annotated[Kind, typer.Argument(help="A file of answers, its codebook, or a frame.")],
    out: Annotated[Path | None, typer.Option(help="File to write; by default named after the kind.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a template with the 2020 questionnaires: a workbook of answers, its codebook, or a frame.

    Nothing that is there already is replaced. Exit codes: 0 done, 2 bad input.

    Example: sapa template answers && sapa template codebook
    """
    from sapa.answers import write_codebook
    from sapa.answers.templates import answers_template, frame_template, template_codebook
    from sapa.output import write_xlsx

    place = Path(DEFAULT[kind]) if out is None else out
    writable(place, (Path(DEFAULT[kind]).suffix,))
    if place.exists():
        raise ValueError(f"out must be a new file, got {str(place)!r}, which exists; choose another name")
    if kind == "codebook":
        write_codebook(template_codebook(), place)
        call = python_call(write_codebook, python_call(template_codebook), place)
    else:
        maker = answers_template if kind == "answers" else frame_template
        write_xlsx(maker(), place)
        call = python_call(write_xlsx, python_call(maker), place)
    if as_json:
        print_json(call, files=[place])
    print(f"wrote {place}", file=sys.stderr)
    tell_python(call)
