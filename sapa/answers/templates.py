"""Templates to fill in: a file of answers with its codebook, and a frame."""

from typing import Final

import pandas as pd

from sapa.answers.codebook import AnswerCodebook, Item
from sapa.published import table
from sapa.scheme_2020 import LIST_OF_CHANNEL, questionnaire

_ROLES: Final = (
    "respondent",
    "service",
    "region",
    "channel",
    "weight",
    "stratum",
    "psu",
    "mode",
    "interviewer",
)
_NEEDED: Final = frozenset({"service", "channel"})


def template_codebook() -> AnswerCodebook:
    """Codebook of the 2020 questionnaires: each item with its criterion, its zone and its channels.

    A blank cell of an item that the respondent's channel was asked means ``not_answered``.

    Examples
    --------
    >>> book = template_codebook()
    >>> book.items["o01"].channels
    ('foreign_mission', 'office', 'state_body')
    """
    channels = {
        name: tuple(sorted(channel for channel, own in LIST_OF_CHANNEL.items() if own == name))
        for name in set(LIST_OF_CHANNEL.values())
    }
    items = {
        str(name): Item(str(name), row["criterion"], row["zone"], channels[row["list"]])
        for name, row in questionnaire().iterrows()
    }
    columns = {role: role for role in ("respondent", "service", "region", "channel", "mode", "interviewer")}
    return AnswerCodebook("wide", columns, items, {"not_applicable": ("98",), "not_answered": ("", "99")})


def answers_template() -> dict[str, pd.DataFrame]:
    """Sheets of a workbook of answers: the sheet to fill in, what its columns are, and the items.

    Examples
    --------
    >>> {name: sheet.shape for name, sheet in answers_template().items()}
    {'answers': (0, 60), 'columns': (8, 2), 'items': (54, 6)}
    """
    book = template_codebook()
    words = [
        ("respondent", "id of the questionnaire, each once"),
        ("service", "id or name of the service, in every row"),
        ("region", "id or name of the region, in every row"),
        ("channel", "one of " + ", ".join(LIST_OF_CHANNEL)),
        ("mode", "how the interview was held; may be blank"),
        ("interviewer", "id of the interviewer; may be blank"),
        ("items", "1 to 5; blank or 99: asked, not answered; 98: not applicable"),
        ("other channels' items", "leave blank: they count as not asked"),
    ]
    items = questionnaire().rename_axis("item").reset_index()
    return {
        "answers": pd.DataFrame(columns=[*book.columns.values(), *book.items]),
        "columns": pd.DataFrame(words, columns=["column", "what"]),
        "items": items,
    }


def frame_template() -> dict[str, pd.DataFrame]:
    """Sheets of a workbook of a frame: regions, services, and the recipients of each cell.

    The regions and services of 2020 stand as an example; recipients are blank, for they are not published.

    Examples
    --------
    >>> {name: list(sheet.columns)[:3] for name, sheet in frame_template().items()}
    {'regions': ['region', 'name', 'population'], 'services': ['service', 'name', 'recipients'],
     'cells': ['service', ...]}
    """
    regions, services = table("regions"), table("services")
    return {
        "regions": pd.DataFrame(
            {"region": regions["region_id"], "name": regions["name_en"], "population": pd.NA}
        ),
        "services": pd.DataFrame(
            {
                "service": services["service_id"],
                "name": services["name_en"],
                "recipients": pd.NA,
                "surveyed": services["mass_survey"].map({True: "yes", False: "no"}),
            }
        ),
        "cells": pd.DataFrame(
            {"service": services["service_id"]} | dict.fromkeys(regions["region_id"], pd.NA)
        ),
    }
