"""``sapa template``: workbooks and codebooks to fill in."""

import sys
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from sapa.answers import write_codebook
from sapa.answers.templates import answers_template, frame_template, template_codebook
from sapa.output import write_xlsx

Kind = Literal["answers", "codebook", "frame"]
DEFAULT: Final = {"answers": "answers.xlsx", "codebook": "answers.toml", "frame": "frame.xlsx"}


def template(
    kind: Annotated[Kind, typer.Argument(help="A file of answers, its codebook, or a frame.")],
    out: Annotated[Path | None, typer.Option(help="File to write; by default named after the kind.")] = None,
) -> None:
    """Write a template with the 2020 questionnaires: a workbook of answers, its codebook, or a frame.

    Nothing that is there already is replaced. Exit codes: 0 done, 2 bad input.

    Example: sapa template answers && sapa template codebook
    """
    place = Path(DEFAULT[kind]) if out is None else out
    ending = Path(DEFAULT[kind]).suffix
    if place.suffix.lower() != ending:
        raise ValueError(f"out must end in {ending}, got {place.name!r}; choose another name")
    if place.exists() or place.is_symlink():
        raise ValueError(f"out must be a new file, got {str(place)!r}, which exists; choose another name")
    if kind == "codebook":
        write_codebook(template_codebook(), place)
    else:
        write_xlsx(answers_template() if kind == "answers" else frame_template(), place)
    made = {"answers": "answers_template()", "frame": "frame_template()", "codebook": "template_codebook()"}
    print(f"wrote {place}\nPython: sapa.answers.templates.{made[kind]}", file=sys.stderr)
