"""Next year's plan as tables: interviews, contacts, checks, quotas, precision, and what it costs."""

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import pandas as pd

from sampling import Frame, Plan, Precision, half_width, qualitative, resolvable_difference, round_total
from sapa.frames import ABROAD, actual_2020
from sapa.published import table

#: Spread of the scores 2020 was to rank: services (Table 8) and regions (Table 12).
RANKED: Final = {"service": "service_ranking_2020", "region": "region_ranking_2020"}
Domain = Literal["region", "service"]


def plan_tables(
    plan: Plan, *, deff: float = 1.0, precision: Sequence[Precision] = ()
) -> dict[str, pd.DataFrame]:
    """Every table of a plan, by the name of its sheet.

    Parameters
    ----------
    plan
        From `sampling.allocate`.
    deff
        Design effect of selection and field, beyond the weights.
    precision
        Limits that were asked for.

    Returns
    -------
    dict of str to pandas.DataFrame
        about, plan (regions down, services across), regions, services, contacts, qualitative, ranking, and
        precision where limits were asked for.

    Examples
    --------
    >>> from sampling import allocate
    >>> from sapa.frames import frame_2020
    >>> list(plan_tables(allocate(frame_2020(), 9000, min_service=30, min_region=300)))
    ['about', 'plan', 'regions', 'services', 'contacts', 'qualitative', 'ranking']
    """
    return {
        "about": _about(plan, deff),
        "plan": _cross_table(plan),
        "regions": domain_table(plan, "region", deff=deff),
        "services": domain_table(plan, "service", deff=deff),
        "contacts": _contacts(plan),
        "qualitative": qualitative_table(plan.frame),
        "ranking": ranking_table(plan, deff=deff),
    } | ({"precision": precision_table(plan, precision, deff=deff)} if precision else {})


def precision_table(plan: Plan, precision: Sequence[Precision], *, deff: float = 1.0) -> pd.DataFrame:
    """One row a limit asked for: what the widest domain reaches, which it is, whether the limit is kept."""
    ids = {"region": plan.frame.regions, "service": plan.frame.services, "country": ("country",)}
    rows = []
    for limit in precision:
        got = limit.reached(plan, deff=deff)
        worst = int(np.nanargmax(got))
        rows.append(
            {
                "asked": str(limit),
                "limit": limit.limit,
                "widest": got[worst],
                "where": ids[limit.by][worst],
                "domains": int(np.isfinite(got).sum()),
                "kept": limit.kept(plan, deff=deff),
            }
        )
    return pd.DataFrame(rows)


def domain_table(plan: Plan, by: Domain, *, deff: float = 1.0) -> pd.DataFrame:
    """One row a region or service: interviews, contacts, half-widths, changes found, weights' cost.

    The half-widths of 95% intervals are of the weighted mean (points) and share of fives (0..1): Student's t,
    the design effect given, the plan's own weights. The changes between two such rounds are those that a
    two-sided 5% test finds with probability 0.8.
    """
    frame = plan.frame
    ids = frame.regions if by == "region" else frame.services
    axis = 1 if by == "region" else 0
    share = frame.spread("share")
    rows = pd.DataFrame(
        {
            f"{by}_id": ids,
            "interviews": plan.count(by),
            "contacts": plan.issued.sum(axis=(axis, 2)),
            "half_width_mean": plan.half_width(by, deff=deff),
            "half_width_share_of_fives": plan.half_width(by, sd=share, deff=deff),
            "change_found_mean": plan.detectable_change(by, deff=deff),
            "change_found_share_of_fives": plan.detectable_change(by, sd=share, deff=deff),
            "kish": plan.kish(by),
        }
    )
    if by == "region":
        people = np.asarray(frame.population)
        inside = float(plan.count("region")[people > 0].sum())
        rows.insert(2, "by_population", inside * people / people.sum())
        rows["interviewers"], rows["back_checks"] = plan.interviewers, plan.backchecks
    widths = [column for column in rows if column.startswith(("half_width", "change_found"))]
    rows[widths] = rows[widths].replace(np.inf, np.nan)
    return rows


