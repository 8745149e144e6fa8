"""Every notebook runs from top to bottom, is stored without output, and draws its last figure."""

import os
import warnings
from pathlib import Path

import nbformat
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the client's own dependencies warn while they are imported
    from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_there_are_notebooks():
    assert "01_reproduce_2020.ipynb" in {path.name for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_without_output(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.filterwarnings("ignore")  # of the kernel's client, not of ours: the kernel is another process
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_and_draws(path, monkeypatch):
    monkeypatch.setitem(os.environ, "QUICK", "1")
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": FOLDER}}
    ).execute()
    shown = [
        output
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type in ("display_data", "execute_result")
    ]
    assert any("image/png" in output.data for output in shown)


def test_every_exercise_of_the_student_has_a_folded_solution_that_checks_itself():
    """Its solution is the second code cell below it; run above, it fails where its assertions do not hold."""
    cells = nbformat.read(FOLDER / "07_simulate_a_survey_by_hand.ipynb", as_version=4).cells
    asked = [i for i, cell in enumerate(cells) if "**Exercise" in cell.source]
    assert len(asked) == 7
    for i in asked:
        answer, solution = cells[i + 1 : i + 3]
        assert answer.source == "# Your answer"
        assert solution.source.startswith("# Solution")
        assert "assert " in solution.source
        assert solution.metadata["jupyter"]["source_hidden"]
        assert "hide-cell" in solution.metadata["tags"]
