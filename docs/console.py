"""Run a page as its reader would, and write what the commands said: ``python docs/console.py PAGE``.

In ``console`` blocks every line after ``$`` is run by the shell, in one new folder, on a terminal 110 wide;
what it printed stands below. A ``toml`` block that starts with ``[missing]`` is put into answers.toml, a
``python`` block is run there. Pictures that the page shows are kept beside it.
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from unittest import mock

from sapa.cli import main as sapa

ROOT = Path(__file__).parents[1]
FENCED = re.compile(r"^```(console|toml|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECTION = re.compile(r"^\[missing\]\n(?:.+\n)*", re.MULTILINE)
DONE, FOUND_PROBLEMS = 0, 3
LOOK = {"SAPA": str(ROOT), "COLUMNS": "110", "NO_COLOR": "1", "TERM": "dumb"}


class Terminal(io.StringIO):
    """A text that calls itself a terminal, so that tables are laid out as on one."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def said(command: str, folder: Path) -> str:
    """What a command prints on a terminal; its remarks, which go to standard error, come last."""
    if command.startswith("sapa "):
        text = within(shlex.split(command), folder)
    else:
        made = subprocess.run(
            ["sh", "-c", command], cwd=folder, env=os.environ | LOOK, capture_output=True, check=True
        )
        text = made.stdout.decode()
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines() if line.strip())


def within(words: list[str], folder: Path) -> str:
    """What the command ``sapa`` prints, run in this process: importing it takes longer than its work."""
    shown, remarks, code = Terminal(), io.StringIO(), 0
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(shown),
        contextlib.redirect_stderr(remarks),
        mock.patch.dict(os.environ, LOOK),
        mock.patch.object(sys, "argv", words),
    ):
        try:
            sapa()
        except SystemExit as end:
            code = int(end.code or 0)
    if code not in (DONE, FOUND_PROBLEMS):
        raise RuntimeError(f"{shlex.join(words)} ended with {code}: {remarks.getvalue()}")
    wrapped = (textwrap.wrap(line, 110, subsequent_indent="  ") for line in remarks.getvalue().splitlines())
    return shown.getvalue() + "".join(f"{line}\n" for lines in wrapped for line in lines)


def rewritten(text: str, folder: Path) -> str:
    """The page with its console blocks as they are said in the folder now."""

    def block(found: re.Match[str]) -> str:
        kind, body = found.groups()
        if kind == "console":
            commands = [line.removeprefix("$ ") for line in body.splitlines() if line.startswith("$ ")]
            body = "".join(f"$ {command}\n{said(command, folder)}" for command in commands)
        elif kind == "toml" and body.startswith("[missing]"):
            book = folder / "answers.toml"
            book.write_text(SECTION.sub(body, book.read_text(encoding="utf-8"), count=1), encoding="utf-8")
        elif kind == "python":
            with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
                exec(compile(body, "page", "exec"), {})
        return f"```{kind}\n{body}```"

    return FENCED.sub(block, text)


def main(page: Path) -> None:
    """Write the page anew, and the pictures that it shows."""
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as place:
        page.write_text(rewritten(text, Path(place)), encoding="utf-8")
        for picture in re.findall(r"\]\((pictures/[^)]+)\)", text):
            if (made := Path(place) / Path(picture).name).exists():
                shutil.copy(made, page.parent / picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
