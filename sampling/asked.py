"""Precision asked of a plan: of which domains, in which measure, how much."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from sampling.arguments import FloatArray
from sampling.frame import Frame, Statistic
from sampling.plan import By, Plan, domain_sums
from sampling.targets import Target

Measure = Literal["half_width", "cv", "change", "se"]
WORDS: Final[dict[str, str]] = {
    "half_width": "half-width of the 95% interval",
    "cv": "coefficient of variation",
    "change": "change found with 80% probability at the 5% level",
    "se": "standard error",
}
DOMAINS: Final = ("region", "service", "country")


@dataclass(frozen=True, slots=True)
class Precision:
    """A limit that every domain of one kind is to keep.

    Parameters
    ----------
    by : {"region", "service", "country"}
    measure : {"half_width", "cv", "change", "se"}
        Half-width of the 95% interval (Student's t); coefficient of variation; smallest change between two
        such rounds that a two-sided 5% test finds with probability 0.8; standard error.
    limit : float
        Largest value accepted, in points (share of fives: 0..1; cv: relative).
    statistic : {"mean", "share"}

    Examples
    --------
    >>> print(Precision("region", "half_width", 0.1))
    every region: half-width of the 95% interval of the mean at most 0.1
    """

    by: By
    measure: Measure
    limit: float
    statistic: Statistic = "mean"

    def __post_init__(self) -> None:
        """Check every part."""
        for name, known in (("by", DOMAINS), ("measure", tuple(WORDS)), ("statistic", ("mean", "share"))):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {known}, got {getattr(self, name)!r}; choose one")
        if not 0 < self.limit < np.inf:
            raise ValueError(f"limit must be a positive number, got {self.limit}; give the largest accepted")

    def __str__(self) -> str:
        where = "the country" if self.by == "country" else f"every {self.by}"
        of = "mean" if self.statistic == "mean" else "share of fives"
        return f"{where}: {WORDS[self.measure]} of the {of} at most {self.limit:g}"

    def reached(self, plan: Plan, *, deff: float = 1.0) -> FloatArray:
        """The measure that the plan gives every domain; nan where nothing is asked."""
        sd = plan.frame.spread(self.statistic)
        if self.measure == "half_width":
            got = plan.half_width(self.by, sd=sd, deff=deff)
        elif self.measure == "change":
            got = plan.detectable_change(self.by, sd=sd, deff=deff)
        else:
            got = plan.standard_error(self.by, sd=sd, deff=deff)
            got = got / self._level(plan.frame) if self.measure == "cv" else got
        return np.where(plan.asked(self.by), got, np.nan)

    def kept(self, plan: Plan, *, deff: float = 1.0) -> bool:
        """Whether every domain keeps the limit."""
        return not (self.reached(plan, deff=deff) > self.limit * (1 + 1e-9)).any()

    def target(self, frame: Frame, *, deff: float = 1.0) -> Target:
        """The same as a target of `bethel` on the frame's table, with rows for the mean and the share."""
        by = None if self.by == "country" else self.by
        if self.measure == "half_width":
            target = Target.half_width(self.limit, student=True, deff=deff)
        elif self.measure == "change":
            target = Target.change(self.limit, student=True, deff=deff)
        elif self.measure == "cv":
            target = Target.cv(self.limit, self._level(frame))
        else:
            target = Target(self.limit)
        count = domain_sums(frame.table, self.by).size
        se = np.full((2, count), np.inf)
        se[("mean", "share").index(self.statistic)] = target.se
        if self.by == "region":
            se[:, np.asarray(frame.population) == 0] = np.inf
        return Target(se, by, f"{self.by} {WORDS[self.measure]}", factor=target.factor)

    def _level(self, frame: Frame) -> FloatArray:
        """The expected mean or share of every domain."""
        mass = domain_sums(frame.table, self.by)
        total = domain_sums(frame.table * frame.level(self.statistic), self.by)
        return np.divide(total, mass, out=np.ones_like(total), where=mass > 0)