def qualitative_table(frame: Frame) -> pd.DataFrame:
    """Quotas of the qualitative part, a row for each quota of a service or region."""
    people = {
        r: float(n)
        for r, n in zip(frame.regions, np.asarray(frame.population), strict=True)
        if r != ABROAD and n > 0
    }
    quota = qualitative(frame.services, np.asarray(frame.surveyed).tolist(), people)
    size = f"{quota.group_size[0]}-{quota.group_size[1]} people"
    parts = (
        ("expert interviews", frame.services, quota.experts, ""),
        ("in-depth interviews", frame.services, quota.interviews, "service without a mass survey"),
        ("mystery visits", tuple(people), quota.visits, ""),
        ("focus groups", tuple(people), quota.groups, size),
    )
    rows = [
        {"quota": name, "where": where, "number": int(k), "note": note}
        for name, ids, numbers, note in parts
        for where, k in zip(ids, numbers, strict=True)
        if k
    ]
    return pd.DataFrame(rows)


def ranking_table(plan: Plan, *, deff: float = 1.0) -> pd.DataFrame:
    """What the ranking can resolve: differences between domains that are significant at 95%.

    For regions and services: the smallest, median and largest difference over all pairs, for one pair
    chosen beforehand and for all pairs at once; beside them the spread of the scores of 2020.
    """
    rows = []
    for by in ("region", "service"):
        error = plan.standard_error(by, deff=deff)[plan.asked(by)]
        error = error[np.isfinite(error) & (error > 0)]
        if error.size < 2:
            continue
        printed = table(RANKED[by]).mean_score
        for simultaneous in (False, True):
            pairs = _pairs(error, simultaneous=simultaneous)
            rows.append(
                {
                    "domains": by,
                    "ranked": error.size,
                    "comparison": "all pairs at once" if simultaneous else "one pair chosen beforehand",
                    "smallest": pairs.min(),
                    "median": float(np.median(pairs)),
                    "largest": pairs.max(),
                    "range_of_2020_scores": float(printed.max() - printed.min()),
                    "share_of_2020_pairs_beyond_median": _beyond(printed.to_numpy(), float(np.median(pairs))),
                }
            )
    return pd.DataFrame(rows)


def case_2020(*, deff: float = 1.0) -> pd.DataFrame:
    """The survey of 2020 judged as a plan, and what other plans of the same size would have resolved.

    Returns
    -------
    pandas.DataFrame
        Regions as they were and by the territorial rule; services as they were and equal. For each:
        interviews; for regions the Kish factor of the population weights and the half-width it leaves the
        country's mean; the smallest domain and its half-width; the median difference that all pairs at once,
        or one pair chosen beforehand, could have resolved. SD 0.9; those abroad are no region here.

    Examples
    --------
    >>> case_2020().kish.round(2).tolist()[:2]
    [1.24, 1.0]
    """
    regions = actual_2020()
    people = regions.population.to_numpy(dtype=float)
    made = regions.actual.to_numpy()
    services = table("services").n_respondents.dropna().to_numpy(dtype=int)
    equal = round_total(np.ones(services.size), int(services.sum()))
    return pd.DataFrame(
        [
            _case("region", "actual", made, deff, weight=people / made),
            _case("region", "rule", rule := round_total(people, int(made.sum())), deff, weight=people / rule),
            _case("service", "actual", services, deff),
            _case("service", "equal", equal, deff),
        ]
    )


