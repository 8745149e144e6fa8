"""Write docs/coverage.md, the coverage of every interval: ``python -m benchmarks.coverage_tables``."""

import argparse
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special, stats

from estimators import Design, interval, scores
from estimators.coverage import exact_coverage
from estimators.intervals import KINDS

LAWS = {
    "90% fives": (0.005, 0.005, 0.01, 0.08, 0.9),
    "80% fives": (0.01, 0.01, 0.03, 0.15, 0.8),
    "70% fives": (0.02, 0.03, 0.05, 0.2, 0.7),
    "50% fives": (0.1, 0.05, 0.1, 0.25, 0.5),
    "97% fives": (0.01, 0, 0.005, 0.015, 0.97),
    "60% fives, 20% ones": (0.2, 0.05, 0.05, 0.1, 0.6),
}
ENUMERATED = [kind for kind in KINDS if kind != "bootstrap_t"]
MEAN_SIZES, SHARE_SIZES = (5, 10, 20, 30), (5, 8, 10, 15, 20, 30, 50, 100)
DOMAINS = np.repeat([5, 8, 12, 20, 35, 60, 120, 300], [10, 10, 10, 10, 8, 6, 5, 3])
STRATA, PSUS = 17, 267


def random_laws(count: int, rng: np.random.Generator) -> np.ndarray:
    """Laws of three families: diffuse, sparse, and two scores with a trace of the others."""
    third = count // 3
    traces = rng.dirichlet(np.full(5, 0.05), third) * 0.02
    pairs = np.array([rng.permutation(5)[:2] for _ in range(third)])
    share = rng.uniform(0, 0.98, third)
    traces[np.arange(third), pairs[:, 0]] += share
    traces[np.arange(third), pairs[:, 1]] += 0.98 - share
    return np.vstack([rng.dirichlet(np.ones(5), third), rng.dirichlet(np.full(5, 0.2), third), traces])


def mean_tables(largest_gaffke: int) -> Iterator[str]:
    """Exact coverage of the mean: six laws, and the worst of 600."""
    many = random_laws(600, np.random.default_rng(7))
    laws = np.vstack([list(LAWS.values()), many])
    for n in MEAN_SIZES:
        rows = []
        for kind in ENUMERATED:
            if kind == "gaffke" and n > largest_gaffke:
                continue
            found = exact_coverage(laws, n, kind=kind)
            worst = int(np.argmin(found.coverage))
            row = {"kind": kind} | {name: f"{found.coverage[k]:.3f}" for k, name in enumerate(LAWS)}
            row |= {
                "width at 80% fives": f"{found.width[1]:.2f}",
                "worst of 606": f"{found.coverage[worst]:.3f}",
            }
            rows.append(row | {"its law (1 to 5)": " ".join(f"{p:.2f}" for p in laws[worst])})
        yield f"### n = {n}\n\n{markdown(rows)}\n"


def two_score_rows() -> list[dict[str, str]]:
    """Exact least coverage of the mean over laws on two of the five scores, p in steps of 0.001."""
    p, rows = np.arange(1, 1000) / 1000, []
    for kind in ENUMERATED:
        row = {"kind": kind}
        for n in MEAN_SIZES:
            hits = np.arange(n + 1)
            chance = stats.binom.pmf(hits, n, p[:, None])
            least = (2.0, 0, 0, 0.0)
            for a, b in combinations(range(5), 2):
                shares = np.zeros((n + 1, 5))
                shares[:, a], shares[:, b] = 1 - hits / n, hits / n
                lower, upper = simple_ends(shares, n, kind)
                truth = ((a + 1) * (1 - p) + (b + 1) * p)[:, None]
                inside = (lower <= truth + 1e-12) & (truth <= upper + 1e-12) & (upper > lower + 1e-12)
                coverage = np.sum(chance * inside, axis=1)
                worst = int(np.argmin(coverage))
                least = min(least, (float(coverage[worst]), a + 1, b + 1, float(p[worst])))
            row[f"n = {n}"] = (
                f"{least[0]:.3f} ({1 - least[3]:.3f} on {least[1]}, {least[3]:.3f} on {least[2]})"
            )
        rows.append(row)
    return rows


