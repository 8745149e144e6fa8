"""The command ``sapa``: registers the verbs and turns bad input into one line and an exit code."""

import os
import signal
import sys
from typing import NoReturn

import typer

from sapa.commands.check import check
from sapa.commands.compare import compare
from sapa.commands.estimate import estimate
from sapa.commands.exit_codes import BAD_INPUT, INTERRUPTED, UNREAD
from sapa.commands.figure import figure
from sapa.commands.init import init
from sapa.commands.plan import plan
from sapa.commands.rank import rank
from sapa.commands.report import report
from sapa.commands.reproduce import reproduce
from sapa.commands.simulate import simulate
from sapa.commands.study import study
from sapa.commands.template import template

app = typer.Typer(
    help="Plan, reproduce and judge surveys that rate public services.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    reproduce,
    plan,
    simulate,
    study,
    template,
    init,
    check,
    estimate,
    rank,
    compare,
    figure,
    report,
):
    app.command()(command)


def main() -> None:
    """Run the command line: bad input, or a file that cannot be written, is one line and exit code 2."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up as after Ctrl-C
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody is left to be told
        sys.exit(UNREAD)
    except (ValueError, OSError) as error:
        print(f"sapa: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        _stopped()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _stopped()
        if type(sys.stdout).__name__ == "PacifyFlushWrapper":  # so typer marks a broken pipe, with code 1
            sys.exit(UNREAD)
        raise


def _stopped() -> NoReturn:
    print("sapa: stopped; nothing was left half-written", file=sys.stderr)
    sys.exit(INTERRUPTED)
