"""The command ``sapa``: registers the verbs and turns bad input into one line and an exit code."""

import signal
import sys
from typing import NoReturn

import typer

from sapa.commands.check import check
from sapa.commands.compare import compare
from sapa.commands.estimate import estimate
from sapa.commands.figure import figure
from sapa.commands.init import init
from sapa.commands.plan import plan
from sapa.commands.rank import rank
from sapa.commands.reproduce import reproduce
from sapa.commands.study import study
from sapa.commands.template import template

#: Exit codes: done; a fault of ours (with a traceback); bad input or usage; stopped by Ctrl-C. `sapa check`
#: ends with 3 when the file has problems.
DONE, FAULT, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(
    help="Plan, reproduce and judge surveys that rate public services.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (reproduce, plan, study, template, init, check, estimate, rank, compare, figure):
    app.command()(command)


def main() -> None:
    """Run the command line: bad input, or a file that cannot be written, is one line and exit code 2."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up as after Ctrl-C
    try:
        app()
    except (ValueError, OSError) as error:
        print(f"sapa: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        _stopped()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _stopped()
        raise


def _stopped() -> NoReturn:
    print("sapa: stopped; nothing was left half-written", file=sys.stderr)
    sys.exit(INTERRUPTED)
