"""Scores of the bodies' own responsibility: Table 9's agencies and Table 11's local bodies."""

from collections.abc import Iterable, Mapping

from estimators import Nodes, Scheme
from sapa.ledger.owners import LOCAL, own_rows, services_of
from sapa.scheme_2020 import questionnaire, regional_scheme_2020, scheme_2020

OWN_ZONES = ("state_body", "common")
FEEDBACK = "feedback"
PATH = ("service", "channel", "criterion", "item")
ABROAD = "MFA"  # Table 9 prints its services' scores of Table 8


def own_nodes() -> Nodes:
    """Table 9's agencies, ``own X``: mean over their services of the state body's zone.

    A service's zone is the mean over its channels of the zone's items, shared items counted and feedback
    left out, in the services whose provider table has a row of the state body.

    Examples
    --------
    >>> len(own_nodes().scheme.level("own").nodes)
    23
    """
    agencies = {
        service: f"own {agency}"
        for agency, services in services_of().items()
        if agency not in (LOCAL, ABROAD)
        for service in services
    }
    leaves = [leaf for leaf in own_leaves(scheme_2020().leaves) if leaf.split("/")[0] in agencies]
    scheme = by_depth(leaves, ("service", "channel"))
    held = {service: agencies[service] for service in scheme.level("service").nodes}
    return Nodes(scheme.grouped("own", held, below="service"), PATH, ("own",), outside="ignore")


def abroad_nodes() -> Nodes:
    """Table 9's Foreign Affairs, ``own MFA``: the mean of its services by the official rule.

    Examples
    --------
    >>> abroad_nodes().scheme.level("abroad").nodes
    ('own MFA',)
    """
    official = Scheme(tuple(level for level in scheme_2020().levels if level.name in PATH))
    held = dict.fromkeys(services_of()[ABROAD], f"own {ABROAD}")
    return Nodes(official.grouped("abroad", held, below="service"), PATH, ("abroad",), outside="ignore")


def local_nodes() -> Nodes:
    """Table 11's local bodies, ``local X``: the same zone of the local services of each region.

    Examples
    --------
    >>> len(local_nodes().scheme.level("local").nodes)
    17
    """
    scheme = by_depth(own_leaves(regional_scheme_2020().leaves), ("region", "service", "channel"))
    named = {region: f"local {region}" for region in scheme.level("region").nodes}
    return Nodes(
        scheme.grouped("local", named, below="region"), ("region", *PATH), ("local",), outside="ignore"
    )


def own_leaves(leaves: Iterable[str]) -> list[str]:
    """Those leaves that a state body answers for and that its row in a provider table averages.

    Examples
    --------
    >>> own_leaves(["s49/office/terms/o19", "s49/office/access/o04", "s49/office/feedback/o24"])
    ['s49/office/terms/o19']
    """
    zone: Mapping[str, str] = questionnaire()["zone"].to_dict()
    rows = own_rows()
    kept = []
    for leaf in leaves:
        service, _, criterion, item = leaf.split("/")[-4:]
        if zone[item] in OWN_ZONES and criterion != FEEDBACK and (service, "state_body") in rows:
            kept.append(leaf)
    return kept


def by_depth(leaves: Iterable[str], levels: tuple[str, ...]) -> Scheme:
    """Scheme whose lowest groups are the first ``len(levels)`` parts of the leaves, whatever is between.

    Examples
    --------
    >>> [level.nodes for level in by_depth(["s/a/x/i1", "s/a/y/i2"], ("service", "channel")).levels]
    [('s/a/x/i1', 's/a/y/i2'), ('s/a',), ('s',)]
    """
    paths = [leaf.split("/") for leaf in leaves]
    names = [f"part {depth}" for depth in range(len(paths[0]) - 1)]
    below = Scheme.from_paths(paths, levels=(*names, "item")).levels[0]
    scheme, children = Scheme((below,)), "item"
    for depth in range(len(levels), 0, -1):
        groups = {child: "/".join(child.split("/")[:depth]) for child in scheme.level(children).nodes}
        scheme = scheme.grouped(levels[depth - 1], groups, below=children)
        children = levels[depth - 1]
    return scheme