def simple_ends(shares: np.ndarray, n: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the intervals of n independent ratings with these shares."""
    scores_of, mean = np.arange(1, 6), shares @ np.arange(1, 6)
    variance = np.maximum(shares @ scores_of**2 - mean**2, 0)
    made = interval(
        mean,
        kind=kind,
        se=np.sqrt(np.where(variance > 1e-12, variance, 0) / (n - 1)),
        df=n - 1,
        n=n,
        distribution=shares,
        bounds=(1, 5),
        unusable="nan",
    )
    return made.lower, made.upper


def share_rows() -> list[dict[str, str]]:
    """Exact coverage of a share over p = 0.01..0.99."""
    p = np.arange(1, 100) / 100
    rows = []
    for kind in ENUMERATED:
        row: dict[str, str] = {"kind": kind}
        for n in SHARE_SIZES:
            found = exact_coverage(np.column_stack([1 - p, p]), n, kind=kind, scores=(0, 1))
            worst = int(np.argmin(found.coverage))
            row[f"n = {n}"] = (
                f"{found.coverage[49:].mean():.3f} / {found.coverage[worst]:.3f} at {p[worst]:.2f}"
            )
        rows.append(row)
    return rows


def share_cost() -> list[float]:
    """Mean width of Korn-Graubard over that of Wilson, less 1, at p = 0.75 for each size."""
    kinds = ("korn_graubard", "wilson")
    widths = [
        [float(exact_coverage([0.25, 0.75], n, kind=kind, scores=(0, 1)).width) for kind in kinds]
        for n in SHARE_SIZES
    ]
    return [ours / theirs - 1 for ours, theirs in widths]


def survey(
    rng: np.random.Generator, rho: float, concentrated: bool, weights: bool
) -> tuple[xr.Dataset, Design]:
    """One survey of the size of 2020: a latent normal with PSU effects, an item for each law."""
    domain = np.repeat(np.arange(DOMAINS.size), DOMAINS)
    if concentrated:
        psu = np.concatenate(
            [rng.choice(PSUS, max(3, size // 10))[np.arange(size) % max(3, size // 10)] for size in DOMAINS]
        )
    else:
        psu = rng.integers(0, PSUS, domain.size)
    _, psu = np.unique(psu, return_inverse=True)
    effect = rng.normal(0, np.sqrt(rho), (psu.max() + 1, len(LAWS)))
    latent = effect[psu] + rng.normal(0, np.sqrt(1 - rho), (domain.size, len(LAWS)))
    ratings = np.empty(latent.shape, dtype=np.int8)
    for k, law in enumerate(LAWS.values()):
        ratings[:, k] = 1 + np.searchsorted(special.ndtri(np.clip(np.cumsum(law)[:-1], 0, 1)), latent[:, k])
    data = xr.Dataset(
        {"ratings": (("respondent", "item"), ratings), "domain": ("respondent", domain)},
        coords={"item": list(LAWS)},
    )
    stratum = np.minimum(psu * STRATA // (psu.max() + 1), STRATA - 1)
    weight = np.exp(rng.normal(0, 0.4, domain.size)) if weights else np.ones(domain.size)
    return data, Design(strata=stratum, psu=psu, weight=weight)


SETTINGS = {
    "independent ratings, PSUs at random": (0.0, False, False),
    "rho 0.05, PSUs at random, weights of cv 0.4": (0.05, False, True),
    "rho 0.05, ten of a domain in a PSU": (0.05, True, False),
    "rho 0.15, ten of a domain in a PSU, weights of cv 0.4": (0.15, True, True),
}


def survey_rows(surveys: int) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Coverage of the defaults of `scores`, and of Wald, by domain size, over simulated surveys."""
    values = np.arange(1, 6)
    truth = np.array([[law @ values, law[4]] for law in map(np.array, LAWS.values())])
    sizes = np.unique(DOMAINS)
    for name, setting in SETTINGS.items():
        hits: dict[str, list[np.ndarray]] = {"defaults": [], "wald": []}
        for replicate in range(surveys):
            data, design = survey(np.random.default_rng([2020, replicate]), *setting)
            for kind, store in hits.items():
                made = scores(data, design, by="domain", **({"interval": "wald"} if kind == "wald" else {}))
                inside = (made.lower.values <= truth + 1e-12) & (truth <= made.upper.values + 1e-12)
                store.append(np.array([inside[size == DOMAINS].mean(axis=0) for size in sizes]))
        rows = []
        for s, statistic in enumerate(("mean", "satisfaction")):
            for kind, store in hits.items():
                table = np.array(store)[..., s]
                mean, error = table.mean(axis=0), table.std(axis=0, ddof=1) / np.sqrt(surveys)
                row = {"statistic": statistic, "interval": kind}
                row |= {f"n = {n}": f"{mean[i].mean():.3f}" for i, n in enumerate(sizes)}
                worst = np.unravel_index(np.argmin(mean), mean.shape)
                row["worst law and n"] = f"{mean[worst]:.3f} ({list(LAWS)[worst[1]]}, {sizes[worst[0]]})"
                rows.append(row | {"Monte Carlo error, at most": f"{error.max():.3f}"})
        yield name, rows


def worst_of_defaults(
    two: Sequence[dict[str, str]],
    shares: Sequence[dict[str, str]],
    simulated: Sequence[tuple[str, list[dict[str, str]]]],
) -> str:
    """Least coverage of each default over everything tabulated, with its law and n."""

    def of(rows: Sequence[dict[str, str]], kind: str, place: int) -> tuple[str, str]:
        row = next(row for row in rows if row["kind"] == kind)
        cells = [(name, text) for name, text in row.items() if name != "kind"]
        return min(cells, key=lambda cell: float(cell[1].split()[place]))

    mean, share = of(two, "smoothed_moments", 0), of(shares, "korn_graubard", 2)
    rows = [
        {"default": "mean: smoothed_moments, independent", "coverage, law, n": f"{mean[1]}, {mean[0]}"},
        {
            "default": "satisfaction: korn_graubard, independent",
            "coverage, law, n": f"{share[1].split(' / ')[1].replace('at', 'at a share of')}, {share[0]}",
        },
    ]
    for statistic in ("mean", "satisfaction"):
        found = [
            (row["worst law and n"], setting, row["Monte Carlo error, at most"])
            for setting, table in simulated
            for row in table
            if (row["statistic"], row["interval"]) == (statistic, "defaults")
        ]
        least, setting, error = min(found)
        text = f"{least}, Monte Carlo error at most {error}; {setting}"
        rows.append({"default": f"{statistic}: in domains of a survey", "coverage, law, n": text})
    return markdown(rows)


def bootstrap_t_table(samples: int) -> str:
    """Coverage of bootstrap-t by simulation, beside its chance of no interval."""
    rng = np.random.default_rng(5)
    values, rows = np.arange(1, 6), []
    for name, law in LAWS.items():
        row: dict[str, str] = {"law": name}
        for n in (5, 10, 20):
            drawn = rng.choice(values, p=law, size=(n, samples)).astype(float)
            again = np.take_along_axis(drawn[None], rng.integers(0, n, (299, n, samples)), axis=1)
            made = interval(
                drawn.mean(axis=0),
                kind="bootstrap_t",
                bounds=(1, 5),
                se=drawn.std(axis=0, ddof=1) / np.sqrt(n),
                replicates=again.mean(axis=1),
                replicate_se=again.std(axis=1, ddof=1) / np.sqrt(n),
                unusable="nan",
            )
            hit = (made.lower <= np.dot(values, law)) & (np.dot(values, law) <= made.upper)
            row[f"n = {n}"] = f"{hit.mean():.2f}"
        rows.append(row)
    return markdown(rows)


def markdown(rows: Sequence[dict[str, str]]) -> str:
    """Table in Markdown."""
    table = pd.DataFrame(rows)
    lines = [list(table.columns), ["---"] * table.shape[1], *table.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


PAGE = """# Coverage of the intervals

Written by `python -m benchmarks.coverage_tables`; every figure is computed. Nominal level 0.95.
An interval that does not exist, or has width zero, covers nothing.

## What is used by default, and why

- **Q of an item: `smoothed_moments`.** At n = 5 and 90% fives Wald covers {wald:.2f}, smoothed moments
  {smoothed:.3f}. Its worst laws have two scores only (tables below); where a level must hold whatever the
  law, ask for `gaffke`.
- **Satisfaction: `korn_graubard`.** It never fell below its level for independent answers (second part) and
  costs {least:.0%} to {most:.0%} of width against `wilson` (p = 0.75), whose worst share is named there.
- **Small domains of a clustered survey** (fewer than 30 PSUs less strata): the design effect is
  `kish (1 + (m - 1) rho)`, rho of the item pooled over all domains. Larger ones use their own (third part).
- **Composites**: see docs/composites.md, which names its own worst law, n and service.
- `bootstrap_t` is offered for comparison and labelled unsafe: near the ceiling it fails as Wald does (last
  part).

### Where each default is worst

{worst}

## Mean of one item, n independent ratings: exact

All outcomes enumerated. The last columns give the worst of these six laws and 600 random ones, and that law.
`gaffke` is enumerated up to n = {largest}.

{means}
### Laws on two scores only

The least coverage over all pairs of scores and p in steps of 0.001, and where.

{two}

## Share, n independent answers: exact

Mean coverage over p = 0.50..0.99 / the least over p = 0.01..0.99, and where.

{shares}

## Domains of a survey: simulated

{surveys} surveys of {n:,} respondents, {domains} domains, {strata} strata and at most {psus} PSUs; ratings
have a latent normal PSU effect with the intraclass correlation rho; six items, one for each law above,
averaged in the columns. Monte Carlo errors are between surveys.

{simulated}

## Bootstrap-t, mean of one item: simulated

{samples:,} samples, 299 resamples each; Monte Carlo error at most {error:.3f}.

{bootstrap}
"""


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage_tables", description=__doc__)
    parser.add_argument("--surveys", type=int, default=300)
    parser.add_argument("--samples", type=int, default=5_000)
    parser.add_argument("--largest-gaffke", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("docs/coverage.md"))
    chosen = parser.parse_args()
    five = [exact_coverage(LAWS["90% fives"], 5, kind=kind) for kind in ("wald", "smoothed_moments")]
    cost = share_cost()
    two, shares, simulated = two_score_rows(), share_rows(), list(survey_rows(chosen.surveys))
    page = PAGE.format(
        worst=worst_of_defaults(two, shares, simulated),
        wald=five[0].coverage,
        smoothed=five[1].coverage,
        least=min(cost),
        most=max(cost),
        largest=chosen.largest_gaffke,
        means="\n".join(mean_tables(chosen.largest_gaffke)),
        two=markdown(two),
        shares=markdown(shares),
        surveys=chosen.surveys,
        n=int(DOMAINS.sum()),
        domains=DOMAINS.size,
        strata=STRATA,
        psus=PSUS,
        simulated="\n".join(f"### {name}\n\n{markdown(rows)}\n" for name, rows in simulated),
        samples=chosen.samples,
        error=0.5 / np.sqrt(chosen.samples),
        bootstrap=bootstrap_t_table(chosen.samples),
    )
    chosen.out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
