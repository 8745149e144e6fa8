"""From a frame to a plan: margins by rule and precision, the table between them, modes and checks."""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from sampling.allocation import power_allocation, proportional
from sampling.apportionment import round_total
from sampling.arguments import FloatArray, IntArray, numbers, whole
from sampling.fieldwork import BACKCHECK_SHARE, backcheck_quota, issue, workloads
from sampling.frame import Frame
from sampling.plan import Plan, domain_sums
from sampling.precision import sample_size
from sampling.table_fit import fit_table
from sampling.table_rounding import round_table


def allocate(
    frame: Frame,
    n: int | None = None,
    *,
    power: float = 1.0,
    min_service: int = 0,
    min_region: int = 0,
    region_half_width: float | None = None,
    service_half_width: float | None = None,
    deff: float = 1.0,
    mode_share: Mapping[str, float] | None = None,
    assurance: float | None = None,
    workload: int = 100,
    backcheck_share: float = BACKCHECK_SHARE,
) -> Plan:
    """The plan for a frame: margins by rule, minima and precision, the table fitted and rounded.

    Region totals follow the population (the territorial rule ``N * P_r``), service totals
    ``recipients**power``; both respect the minima and are whole. The table nearest to the frame's
    recipients with these margins is fitted and rounded with all margins exact. Half-widths, where asked
    for, become minima of the margins (`sample_size`); without n the sum of the larger set of minima is
    the plan's size. A region without population (respondents abroad) has no minimum: it gets the services
    that are given only there.

    Parameters
    ----------
    frame : Frame
    n : int, optional
        Interviews; None means the fewest that meet the half-widths.
    power : float
        Of the recipients in the service totals: 1 proportional, 0 equal.
    min_service, min_region : int
        Fewest interviews of a service (all recipients where there are fewer) and in a region.
    region_half_width, service_half_width : float, optional
        Largest 95% half-width of the mean of every region, and of every service.
    deff : float
        Design effect for these.
    mode_share : mapping of mode to share, optional
        Shares of the completed interviews by mode, summing to 1; equal if not given.
    assurance : float, optional
        See `issue`.
    workload : int
        Most questionnaires per interviewer.
    backcheck_share : float
        Of every interviewer's questionnaires.

    Returns
    -------
    Plan

    Raises
    ------
    ValueError
        If the demands contradict each other: with the rows, columns and numbers in conflict.

    Examples
    --------
    >>> frame = Frame(["A", "B"], ["x", "y"], population=[600, 400], recipients=[9000, 1000])
    >>> allocate(frame, 100, min_service=20).n.tolist()
    [[48, 12], [32, 8]]
    """
    widths = {"region": region_half_width, "service": service_half_width}
    minima = {
        by: np.maximum(_needed(frame, by, widths[by], deff), fewest)  # type: ignore[arg-type]
        for by, fewest in (("region", min_region), ("service", min_service))
    }
    minima["region"][np.asarray(frame.population) == 0] = 0
    services, note = _service_minima(frame, minima["service"])
    if n is None:
        if region_half_width is None and service_half_width is None:
            raise ValueError(
                "n must be given where no half-width is asked for, got none; say how many or how precise"
            )
        n = int(max(minima["region"].sum(), services.sum()))
    total = whole("n", n, minimum=1)
    columns = _service_totals(frame, total, power, services)
    rows = _region_totals(frame, columns, minima["region"])
    table = _table(frame, rows, columns)
    completes = _by_mode(frame, table, mode_share)
    contact, response = (np.array(list(rates.values())) for rates in (frame.contact, frame.response))
    loads = [workloads(int(k), workload) for k in table.sum(axis=1)]
    return Plan(
        frame,
        table,
        completes,
        issue(completes, contact, response, assurance=assurance),
        np.array([k.size for k in loads], dtype=np.int64),
        np.array([backcheck_quota(k, share=backcheck_share).sum() for k in loads], dtype=np.int64),
        (
            f"{total} interviews: regions in proportion to population, services to {frame.recipients_are} "
            f"to the power {power:g}.",
            f"At least {min_region} in a region and {min_service} of a service{note}.",
            *(
                f"Minima for a half-width of {w:g} in every {by} (design effect {deff:g}): "
                f"{int(minima[by].min())}..{int(minima[by].max())} interviews."
                for by, w in widths.items()
                if w is not None
            ),
            "The table with these margins nearest to the frame's cells, rounded with every margin exact.",
        ),
    )


