"""The scoring scheme of the 2020 monitoring: its questionnaires and the tree of its official scores."""

from collections.abc import Iterable
from functools import cache

import pandas as pd

from estimators import Scheme
from sapa.published import table

OFFICE_LIST, PORTAL_LIST, AMBULANCE_LIST = "office", "portal", "ambulance"
#: Which item list each channel's recipients answered. That missions abroad and state bodies (s31) use the
#: office list is read off their criteria tables, which hold the same eight criteria.
LIST_OF_CHANNEL = {
    "office": OFFICE_LIST,
    "foreign_mission": OFFICE_LIST,
    "state_body": OFFICE_LIST,
    "online": PORTAL_LIST,
    "ambulance": AMBULANCE_LIST,
}
#: Criteria whose items are put to their users only: complainers, users of the virtual assistant.
USERS_ONLY = (("office", "feedback"), ("portal", "feedback"), ("portal", "staff_or_assistant"))


@cache
def questionnaire() -> pd.DataFrame:
    """Items of the three lists, in the printed order.

    Returns
    -------
    Indexed by item id (``o01`` to ``o25`` office, ``p01`` to ``p24`` portal, ``a01`` to ``a05`` ambulance);
    columns ``list, criterion, zone, name_en, name_kk``. Zone ``common`` counts for both providers.

    Examples
    --------
    >>> questionnaire().groupby("list").size().to_dict()
    {'ambulance': 5, 'office': 25, 'portal': 24}
    """
    parts = [
        _items("scoring_example_office", OFFICE_LIST, "o"),
        _items("scoring_example_portal", PORTAL_LIST, "p"),
        _ambulance(),
    ]
    return pd.concat(parts)


def items_of(channel: str) -> tuple[str, ...]:
    """Item ids put to the recipients of a channel.

    Raises
    ------
    ValueError
        When the channel is unknown.

    Examples
    --------
    >>> len(items_of("state_body")), len(items_of("online"))
    (25, 24)
    """
    if channel not in LIST_OF_CHANNEL:
        raise ValueError(f"channel must be one of {sorted(LIST_OF_CHANNEL)}, got {channel!r}")
    items = questionnaire()
    return tuple(items.index[items["list"] == LIST_OF_CHANNEL[channel]])


@cache
def scheme_2020() -> Scheme:
    """Official scores of services, agencies, the country and providers: Tables 2, 3, 7 and 8 of the report.

    Leaves are ``service/channel/criterion/item`` of the channels that each service's criteria table
    prints (with s59's online channel, printed in prose only). Levels: item, criterion, channel,
    service, agency, country; a node is the unweighted mean of its children that exist. Services of local
    bodies belong to no agency: the report ranks those bodies by region. Beside criteria stand zones: the
    zone of a provider in a channel is the mean of the zone's items, common items counted in every zone of
    their list (Tables 2-3); a provider's figure for a service (``s49/state_body``) is the mean of its zones.

    Examples
    --------
    >>> [len(level.nodes) for level in scheme_2020().levels]
    [2573, 845, 106, 62, 24, 1, 211, 166]
    """
    services = table("services").query("mass_survey").set_index("service_id")
    agency = services.loc[services["agency_id"] != "LEA", "agency_id"].to_dict()
    scheme = (
        Scheme.from_paths(_paths(service_channels()), levels=("service", "channel", "criterion", "item"))
        .grouped("agency", agency, below="service")
        .grouped("country", dict.fromkeys(services.index, "KZ"), below="service")
        .grouped("zone", _zones(), below="item")
    )
    return scheme.grouped("provider", _providers(scheme.level("zone").nodes), below="zone")


@cache
def regional_scheme_2020() -> Scheme:
    """Official scores of regions: means of the local services' scores in the region (Table 12).

    Leaves are ``region/service/channel/criterion/item`` for the local services and the regions of each
    one's regional table. That a service's score in a region follows the service's own rule is assumed:
    the report prints no channels or criteria by region.
    """
    pairs = table("local_service_by_region")[["region_id", "service_id"]].itertuples(index=False)
    channels = (
        pd.DataFrame(service_channels(), columns=["service", "channel"])
        .groupby("service")["channel"]
        .agg(list)
    )
    paths = [
        (region, *path)
        for region, service in pairs
        for path in _paths((service, channel) for channel in channels[service])
    ]
    return Scheme.from_paths(paths, levels=("region", "service", "channel", "criterion", "item"))


@cache
def service_channels() -> tuple[tuple[str, str], ...]:
    """Pairs (service, channel) that the report gives a score, s59's online channel included."""
    totals = table("criteria_totals")
    pairs = set(zip(totals["service_id"], totals["channel"], strict=True)) | {("s59", "online")}
    return tuple(sorted(pairs))


def _zones() -> list[tuple[str, str]]:
    """Pairs (leaf, ``service/channel/zone``); a common item is in every zone of its list."""
    items = questionnaire()
    own = {
        name: [zone for zone in part.unique() if zone != "common"]
        for name, part in items.groupby("list")["zone"]
    }
    zones = {
        item: own[row["list"]] if row["zone"] == "common" else [row["zone"]] for item, row in items.iterrows()
    }
    return [
        ("/".join(path), f"{path[0]}/{path[1]}/{zone}")
        for path in _paths(service_channels())
        for zone in zones[path[-1]]
    ]


def _providers(zones: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs (zone of a channel, ``service/zone``)."""
    return [(zone, f"{zone.split('/')[0]}/{zone.split('/')[2]}") for zone in zones]


def _paths(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str, str, str]]:
    criterion = questionnaire()["criterion"]
    return [
        (service, channel, criterion[item], item) for service, channel in pairs for item in items_of(channel)
    ]


def _items(name: str, items: str, letter: str) -> pd.DataFrame:
    """Items of a scoring example; its total rows carry no criterion."""
    frame = table(name).query("criterion != ''")
    return pd.DataFrame(
        {
            "list": items,
            "criterion": frame["criterion"].to_numpy(),
            "zone": frame["zone"].to_numpy(),
            "name_en": frame["sub_criterion_en"].str.rstrip("* ").to_numpy(),
            "name_kk": frame["sub_criterion_kk"].str.rstrip("* ").to_numpy(),
        },
        index=pd.Index([f"{letter}{int(number):02d}" for number in frame["item_no"]], name="item"),
    )


def _ambulance() -> pd.DataFrame:
    """Items of the ambulance service: five, each its own criterion."""
    criteria = table("criteria").query("channel == 'ambulance'")["criterion"].to_numpy()
    names = [str(name).removeprefix("ambulance_").replace("_", " ").capitalize() for name in criteria]
    index = pd.Index([f"a{number:02d}" for number in range(1, len(criteria) + 1)], name="item")
    facts = {
        "list": AMBULANCE_LIST,
        "criterion": criteria,
        "zone": "state_body",
        "name_en": names,
        "name_kk": "",
    }
    return pd.DataFrame(facts, index=index)
