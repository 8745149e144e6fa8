"""What the 2020 report prints of every service, channel and criterion: the figures to be met.

A printed figure stands for the half-open interval of the numbers that round to it, halves up. The report's
own exact halves go up: s41 has 8 people and prints terms 37/8 = 4.625 as 4.63 and access 26/32 = 81.25% as
81.3 (its procedure, 93.75% printed as 93.7, is the exception).
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import pandas as pd

from sapa.published import corrected_criteria, corrections, table

MEAN_UNIT: Final = 0.01
SHARE_UNIT: Final = 0.001
SLACK: Final = 1e-9  # float error of a figure, far below half a unit


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers that round to a printed one: ``low <= x < high``; everything where nothing is printed."""

    low: float
    high: float
    printed: float

    @classmethod
    def of(cls, printed: float, unit: float) -> "Interval":
        """Interval of a printed figure with the last digit worth `unit`; NaN is nothing printed.

        >>> Interval.of(4.63, 0.01).holds(37 / 8), Interval.of(4.62, 0.01).holds(37 / 8)
        (True, False)
        """
        if pd.isna(printed):
            return cls(float("-inf"), float("inf"), float("nan"))
        return cls(printed - unit / 2 - SLACK, printed + unit / 2 - SLACK, float(printed))

    def holds(self, value: float) -> bool:
        """Whether `value` prints as the figure."""
        return self.low <= value < self.high


@dataclass(frozen=True, slots=True)
class Figures:
    """Printed mean (1..5) and satisfaction (a proportion) of one thing."""

    mean: Interval
    share: Interval

    @classmethod
    def of(cls, mean: float, percent: float) -> "Figures":
        """Figures from a mean and a percentage as printed, either NaN."""
        return cls(Interval.of(mean, MEAN_UNIT), Interval.of(round(percent / 100, 4), SHARE_UNIT))


@dataclass(frozen=True, slots=True)
class Form:
    """One service's questionnaire of one channel, with its printed figures."""

    service: str
    channel: str
    figures: Figures
    criteria: dict[str, Figures]


@dataclass(frozen=True, slots=True)
class Service:
    """A surveyed service: respondents, Table 8 figures and its channels."""

    service: str
    n: int
    figures: Figures
    forms: tuple[Form, ...]


@cache
def targets() -> tuple[Service, ...]:
    """Figures of the 62 surveyed services, the corrections overlay on.

    Where the overlay names no figure for a criterion that exists, the criterion is there and free.

    >>> len(targets()), sum(len(s.forms) for s in targets())
    (62, 106)
    """
    size = table("services").set_index("service_id")["n_table1"]
    ranking = table("service_ranking_2020")
    printed = ranking[ranking["service_id"] != ""].set_index("service_id")
    forms = _forms()
    return tuple(
        Service(
            service,
            int(size[service]),
            Figures.of(printed.at[service, "mean_score"], printed.at[service, "satisfaction_pct"]),
            tuple(form for form in forms if form.service == service),
        )
        for service in sorted(printed.index)
    )


@cache
def target(service: str) -> Service:
    """Printed figures of one surveyed service.

    Raises
    ------
    ValueError
        When the service is not one of the 62.
    """
    found = {known.service: known for known in targets()}
    if service not in found:
        raise ValueError(f"service must be one of the 62 surveyed, got {service!r}")
    return found[service]


def _forms() -> list[Form]:
    rows = corrected_criteria().groupby(["service_id", "channel"], sort=False)
    totals = table("criteria_totals").set_index(["service_id", "channel"])
    forms = []
    for (service, channel), frame in rows:
        total = totals.loc[(service, channel)]
        figures = Figures.of(total["mean_score"], total["satisfaction_pct"])
        forms.append(Form(service, channel, figures, _criteria(frame)))
    return forms + _channels_in_prose(forms)


def _criteria(frame: pd.DataFrame) -> dict[str, Figures]:
    """Criteria that have ratings: a figure other than 0.00, or a figure the overlay struck out."""
    rated = (frame["mean_score"] > 0) | (frame["satisfaction_pct"] > 0) | (frame["correction"] != "")
    rated &= ~(frame["mean_score"].isna() & (frame["criterion"] == "feedback"))
    return {
        row.criterion: Figures.of(row.mean_score, row.satisfaction_pct)
        for row in frame[rated].itertuples(index=False)
    }


def _channels_in_prose(forms: list[Form]) -> list[Form]:
    """Channels of which only the total is known: every criterion is there and free, feedback is absent."""
    whole: dict[tuple[str, str], dict[str, float]] = {}
    for item in corrections():
        if item.criterion == "ALL":
            whole.setdefault((item.service, item.channel), {})[item.field] = item.proposed
    free = Figures.of(float("nan"), float("nan"))
    names = [name for name in forms[0].criteria if name != "feedback"]
    return [
        Form(
            service,
            channel,
            Figures.of(fields["mean_score"], fields["satisfaction_pct"]),
            dict.fromkeys(names, free),
        )
        for (service, channel), fields in whole.items()
    ]
