"""The pages of the documentation do what they say: commands, outputs and Python."""

import re
import runpy
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from typer.main import get_command

from sapa.cli import app

DOCS = Path(__file__).parents[1] / "docs"
console = runpy.run_path(str(DOCS / "console.py"))


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the tutorial's answers and the codebook that it ends with."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(DOCS / "example" / "answers.csv", tmp_path)
    console["said"]("sapa init answers.csv --yes", tmp_path)
    (missing,) = blocks("tutorial.md", "toml")
    book = tmp_path / "answers.toml"
    book.write_text(console["SECTION"].sub(missing, book.read_text(encoding="utf-8")), encoding="utf-8")
    return tmp_path


def test_the_tutorial_prints_what_it_shows(tmp_path):
    text = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    assert text.count("\n$ sapa") >= 5
    assert console["rewritten"](text, tmp_path) == text, (
        "write it anew: python docs/console.py docs/tutorial.md"
    )
    assert (tmp_path / "ranks.png").stat().st_size > 10_000


def test_the_answers_of_the_tutorial_are_those_that_its_script_makes(tmp_path):
    made = runpy.run_path(str(DOCS / "example" / "make_answers.py"))["answers"]()
    made.to_csv(tmp_path / "made.csv", sep=";", index=False)
    assert (tmp_path / "made.csv").read_bytes() == (DOCS / "example" / "answers.csv").read_bytes()


def test_the_python_of_how_to_runs(folder):
    names: dict[str, object] = {}
    ran = blocks("how_to.md", "python")
    assert len(ran) >= 10
    for block in ran:
        exec(compile(block, "how_to.md", "exec"), names)
    plt.close("all")
    assert (folder / "scores.png").exists()


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_commands_have_the_options_that_are_shown(page):
    """Parsed as the command line parses them, not run."""
    fenced, lines = False, []
    for line in (DOCS / page).read_text(encoding="utf-8").splitlines():
        fenced ^= line.startswith("```")
        if fenced or line.startswith("    "):
            lines += re.findall(r"^(?: {4}|\$ )?sapa ([a-z]+.*?)(?: +#.*| 2?> ?.*| \| .*| && .*)?$", line)
    assert lines or page not in ("how_to.md", "tutorial.md", "own_data.md", "sampling.md")
    for line in lines:
        verb, *words = line.split()
        known = get_command(app).commands
        assert verb in known, line
        if "--help" not in words:
            known[verb].make_context(verb, words)
