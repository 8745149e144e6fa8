"""A write that is interrupted, at whatever moment, leaves what was there or what is wanted, never a part."""

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from sapa import whole_file as module
from sapa.output import whole_folder
from sapa.whole_file import whole_file

WRITER = """
import sys, pandas as pd
from sapa.output import write
table = pd.DataFrame({"service": [f"service {k}" for k in range(20_000)], "estimate": 4.5})
print("ready", flush=True)
while True:
    write(table, sys.argv[1])
    print("written", flush=True)
"""


KILLED_PLAN = """
import os, signal, sys
from pathlib import Path
import matplotlib.pyplot as plt
from openpyxl import Workbook
from sapa.cli import main

def die_in_the_middle(own):
    def write(*given, **options):
        own(*given, **options)
        place = next(Path(one) for one in given if isinstance(one, (str, Path)))
        with place.open("r+b") as file:
            file.truncate(place.stat().st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)
    return write

if sys.argv.pop(1) == "workbook":
    Workbook.save = die_in_the_middle(Workbook.save)
else:
    plt.savefig = die_in_the_middle(plt.savefig)
main()
"""


@pytest.fixture
def started(tmp_path):
    """Process that writes one file again and again, and the file."""
    place = tmp_path / "table.csv"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(place)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        for _ in range(2):
            run.stdout.readline()  # ready, and written once
        yield run, place
        run.kill()


@pytest.mark.parametrize(("sent", "wait"), [("SIGKILL", 0.11), ("SIGINT", 0.05)])
def test_a_stopped_writer_leaves_a_whole_file(sent, wait, started):
    run, place = started
    time.sleep(wait)
    run.send_signal(getattr(signal, sent))
    run.communicate(timeout=60)
    assert run.returncode != 0
    lines = place.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 20_001
    assert lines[-1] == "service 19999,4.5"
    left = [name for name in os.listdir(place.parent) if name != place.name]
    assert left == [] if sent == "SIGINT" else all(name.startswith(".table~sapa~") for name in left)


@pytest.mark.parametrize(
    ("moment", "whole", "older"),
    [("workbook", [], False), ("workbook", [], True), ("figure", ["plan.xlsx"], False)],
)
def test_a_plan_killed_while_it_is_written_leaves_no_part_of_it(moment, whole, older, tmp_path):
    place, pictures = tmp_path / "plan.xlsx", [tmp_path / "plan.png", tmp_path / "plan_regions.png"]
    if older:
        for file in (place, *pictures):
            file.write_text("older")
    ran = subprocess.run(
        [sys.executable, "-c", KILLED_PLAN, moment, "plan", "--n", "900", "--out", str(place)],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    seen = sorted(name for name in os.listdir(tmp_path) if not name.startswith(".plan"))
    assert seen == (["plan.png", "plan.xlsx", "plan_regions.png"] if older else whole)
    for file in (place, *pictures):
        if file.name in whole:
            plan = pd.read_excel(file, sheet_name="plan").set_index("region_id")
            assert plan.loc["total", "total"] == 900
        elif older:
            assert file.read_text() == "older"


def test_what_a_killed_writer_left_is_taken_away_later(tmp_path, monkeypatch):
    place = tmp_path / "table.csv"
    (tmp_path / ".table~sapa~ab12_x.csv").write_text("half")
    (tmp_path / ".table~mine.csv").write_text("mine")
    with whole_file(place) as fresh:
        fresh.write_text("whole")
    assert len(os.listdir(tmp_path)) == 3  # it may be another's, at work
    monkeypatch.setattr(module, "ABANDONED", -1)
    with whole_file(place) as fresh:
        fresh.write_text("whole")
    assert sorted(os.listdir(tmp_path)) == [".table~mine.csv", "table.csv"]


def test_what_a_killed_writer_of_a_folder_left_is_taken_away_later(tmp_path, monkeypatch):
    place = tmp_path / "out"
    script = (
        "import os, signal, sys\n"
        "from sapa.output import whole_folder\n"
        "with whole_folder(sys.argv[1], made_by='test') as folder:\n"
        "    (folder / 'deep').mkdir()\n"
        "    (folder / 'deep' / 'a.txt').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(place)], check=False).returncode < 0
    (left,) = os.listdir(tmp_path)
    assert left.startswith(".out~sapa~")
    (tmp_path / ".out~mine").mkdir()

    def write():
        with whole_folder(place, made_by="test") as folder:
            (folder / "a.txt").write_text("whole")

    write()
    assert left in os.listdir(tmp_path)  # it may be another's, at work
    os.utime(tmp_path / left, (0, 0))
    os.utime(tmp_path / left / "deep", (0, 0))
    write()
    assert left in os.listdir(tmp_path)  # a file in it is new
    os.utime(tmp_path / left / "deep" / "a.txt", (0, 0))
    write()
    assert sorted(os.listdir(tmp_path)) == [".out~mine", "out"]


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt(), MemoryError()])
def test_a_full_disk_or_an_interrupt_leaves_what_was_there(error, tmp_path):
    place = tmp_path / "table.csv"
    place.write_text("old")

    def write():
        with whole_file(place) as fresh:
            fresh.write_text("ha")
            raise error

    with pytest.raises(type(error)):
        write()
    assert place.read_text() == "old"
    assert os.listdir(tmp_path) == ["table.csv"]