def _case(
    domains: str,
    allocation: str,
    count: np.typing.NDArray[np.int64],
    deff: float,
    *,
    weight: np.typing.NDArray[np.float64] | None = None,
) -> dict[str, object]:
    """One allocation of 2020 as a row."""
    n = int(count.sum())
    kish = np.nan if weight is None else float(n * (weight**2 * count).sum() / (weight * count).sum() ** 2)
    pairs = {at_once: _pairs(0.9 * np.sqrt(deff / count), simultaneous=at_once) for at_once in (True, False)}
    return {
        "domains": domains,
        "allocation": allocation,
        "interviews": n,
        "kish": kish,
        "half_width_country": float(half_width(n, sd=0.9, deff=deff * kish))
        if weight is not None
        else np.nan,
        "smallest_domain": int(count.min()),
        "largest_half_width": float(half_width(count.min(), sd=0.9, deff=deff)),
        "resolvable_all_pairs": float(np.median(pairs[True])),
        "resolvable_one_pair": float(np.median(pairs[False])),
    }


def _pairs(error: np.typing.NDArray[np.float64], *, simultaneous: bool) -> np.typing.NDArray[np.float64]:
    """Resolvable differences over all pairs: n = 1 / error**2 of deviation 1 has that standard error."""
    pairs = resolvable_difference(1 / error**2, sd=1.0, simultaneous=simultaneous)
    return np.asarray(pairs[np.triu_indices(error.size, 1)])


def _beyond(scores: np.typing.NDArray[np.float64], difference: float) -> float:
    """Share of pairs of scores that differ by more."""
    gaps = np.abs(scores[:, None] - scores)[np.triu_indices(scores.size, 1)]
    return float((gaps > difference).mean())


def _cross_table(plan: Plan) -> pd.DataFrame:
    """Regions down, services across, with totals."""
    cells = pd.DataFrame(plan.n, columns=list(plan.frame.services))
    cells.insert(0, "region_id", list(plan.frame.regions))
    cells["total"] = plan.count("region")
    last = {"region_id": "total", **dict(zip(plan.frame.services, plan.count("service"), strict=True))}
    return pd.concat([cells, pd.DataFrame([last | {"total": plan.total}])], ignore_index=True)


def _contacts(plan: Plan) -> pd.DataFrame:
    """Interviews and contacts to issue of every region, service and mode."""
    r, s, m = np.nonzero(plan.completes)
    return pd.DataFrame(
        {
            "region_id": np.array(plan.frame.regions)[r],
            "service_id": np.array(plan.frame.services)[s],
            "mode": np.array(plan.frame.modes)[m],
            "interviews": plan.completes[r, s, m],
            "contacts": plan.issued[r, s, m],
        }
    )


def _about(plan: Plan, deff: float) -> pd.DataFrame:
    """What the plan is, how it was made, what it assumes, and what it costs against proportional."""
    frame = plan.frame
    rates = [f"{m}: contact {frame.contact[m]:g}, response {frame.response[m]:g}" for m in frame.modes]
    unknown = all(frame.contact[m] == frame.response[m] == 1 for m in frame.modes)
    kish = float(plan.kish("country")[0])
    rows = [
        ("interviews", f"{plan.total}"),
        *(("how", sentence) for sentence in plan.how),
        ("contacts to issue", f"{int(plan.issued.sum())}"),
        ("modes", "; ".join(rates)),
        *(
            [("warning", "no contact or response rates were given: contacts equal interviews")]
            if unknown
            else []
        ),
        ("interviewers", f"{int(plan.interviewers.sum())}"),
        ("back-checks", f"{int(plan.backchecks.sum())}, at random, of every interviewer"),
        ("cost", f"{plan.cost:g} in the frame's unit"),
        (
            "against proportional allocation",
            f"Kish factor {kish:.3f}: for the country's mean these {plan.total} interviews are worth "
            f"{plan.total / kish:.0f} allocated in proportion to recipients",
        ),
        ("recipients are", frame.recipients_are),
        ("design effect assumed", f"{deff:g}, beyond the weights"),
        ("half-widths", "95%, Student's t, for probability samples; snowball and panels are model-based"),
        ("SD expected", f"{np.min(np.asarray(frame.sd)):g}..{np.max(np.asarray(frame.sd)):g} points"),
    ]
    return pd.DataFrame(rows, columns=["what", "value"])
