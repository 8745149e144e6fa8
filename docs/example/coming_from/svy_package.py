"""The analyses of docs/coming_from.md with svy: ``python svy_package.py``, here. Writes svy.json."""

import datetime
import json

import polars as pl
import svy

data = pl.read_csv("answers.csv")

# design
sample = svy.Sample(data=data, design=svy.Design(stratum="stratum", psu="psu", wgt="w"))

# means
means = sample.estimation.mean(y="costs_1", by="service", drop_nulls=True)

# shares
shares = sample.estimation.prop(y="costs_1", by="service", ci_method="korn-graubard", drop_nulls=True)

# weights
ages, channels = {"old": 400, "young": 650}, {"office": 600, "online": 450}
raked = sample.weighting.rake(controls={"age": ages, "channel": channels}, tol=1e-12)

fives = [row for row in shares.to_polars().to_dicts() if str(row["costs_1"]) == "5"]
found = {
    "provenance": {
        "made_by": "python svy_package.py",
        "svy": svy.__version__,
        "date": str(datetime.date.today()),
    },
    "means": {
        "estimate": [row["est"] for row in means.to_polars().to_dicts()],
        "se": [row["se"] for row in means.to_polars().to_dicts()],
    },
    "shares": {name: [row[name] for row in fives] for name in ("est", "se", "lci", "uci")},
    "raked": raked.data["rk_wgt"].to_list(),
}
with open("svy.json", "w", encoding="utf-8") as file:
    json.dump(found, file)
