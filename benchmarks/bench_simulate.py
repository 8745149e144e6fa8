"""What simulating costs: surveys beside as many normals, samples of a million people, workers."""

import resource
from collections.abc import Callable
from time import perf_counter, process_time

import numpy as np
import xarray as xr

from simulate import Population, Study, Survey

RESPONDENTS, SERVICES, REGIONS, ITEMS = 9_181, 62, 17, 25
REPLICATES = 1_000


def run() -> list[dict]:
    rows = [surveys()]
    rows += samples()
    rows += [growth_with_replicates(), growth_with_respondents(), two_workers()]
    return rows


def surveys() -> dict:
    """Surveys with correlated ratings, drawn and scored with SE by service."""
    study = by_service(RESPONDENTS)
    study.run(100, seed=0)
    before = memory()
    ours = min(timed(lambda: study.run(REPLICATES, seed=1)) for _ in range(2))
    bound = min(timed(normals) for _ in range(2))
    note = f"{memory():.0f} MB at most, {memory() - before:.0f} MB above a run of 100 replicates"
    return row(
        "1,000 surveys x 9,181 x 25, Q and SE by service", ours, "as many float32 normals", bound, note
    )


def samples() -> list[dict]:
    """Stratified samples out of a million people with fixed ratings, Q by service without and with SE."""
    people = one_item(1_000_000).realised(seed=1)
    share = people.counts / people.counts.sum()
    plan = np.minimum(np.maximum((share * 9_180).round().astype(int), 2), people.counts)
    rows = []
    for with_se, promised in ((False, 500.0), (True, 800.0)):
        study = Study(
            population=people, plan=plan, estimators={"q": StratifiedMeans(with_se)}, name="million"
        )
        study.run(50, seed=0)
        ours = min(timed(lambda study=study: study.run(REPLICATES, seed=1)) for _ in range(2))
        work = f"1,000 samples of {int(plan.sum()):,} of 1,000,000, Q{' and SE' * with_se}"
        rows.append(row(work, ours, "promised", promised))
    return rows


def growth_with_replicates() -> dict:
    """Four times the replicates: four times the time is the bound."""
    study = by_service(RESPONDENTS)
    study.run(50, seed=0)
    few = min(timed(lambda: study.run(100, seed=1)) for _ in range(3))
    before = memory()
    many = min(timed(lambda: study.run(400, seed=1)) for _ in range(2))
    note = f"{memory() - before:.0f} MB more than 100 replicates"
    return row("400 surveys against 4 x 100 surveys", many, "4 x 100 surveys", 4 * few, note)


def growth_with_respondents() -> dict:
    """A million respondents: as many ratings in smaller surveys are the bound.

    What is above it is the kernel's: surveys of a million get fresh pages of memory each time.
    """
    small, large = by_service(100_000), by_service(1_000_000)
    small.run(1, seed=0)
    large.run(1, seed=0)
    bound, own_bound, _ = least(lambda: small.run(20, seed=1))
    ours, own, pages = least(lambda: large.run(2, seed=1))
    note = f"{own / own_bound:.2f} times without the kernel's {pages:,} fresh pages; {memory():.0f} MB"
    return row("2 surveys of 1,000,000", ours, "20 surveys of 100,000", bound, note)