def _needed(frame: Frame, by: Literal["region", "service"], width: float | None, deff: float) -> IntArray:
    """Interviews each domain needs for a half-width; 0 where nothing is asked or surveyed."""
    table = frame.table
    mass = domain_sums(table, by)
    need = np.zeros(mass.shape, dtype=np.int64)
    if width is None:
        return need
    square = domain_sums(table * np.asarray(frame.sd) ** 2, by)
    some = mass > 0
    people = np.maximum(np.floor(mass[some]), 2) if frame.finite else np.inf
    need[some] = sample_size(width, sd=np.sqrt(square[some] / mass[some]), population=people, deff=deff)
    return need


def _service_minima(frame: Frame, wanted: FloatArray) -> tuple[FloatArray, str]:
    """The minima of the surveyed services, all recipients where there are fewer, and a note of where."""
    minima = np.where(frame.surveyed & np.asarray(frame.possible).any(axis=0), wanted, 0.0)
    if not frame.finite:
        return minima, ""
    most = np.floor(frame.table.sum(axis=0) + 1e-9)
    short = minima > most
    named = [f"{frame.services[s]} ({int(most[s])})" for s in np.flatnonzero(short).tolist()]
    return np.minimum(minima, most), f" (all recipients of {', '.join(named)})" if named else ""


def _service_totals(frame: Frame, n: int, power: float, minima: FloatArray) -> IntArray:
    """Whole interviews of every service."""
    table = frame.table
    size = np.where(frame.surveyed, table.sum(axis=0), 0.0)
    caps = np.where(size > 0, np.floor(size + 1e-9) if frame.finite else np.inf, 0.0)
    try:
        real = power_allocation(size, n, power=power, lower=minima, upper=caps)
    except ValueError as error:
        raise ValueError(f"services: {error}") from error
    return round_total(real, n, lower=minima, upper=np.minimum(caps, n))


def _region_totals(frame: Frame, columns: IntArray, minima: FloatArray) -> IntArray:
    """Whole interviews of every region, by population; regions without population get their own services."""
    people = np.asarray(frame.population)
    apart = people == 0
    own = ~np.asarray(frame.possible)[~apart].any(axis=0)
    inside = int(columns[~own].sum())
    rows = np.zeros(people.size, dtype=np.int64)
    caps = (
        np.floor(frame.table.sum(axis=1)[~apart] + 1e-9) if frame.finite else np.full((~apart).sum(), np.inf)
    )
    try:
        real = proportional(people[~apart], inside, lower=minima[~apart], upper=caps)
    except ValueError as error:
        raise ValueError(f"regions: {error}") from error
    rows[~apart] = round_total(real, inside, lower=minima[~apart], upper=np.minimum(caps, inside))
    if apart.any():
        share = frame.table[np.ix_(apart, own)]
        total = share.sum(axis=0)
        rows[apart] = round_total(
            (share / np.where(total > 0, total, 1.0)) @ columns[own], columns[own].sum()
        )
    return rows


def _table(frame: Frame, rows: IntArray, columns: IntArray) -> IntArray:
    """The frame's table fitted to the margins and rounded, bounded by recipients where they are counted."""
    table = frame.table
    caps = np.ceil(table) if frame.finite else None
    fitted = fit_table(frame.labelled(table), rows, columns, upper=caps, tolerance=1e-10)
    return np.asarray(round_table(np.asarray(fitted)))


def _by_mode(frame: Frame, table: IntArray, mode_share: Mapping[str, float] | None) -> IntArray:
    """Interviews by mode, (R, S, M): whole, every cell and the national totals of the modes kept."""
    modes = frame.modes
    shares = dict.fromkeys(modes, 1 / len(modes)) if mode_share is None else dict(mode_share)
    if set(shares) != set(modes):
        raise ValueError(
            f"mode_share must name the modes {sorted(modes)}, got {sorted(shares)}; name each once"
        )
    share = numbers("mode_share", [shares[m] for m in modes])
    if abs(share.sum() - 1) > 1e-9:
        raise ValueError(f"mode_share must sum to 1, got {share.sum():g}; write 40% as 0.4")
    cells = table.reshape(-1)[:, None] * share
    return np.asarray(round_table(cells)).reshape(*table.shape, len(modes))
