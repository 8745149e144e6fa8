"""Write answers.csv, a made-up clustered sample for the comparison: ``python make_answers.py``."""

from pathlib import Path

import numpy as np
import pandas as pd

CONTENT = {"a": 1.2, "b": 0.75, "c": 0.7, "d": 0.3, "e": -0.3}  # services
ITEMS = ["staff_1", "staff_2", "costs_1"]


def answers() -> pd.DataFrame:
    """Answers of 600 people in 48 units of four strata, 10% of them missing."""
    rng = np.random.default_rng(7)
    n = 600
    stratum = rng.choice(["north", "south", "east", "west"], n)
    psu = rng.integers(1, 13, n)
    service = rng.choice(list(CONTENT), n)
    channel = rng.choice(["office", "online"], n, p=[0.6, 0.4])
    unit = rng.normal(scale=0.25, size=(4, 13))[pd.factorize(stratum)[0], psu]
    person = rng.normal(scale=0.6, size=n)
    content = 3.7 + np.array([CONTENT[s] for s in service]) + unit + person
    table = {"stratum": stratum, "psu": psu, "w": rng.uniform(0.5, 3, n).round(2), "service": service}
    table |= {"channel": channel, "age": rng.choice(["old", "young"], n, p=[0.35, 0.65])}
    for item in ITEMS:
        rating = np.clip(np.round(content + rng.normal(scale=0.8, size=n)), 1, 5)
        rating[rng.random(n) < 0.1] = np.nan
        table[item] = pd.array(rating, dtype="Int64")
    frame = pd.DataFrame(table)
    frame.loc[frame["channel"] == "online", "staff_1"] = pd.NA  # asked in offices only
    return frame


if __name__ == "__main__":
    answers().to_csv(Path(__file__).parent / "answers.csv", index=False)
