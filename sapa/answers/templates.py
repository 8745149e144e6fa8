"""Templates to fill in: a file of answers with its codebook, and a frame."""

from typing import Final

import pandas as pd

from sapa.answers.codebook import AnswerCodebook, Item
from sapa.frames import EXAMPLE
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
    missing = {"not_applicable": ("98",), "not_answered": ("", "99")}
    return AnswerCodebook("wide", columns, items, missing, nonprobability=("online", "snowball"))


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
        ("mode", "telephone, online or snowball; the last two and a blank count as not drawn at random"),
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
    """Sheets of a workbook of a frame, as ``sapa plan --frame`` reads it, with what its columns are.

    The 20 regions that exist since 2022 and the services of 2020; populations of regions that were split in
    2022 are blank, to be filled in. Recipients are not published: the interviews of 2020 stand in.

    Examples
    --------
    >>> {name: list(sheet.columns)[:3] for name, sheet in frame_template().items()}
    {'regions': ['region_id', 'name_kk', 'name_en'], 'services': ['service_id', 'name_kk', 'name_en'],
     'columns': ['sheet', 'column', 'what']}
    """
    words = [
        ("regions", "region_id, population", "each region once, with its inhabitants"),
        ("services", "service_id, recipients", "each service once, with its recipients in a year"),
        ("services", "surveyed", "true or false: false for services covered by qualitative methods only"),
        ("services", "abroad", "true for services given abroad only"),
        ("services", "recipients_are", "what recipients counts, the same in every row; blank: recipients"),
        ("cells", "region_id, service_id, recipients", "a sheet to add: recipients by region and service"),
        ("modes", "mode, contact, response", "a sheet to add: shares reached and answering, 0 to 1"),
    ]
    sheets = {name: _frame_sheet(name) for name in ("regions", "services")}
    return sheets | {"columns": pd.DataFrame(words, columns=["sheet", "column", "what"])}


def _frame_sheet(name: str) -> pd.DataFrame:
    """Sheet of the example frame, its numbers as numbers."""
    sheet = pd.read_csv(EXAMPLE / f"{name}.csv", dtype=str)
    counts = [column for column in ("population", "recipients") if column in sheet]
    return sheet.assign(**{column: pd.to_numeric(sheet[column]).astype("Int64") for column in counts})
