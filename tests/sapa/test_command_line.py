"""What holds for every verb: help, examples, exit codes, completion; and the page that tells it."""

import re
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from typer.testing import CliRunner

import sapa
from sapa import cli
from sapa.answers import write_codebook
from sapa.choices import STUDY_NAMES
from sapa.commands import exit_codes
from sapa.studies import STUDIES
from tests.sapa.answer_files import BOOK, people, write

PAGE = (Path(__file__).parents[2] / "docs" / "command_line.md").read_text(encoding="utf-8")
VERBS = {command.callback.__name__: command.callback for command in cli.app.registered_commands}
SLOW = {"reproduce", "study", "simulate", "report"}


def example(verb):
    """Commands of a verb's example."""
    line = re.search(r"Example: (sapa .*)", VERBS[verb].__doc__).group(1)
    return [part.split() for part in line.split(" && ")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Current folder with the files that the examples name."""
    monkeypatch.chdir(tmp_path)
    write(people(400), tmp_path / "answers.csv")
    write(people(400), tmp_path / "answers_2024.csv")
    write(people(400, seed=1), tmp_path / "answers_2025.csv")
    write_codebook(BOOK, tmp_path / "answers.toml")
    return tmp_path


@pytest.mark.parametrize(
    "verb", [pytest.param(verb, marks=pytest.mark.slow if verb in SLOW else ()) for verb in VERBS]
)
def test_the_example_of_the_help_runs(verb, folder, sapa_command):
    if verb == "init":
        frame = people(100).rename(columns={"svc": "service"})
        frame.to_csv("answers.csv", index=False)
        (folder / "answers.toml").unlink()
    if verb == "template":
        (folder / "answers.toml").unlink()
    for words in example(verb):
        if "--replicates" in words:
            words[words.index("--replicates") + 1] = "2"
        code, _, err = sapa_command(*words[1:])
        assert code == 0, err
        assert "Traceback" not in err
        assert re.search(r"^Python: import ", err, flags=re.MULTILINE)
    plt.close("all")


@pytest.mark.parametrize("verb", VERBS)
def test_help_says_example_and_exit_codes_and_offers_json(verb, sapa_command):
    code, out, err = sapa_command(verb, "--help")
    assert (code, err) == (0, "")
    plain = " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╰─]", " ", out).split())
    assert f"Example: sapa {verb}" in plain
    assert "Exit codes: 0 " in plain
    assert "--json" in plain


def test_the_page_tells_every_verb_by_its_example():
    for verb in VERBS:
        line = " && ".join(" ".join(words) for words in example(verb))
        assert f"`{line}`" in PAGE, verb


def test_the_page_tells_every_exit_code():
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, flags=re.MULTILINE)}
    assert told == {value for name, value in vars(exit_codes).items() if name.isupper()}


def test_a_fault_of_ours_has_a_traceback_and_exit_code_one(folder):
    script = (
        "import sapa.estimation, sapa.cli\n"
        "def fault(*args, **kwargs): raise TypeError('ours')\n"
        "sapa.estimation.rank = fault\n"
        "sapa.cli.main()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, "rank", "answers.csv"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == exit_codes.FAULT
    assert "Traceback" in ran.stderr
    assert ran.stdout == ""


def test_a_pipe_that_nobody_reads_is_no_fault(folder):
    command = [sys.executable, "-m", "sapa", "rank", "answers.csv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        run.stdout.close()
        told = run.stderr.read()
        assert run.wait(60) == exit_codes.UNREAD
    assert "Traceback" not in told
    assert "Errno" not in told


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_shells_get_a_script_that_completes(shell):
    told = complete({"_SAPA_COMPLETE": f"source_{shell}"})
    assert "_SAPA_COMPLETE" in told
    assert "sapa" in told


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("sapa ", set(VERBS)),
        ("sapa ra", {"rank"}),
        ("sapa rank answers.csv --stat", {"--statistic"}),
        ("sapa rank answers.csv --by ", {"region", "service", "channel"}),
    ],
)
def test_verbs_options_and_choices_are_completed(typed, offered):
    words = typed.split(" ")
    told = complete(
        {"_SAPA_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    )
    assert set(told.split()) == offered


def complete(environment):
    """What the command says to a shell that asks."""
    told = CliRunner().invoke(cli.app, [], env=environment, prog_name="sapa")
    assert told.exit_code == 0
    return told.output


@pytest.mark.parametrize("words", [["--help"], ["rank", "--help"], ["plan", "--help"]])
def test_help_and_completion_load_no_statistics(words):
    """They answer at once: every verb is loaded, none of its work."""
    listing = "import atexit, sys; atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))"
    run = f"{listing}; sys.argv = {['sapa', *words]}; import sapa.cli; sapa.cli.main()"
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=True)
    assert "Usage: sapa" in done.stdout
    loaded = set(done.stderr.split())
    assert "sapa.commands.rank" in loaded
    assert loaded.isdisjoint({"matplotlib", "xarray", "statsmodels", "scipy", "pandas", "numpy", "openpyxl"})


def test_every_public_name_is_loaded_when_asked_for():
    assert set(sapa.__all__) <= set(dir(sapa))
    assert all(getattr(sapa, name).__name__ == name for name in sapa.__all__)
    absent = "nothing"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(sapa, absent)
    assert tuple(STUDIES) == STUDY_NAMES


@pytest.mark.parametrize("module", ["answers", "estimation", "microdata", "output", "precision", "verdicts"])
def test_modules_of_the_package_are_its_attributes_at_once(module):
    run = f"import sapa; print(sapa.{module}.__name__)"
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"sapa.{module}"
