"""Official scores of own answers: the design that the codebook names, the scheme, and the intervals."""

from collections.abc import Mapping
from typing import Any, Final

import xarray as xr

from estimators import Design, Nodes, SparseRule, compose
from estimators.composite_design import stratified
from estimators.nonprobability import inference_label
from sapa.answers import scheme_of
from sapa.choices import Denominator, Level, SinglePsu

#: Strata where the codebook names none. Regions are left out: strata of two or three people would say
#: that a score has no error when the few happen to agree.
CELLS: Final = ("service", "channel")
#: What a node's name is made of, by level.
PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "country": ("country",),
    "region": ("region",),
    "service": ("service",),
    "channel": ("service", "channel"),
    "criterion": ("service", "channel", "criterion"),
}


def design_of(data: xr.Dataset, *, single_psu: SinglePsu = "error") -> Design:
    """Design of own answers, from what the codebook names.

    Parameters
    ----------
    data
        As :func:`sapa.read` gives it.
    single_psu
        What to do with a stratum of one PSU; see :class:`estimators.Design`.

    Returns
    -------
    Strata, PSUs (read within their stratum), weights and who was not drawn at random, where the data have
    them. Without strata and PSUs:
    simple random samples within service x channel, lone respondents merged as in
    :func:`estimators.compose`.

    Examples
    --------
    >>> people = xr.Dataset({name: ("respondent", list(labels)) for name, labels in
    ...                      {"service": "aabb", "channel": "oooo", "region": "xxxx"}.items()})
    >>> design_of(people).df
    2
    """
    weight, selection = (data[name].values if name in data else None for name in ("weight", "selection"))
    if "stratum" not in data and "psu" not in data:
        plain = stratified(data, CELLS)
        return Design(strata=plain.strata, weight=weight, selection=selection, single_psu="certainty")
    strata, psu = (data[name].values if name in data else None for name in ("stratum", "psu"))
    sampled: dict[str, Any] = {"strata": strata, "psu": psu, "nest": strata is not None}
    return Design(**sampled, weight=weight, selection=selection, single_psu=single_psu)


def official(
    data: xr.Dataset,
    *,
    by: Level = "service",
    denominator: Denominator = "asked",
    deff: float = 1.0,
    level: float = 0.95,
    single_psu: SinglePsu = "error",
    rule: SparseRule | None = None,
) -> xr.Dataset:
    """Official scores with covariance and intervals.

    Parameters
    ----------
    data
        As :func:`sapa.read` gives it.
    by
        Level of the scheme. ``"channel"`` and ``"criterion"`` are those of each service; ``"region"`` is the
        mean of the services as rated in the region.
    denominator
        Of satisfaction: everyone asked, as published, or raters only.
    deff
        Factor on every variance for what the design leaves out.
    level
        Of the intervals.
    single_psu
        See :func:`design_of`.
    rule
        For items without a usable variance.

    Returns
    -------
    As :func:`estimators.compose`.

    Raises
    ------
    ValueError
        For an unknown level, an impossible design, or ratings that the scheme does not take.
    """
    if by not in PARTS:
        raise ValueError(f"by must be one of {sorted(PARTS)}, got {by!r}; estimate(by='item') scores items")
    above = "region" if by == "region" else ""
    path = (*((above,) if above else ()), "service", "channel", "criterion", "item")
    wanted = Nodes(scheme_of(data, above=above), path, (by,))
    design = design_of(data, single_psu=single_psu)
    found = compose(data, wanted, design=design, deff=deff, denominator=denominator, rule=rule, level=level)
    return found.assign_attrs(design=design_in_words(data), inference=inference_label(design))


def design_in_words(data: xr.Dataset) -> str:
    """What :func:`design_of` takes the design to be, in words."""
    named = [name for name in ("stratum", "psu", "weight") if name in data]
    own = f"{' and '.join([', '.join(named[:-1]), named[-1]][len(named) < 2 :])} of the data" if named else ""
    plain = f"simple random within {' x '.join(CELLS)}"
    return own if {"stratum", "psu"} & set(named) else ", ".join(part for part in (plain, own) if part)