def two_workers() -> dict:
    """One local Dask worker's time over 1.6 is the bound for two."""
    from dask.distributed import Client, LocalCluster

    study = by_service(RESPONDENTS)
    times = []
    for workers in (1, 2):
        with (
            LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            study.run(200, seed=0, client=client)
            times.append(
                min(
                    timed(lambda c=client: study.run(REPLICATES, seed=1, client=c), perf_counter)
                    for _ in range(2)
                )
            )
    note = f"{times[0] / times[1]:.2f} times as fast as one"
    return row("1,000 surveys on two Dask workers", times[1], "one worker's time / 1.6", times[0] / 1.6, note)


def by_service(respondents: int) -> Study:
    """Study of services x channels with 25 items, stratified by both."""
    rng = np.random.default_rng(0)
    labels = {"service": [f"s{s:02d}" for s in range(SERVICES)], "channel": ["office", "online"]}
    n = rng.multinomial(respondents - 4 * SERVICES, rng.dirichlet(np.full(2 * SERVICES, 2.0))) + 2
    plan = xr.DataArray(n.reshape(SERVICES, 2), dims=("service", "channel"), coords=labels)
    pmf = xr.DataArray(
        rng.dirichlet([0.05, 0.1, 0.2, 0.8, 4.0], size=(SERVICES, 2, ITEMS)),
        dims=("service", "channel", "item", "score"),
        coords={**labels, "item": [f"o{k + 1:02d}" for k in range(ITEMS)]},
    )
    population = Population.from_pmf(plan * 15, pmf, person=0.5)
    return Study(population=population, plan=plan, estimators={"q": means_by_service}, name="surveys")


def means_by_service(survey: Survey) -> dict[str, np.ndarray]:
    """Mean over items and people of each service, with its standard error between people."""
    code = survey.codes("service")
    start = np.flatnonzero(np.diff(code, prepend=-1))
    n = np.diff(start, append=code.size)
    ratings = survey.ratings.reshape(-1, ITEMS)
    score = np.empty(ratings.shape[0])
    even = np.full(ITEMS, 1 / ITEMS)
    for block in range(0, score.size, 8192):
        score[block : block + 8192] = ratings[block : block + 8192].astype(np.float64) @ even
    score = score.reshape(survey.ratings.shape[:2])
    mean = np.add.reduceat(score, start, axis=1) / n
    square = np.add.reduceat(score**2, start, axis=1) / n
    return {"estimate": mean, "se": np.sqrt(np.maximum(square - mean**2, 0) / (n - 1))}


def one_item(size: int) -> Population:
    """Population over region x service with one rating each."""
    rng = np.random.default_rng(1)
    labels = {
        "region": [f"r{r:02d}" for r in range(REGIONS)],
        "service": [f"s{s:02d}" for s in range(SERVICES)],
    }
    counts = rng.multinomial(size, rng.dirichlet(np.full(REGIONS * SERVICES, 3.0)))
    pmf = xr.DataArray(
        rng.dirichlet([0.05, 0.1, 0.2, 0.8, 4.0], size=(SERVICES, 1)),
        dims=("service", "item", "score"),
        coords={"service": labels["service"], "item": ["q"]},
    )
    table = xr.DataArray(counts.reshape(REGIONS, SERVICES), dims=("region", "service"), coords=labels)
    return Population.from_pmf(table, pmf)


class StratifiedMeans:
    """Q by service of a sample stratified by region x service, with its standard error if wanted."""

    def __init__(self, with_se: bool) -> None:
        self.with_se = with_se

    def __call__(self, survey: Survey) -> dict[str, np.ndarray]:
        """Answers for every replicate."""
        counts = survey.population.counts.to_numpy()
        used = np.unique(survey.stratum)
        start = np.searchsorted(survey.stratum, used)
        n = np.diff(start, append=survey.stratum.size)
        size = counts.ravel()[used].astype(float)
        service = used % SERVICES
        weight = np.zeros((used.size, SERVICES))
        weight[np.arange(used.size), service] = size
        weight /= weight.sum(axis=0)
        rating = survey.ratings[..., 0].astype(np.float64)
        mean = np.add.reduceat(rating, start, axis=1) / n
        out = {"estimate": mean @ weight}
        if self.with_se:
            square = np.add.reduceat(rating**2, start, axis=1) / n
            variance = (square - mean**2) / (n - 1) * (1 - n / size)
            out["se"] = np.sqrt(variance @ weight**2)
        return out


def normals() -> None:
    """As many float32 normals as the surveys hold ratings, a survey at a time."""
    rng = np.random.default_rng(1)
    out = np.empty(RESPONDENTS * ITEMS, dtype=np.float32)
    for _ in range(REPLICATES):
        rng.standard_normal(out=out, dtype=np.float32)


def timed(job: Callable[[], object], clock: Callable[[], float] = process_time) -> float:
    """Milliseconds of processor time, which other programs on the machine do not lengthen."""
    start = clock()
    job()
    return 1000 * (clock() - start)


def least(job: Callable[[], object], times: int = 5) -> tuple[float, float, int]:
    """Milliseconds of the quickest run, those of them outside the kernel, and its fresh pages of memory."""
    found = []
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_SELF)
        job()
        after = resource.getrusage(resource.RUSAGE_SELF)
        user, kernel = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
        found.append((1000 * (user + kernel), 1000 * user, after.ru_minflt - before.ru_minflt))
    return min(found)


def memory() -> float:
    """Largest resident size so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def row(work: str, ours: float, bound: str, bound_ms: float, note: str = "") -> dict:
    return {
        "work": work,
        "ours_ms": ours,
        "bound": bound,
        "bound_ms": bound_ms,
        "ratio": ours / bound_ms,
        "note": note,
    }
