import os
import signal
import time

import numpy as np
import pytest
from dask.distributed import Client, LocalCluster

from simulate import StudyError
from simulate.running import chunks_of


@pytest.fixture
def threads():
    with (
        LocalCluster(n_workers=2, threads_per_worker=2, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


def test_four_threads_give_what_one_process_gives(world, threads, tmp_path):
    study = world.study()
    alone = study.run(40, seed=6, chunk=3)
    together = study.run(40, seed=6, chunk=3, client=threads)
    for name in alone.values:
        assert (alone.values[name] == together.values[name]).all()
    study.run(40, seed=6, chunk=3, store=tmp_path / "one")
    study.run(40, seed=6, chunk=3, store=tmp_path / "four", client=threads)
    for path in (tmp_path / "one").glob("*.parquet"):
        assert path.read_bytes() == (tmp_path / "four" / path.name).read_bytes()


def test_a_failure_on_the_cluster_names_its_replicate(world, threads, tmp_path):
    def fails(survey):
        if 7 in survey.replicates:
            raise ValueError("seven")
        return {"estimate": np.zeros(len(survey.replicates))}

    study = world.study(estimators={"bad": fails}, estimands={})
    with pytest.raises(StudyError, match="replicate 7, seed 6: ValueError: seven"):
        study.run(20, seed=6, chunk=2, client=threads, store=tmp_path / "s")


def test_the_scheduler_never_knows_more_than_a_few_chunks_a_thread(world, threads):
    study = world.study()
    most = 0

    def watched(survey):
        return world.service_means(survey)

    from simulate import running

    span = chunks_of(200, 1, [])
    results = running.on_client(threads, world.study(estimators={"mean": watched}), 1, span)
    for _ in results:
        most = max(most, len(threads.futures))
    assert study.chunk_size() > 0
    assert most <= running.IN_FLIGHT * 4 + 2


@pytest.mark.slow
def test_a_killed_worker_loses_nothing(world):
    def slow(survey):
        time.sleep(0.05)
        return world.service_means(survey)

    study = world.study(estimators={"mean": slow})
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        victim = next(iter(client.run(os.getpid).values()))
        killed = []

        from simulate import running

        original = running.on_client

        def deadly(*arguments):
            for number, chunk in enumerate(original(*arguments)):
                if number == 4:
                    os.kill(victim, signal.SIGKILL)
                    killed.append(victim)
                yield chunk

        running.on_client = deadly
        try:
            found = study.run(60, seed=2, chunk=2, client=client)
        finally:
            running.on_client = original
    assert killed
    alone = study.run(60, seed=2, chunk=2)
    assert (found.values["mean.estimate"] == alone.values["mean.estimate"]).all()


def test_workers_that_join_later_get_their_share(world):
    """A cluster that begins with nobody: the run waits, then knows of everyone."""
    with (
        LocalCluster(n_workers=0, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        from simulate import running

        assert next(running._threads(client)) == 1
        cluster.scale(2)
        found = world.study().run(12, seed=1, chunk=2, client=client)
    assert (found.values["mean.estimate"] == world.study().run(12, seed=1).values["mean.estimate"]).all()


@pytest.mark.slow
def test_a_replicate_that_kills_its_workers_is_named(world):
    def deadly(survey):
        if 5 in survey.replicates:
            os._exit(1)
        return world.service_means(survey)

    study = world.study(estimators={"mean": deadly}, name="deadly")
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
        # Dask cannot tell which of the chunks that a worker held killed it
        pytest.raises(StudyError, match=r"scenario 'deadly', replicate \d, seed 2: a worker failed"),
    ):
        study.run(8, seed=2, chunk=2, client=client)
