"""The command line as the tests run it."""

import io
import sys

import pytest

from sapa.cli import main


@pytest.fixture
def sapa_command(monkeypatch, capsys):
    """Run of the command line: exit code, standard output, standard error."""

    def run(*words, typed=""):
        monkeypatch.setattr(sys, "argv", ["sapa", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as stopped:
            main()
        told = capsys.readouterr()
        return stopped.value.code or 0, told.out, told.err

    return run
