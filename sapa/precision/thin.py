"""Units too thin to rank, and channels so thin that one person's answers decide."""

from dataclasses import dataclass

import pandas as pd
import xarray as xr

from sapa.published import table


@dataclass(frozen=True, slots=True)
class ThinRule:
    """When a unit's score is shown but not ranked.

    Attributes
    ----------
    min_raters
        Fewest people who rated anything of it.
    min_effective_n
        Fewest single ratings that would be as precise (variance of one rating over variance of the score).
    max_half_width
        Widest half of the interval for Q, in points of the five-point scale.
    """

    min_raters: int = 30
    min_effective_n: float = 30.0
    max_half_width: float = 0.30

    def __post_init__(self) -> None:
        for name in ("min_raters", "min_effective_n", "max_half_width"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")

    def __str__(self) -> str:
        return (
            f"at least {self.min_raters} raters, effective number {self.min_effective_n:g}, "
            f"half-width of Q at most {self.max_half_width:g}"
        )

    def reasons(self, raters: pd.Series, effective_n: pd.Series, half_width: pd.Series) -> pd.Series:
        """Why each unit is not ranked, in words; empty where it is.

        Examples
        --------
        >>> rule = ThinRule()
        >>> rule.reasons(pd.Series([8, 200]), pd.Series([55.3, 90.2]), pd.Series([0.27, 0.17])).tolist()
        ['8 raters < 30', '']
        """
        rows = []
        for people, number, half in zip(raters, effective_n, half_width, strict=True):
            said = [f"{people:.0f} raters < {self.min_raters}"] * (people < self.min_raters)
            said += [f"effective number {number:.1f} < {self.min_effective_n:g}"] * (
                number < self.min_effective_n
            )
            said += [f"half-width {half:.2f} > {self.max_half_width:.2f}"] * (half > self.max_half_width)
            rows.append("; ".join(said))
        return pd.Series(rows, index=raters.index, dtype=str)


def thin_channels(microdata: xr.Dataset, *, at_most: int = 5) -> pd.DataFrame:
    """Channels of so few people that each moves the service's rank, and the rank without them.

    Parameters
    ----------
    microdata
        Whose channel splits are used; the report prints few of them.
    at_most
        Respondents of a channel that is listed.

    Returns
    -------
    One row a channel and statistic (``mean`` on 1..5, ``satisfaction`` as a share), from printed figures:
    ``n`` people, ``weight`` of one of them in the service's score, the ``channel_figure`` (NaN where none is
    printed), the service's ``published`` figure, its ``printed_rank`` and its ``rank`` by the figure (ties
    share the best), the figure of its other channels alone, ``without``, and the rank it would have,
    ``rank_without``.

    Raises
    ------
    ValueError
        When `at_most` is below 1.
    """
    if at_most < 1:
        raise ValueError(f"at_most must be at least 1, got {at_most}")
    people = pd.DataFrame({name: microdata[name].values for name in ("service", "channel")})
    size = people.value_counts(sort=False)
    league = table("service_ranking_2020").query("service_id != ''").set_index("service_id")
    printed = table("criteria_totals").set_index(["service_id", "channel"])
    rows = []
    for (service, channel), n in size[size <= at_most].items():
        others = printed.loc[[service]].drop(index=(service, channel), errors="ignore")
        if others.empty:
            continue
        for statistic, column, unit in (
            ("mean", "mean_score", 1.0),
            ("satisfaction", "satisfaction_pct", 0.01),
        ):
            rivals = league[column].drop(index=service)
            without = float(others[column].mean())
            published = float(league.at[service, column])
            figure = printed[column].get((service, channel), float("nan"))
            rows.append(
                {
                    "service": service,
                    "channel": channel,
                    "statistic": statistic,
                    "n": int(n),
                    "weight": 1 / ((len(others) + 1) * int(n)),
                    "channel_figure": figure * unit,
                    "published": published * unit,
                    "printed_rank": int(league.at[service, "rank"]),
                    "rank": 1 + int((rivals > published).sum()),
                    "without": without * unit,
                    "rank_without": 1 + int((rivals > without).sum()),
                }
            )
    return pd.DataFrame(rows)
