"""Own data: files of answers, the codebook that names their columns, and every problem in them."""

from sapa.answers.checking import Check, check
from sapa.answers.codebook import AnswerCodebook, Item, read_codebook, write_codebook
from sapa.answers.file_table import FileTable
from sapa.answers.files import open_table
from sapa.answers.guessing import guess_codebook
from sapa.answers.reading import read, scheme_of

__all__ = [
    "AnswerCodebook",
    "Check",
    "FileTable",
    "Item",
    "check",
    "guess_codebook",
    "open_table",
    "read",
    "read_codebook",
    "scheme_of",
    "write_codebook",
]
