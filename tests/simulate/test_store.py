import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simulate import Breakoff, Response, running
from simulate.store import HEADER, LOCK, Store

SCRIPT = """
import sys, time
import xarray as xr
from simulate import Population, Study

def slow(survey):
    time.sleep(float(sys.argv[2]))
    return {"estimate": survey.ratings.mean(axis=1), "se": survey.ratings.std(axis=1)}

counts = xr.DataArray([900, 500], dims="region", coords={"region": ["A", "B"]})
pmf = xr.DataArray([[0.1, 0.1, 0.1, 0.2, 0.5]] * 3, dims=("item", "score"), coords={"item": list("xyz")})
study = Study(
    population=Population.from_pmf(counts, pmf),
    plan=xr.DataArray([30, 20], dims="region", coords={"region": ["A", "B"]}),
    estimators={"mean": slow},
)
study.run(60, seed=4, store=sys.argv[1], chunk=5)
"""


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != LOCK}


def test_stopped_by_ctrl_c_and_kill_9_it_resumes_and_ends_bit_for_bit_the_same(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    run = [sys.executable, str(script)]
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    for after, how in ((1, signal.SIGINT), (3, signal.SIGKILL)):
        process = subprocess.Popen([*run, str(broken), "0.05"], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while len(list(broken.glob("*.parquet"))) < after and time.monotonic() < deadline:
            time.sleep(0.005)
        os.kill(process.pid, how)
        process.wait()
        assert after <= len(list(broken.glob("*.parquet"))) < 12
    (broken / ".replicates-000000005-000000010.parquet.1.partial").write_bytes(b"half a chunk")
    subprocess.run([*run, str(broken), "0"], check=True)
    subprocess.run([*run, str(whole), "0"], check=True)
    assert content(broken) == content(whole)
    assert len(content(whole)) == 13


def test_what_is_there_is_not_drawn_again(world, tmp_path):
    study = world.study()
    first = study.run(20, seed=1, store=tmp_path / "s", chunk=8)
    before = content(tmp_path / "s")
    again = study.run(20, seed=1, store=tmp_path / "s")
    assert content(tmp_path / "s") == before
    assert (first.values["mean.estimate"] == again.values["mean.estimate"]).all()
    lost = tmp_path / "s" / "replicates-000000008-000000016.parquet"
    stays = lost.with_name("replicates-000000000-000000008.parquet")
    lost.unlink()
    age = stays.stat().st_mtime_ns
    study.run(20, seed=1, store=tmp_path / "s")
    assert content(tmp_path / "s") == before
    assert stays.stat().st_mtime_ns == age


def test_a_store_is_extended_and_read_in_part(world, tmp_path):
    study = world.study()
    study.run(13, seed=1, store=tmp_path / "grown", chunk=5)
    longer = study.run(31, seed=1, store=tmp_path / "grown")
    study.run(31, seed=1, store=tmp_path / "once", chunk=5)
    assert content(tmp_path / "grown") == content(tmp_path / "once")
    shorter = study.run(7, seed=1, store=tmp_path / "grown")
    memory = study.run(31, seed=1)
    assert (shorter.values["mean.se"] == memory.values["mean.se"][:7]).all()
    assert (longer.values["mean.se"] == memory.values["mean.se"]).all()


def test_ctrl_c_leaves_a_usable_store(world, tmp_path):
    stop = [3]

    def interrupted(survey):
        stop[0] -= 1
        if stop[0] == 0:
            raise KeyboardInterrupt
        return world.service_means(survey)

    study = world.study()
    folder = tmp_path / "s"
    original = running.chunk
    try:

        def chunk(one, seed, span):
            interrupted(one.draw(span, seed=seed))
            return original(one, seed, span)

        running.chunk = chunk
        with pytest.raises(KeyboardInterrupt):
            study.run(40, seed=1, store=folder, chunk=5)
    finally:
        running.chunk = original
    assert [span.stop for span in Store(folder, 5).done()] == [5, 10]
    study.run(40, seed=1, store=folder)
    study.run(40, seed=1, store=tmp_path / "whole", chunk=5)
    assert content(folder) == content(tmp_path / "whole")


def test_a_store_of_another_study_seed_or_version_is_refused(world, tmp_path):
    folder = tmp_path / "s"
    world.study(name="mine").run(5, seed=1, store=folder)
    other = world.study(response=Response(breakoff=Breakoff(0.1)))
    with pytest.raises(ValueError, match=r"holds study 'mine' \(seed 1.*not 'study'.*choose another folder"):
        other.run(5, seed=1, store=folder)
    with pytest.raises(ValueError, match="study, seed or version differ"):
        world.study().run(5, seed=2, store=folder)
    header = json.loads((folder / HEADER).read_text())
    (folder / HEADER).write_text(json.dumps({**header, "fingerprint": "0" * 64}))
    with pytest.raises(ValueError, match="study, seed or version differ"):
        world.study().run(5, seed=1, store=folder)


def test_other_chunks_and_other_folders_are_refused(world, tmp_path):
    world.study().run(5, seed=1, store=tmp_path / "s", chunk=2)
    with pytest.raises(ValueError, match="chunk must be 2, as in the store"):
        world.study().run(5, seed=1, store=tmp_path / "s", chunk=3)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="must be empty or a study's store"):
        world.study().run(5, seed=1, store=tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    with pytest.raises(ValueError, match=r"store .*thesis\.txt must be a folder"):
        world.study().run(5, seed=1, store=tmp_path / "mine" / "thesis.txt")
    with pytest.raises(ValueError, match="chunk must be at least 1"):
        world.study().run(5, seed=1, chunk=-1)


def test_other_files_in_the_folder_are_no_chunks(world, tmp_path):
    study = world.study()
    first = study.run(6, seed=1, store=tmp_path / "s", chunk=3)
    (tmp_path / "s" / "replicates-of-mine.parquet").write_bytes(b"notes")
    again = study.run(6, seed=1, store=tmp_path / "s")
    assert (first.values["mean.se"] == again.values["mean.se"]).all()


def test_two_processes_do_not_write_one_store(world, tmp_path):
    study = world.study()
    study.run(5, seed=1, store=tmp_path / "s")
    with (
        Store(tmp_path / "s", 5).held(),
        pytest.raises(ValueError, match="is being written by another process"),
    ):
        study.run(5, seed=1, store=tmp_path / "s")


def test_damage_is_named(world, tmp_path):
    study = world.study()
    study.run(4, seed=1, store=tmp_path / "s", chunk=2)
    file = tmp_path / "s" / "replicates-000000002-000000004.parquet"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"000000004.parquet is damaged .*delete it and run again"):
        study.run(4, seed=1, store=tmp_path / "s")
    file.unlink()
    assert study.run(4, seed=1, store=tmp_path / "s").values["mean.se"].shape == (4, 4)
    (tmp_path / "s" / HEADER).write_text("{")
    with pytest.raises(ValueError, match="must be a study's header"):
        study.run(4, seed=1, store=tmp_path / "s")
