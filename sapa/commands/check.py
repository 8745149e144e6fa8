"""``sapa check``: every problem of a file of answers."""

import sys

import typer

from sapa.commands.exit_codes import PROBLEMS
from sapa.commands.python_call import PythonText, python_call, tell_python
from sapa.commands.tables import AsJson, Codebook, Data, Out, codebook_of, show, tell_notes, working


def check(data: Data, codebook: Codebook = None, out: Out = None, as_json: AsJson = False) -> None:
    """List every problem of a file of answers: row, column, value, rule, remedy. Nothing is changed.

    Exit codes: 0 no problem, 3 there are problems, 2 the file or the codebook cannot be read.

    Example: sapa check answers.csv
    """
    from sapa.answers import check as check_answers

    book = codebook_of(data, codebook)
    with working(f"checking {data.name}"):
        found = check_answers(data, book)
    table = found.problems
    table.attrs = dict(found.counts)
    print(f"{len(table)} problems", file=sys.stderr)
    call = PythonText(python_call(check_answers, data, book) + ".problems")
    if len(table) or as_json or out is not None:
        show(table, call=call, as_json=as_json, out=out)
    else:
        tell_notes(table.attrs)
        tell_python(call)
    if not found.fine:
        raise typer.Exit(PROBLEMS)
