"""Who owns what: each agency's services, each service's rows in its provider table."""

from functools import cache

from sapa.ledger.figures import Row
from sapa.published import printed

PROVIDERS = "provider_by_service"
LOCAL = "LEA"


@cache
def services_of() -> dict[str, list[str]]:
    """Surveyed services of each agency, by Table 1."""
    text = printed("services")
    surveyed = text[text["n_table1"] != ""]
    return {agency: list(rows) for agency, rows in surveyed.groupby("agency_id")["service_id"]}


@cache
def own_rows() -> dict[tuple[str, str], Row]:
    """First row of each service and zone in the provider tables: the body itself, before bodies under it."""
    text = printed(PROVIDERS)
    columns = (text[name] for name in ("service_id", "provider_kk", "provider_class"))
    found: dict[tuple[str, str], Row] = {}
    for service, provider, zone in zip(*columns, strict=True):
        found.setdefault((service, zone), (service, provider))
    return found


def with_state_body(services: list[str]) -> list[str]:
    """Those services whose provider table has a row of the state body."""
    return [service for service in services if (service, "state_body") in own_rows()]
