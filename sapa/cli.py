"""The command ``sapa``: registers the verbs and turns bad input into one line and an exit code."""

import sys

import typer

from sapa.commands.reproduce import reproduce

#: Exit codes: done; a fault of ours (with a traceback); bad input or usage; stopped by Ctrl-C.
DONE, FAULT, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(
    help="Plan, reproduce and judge surveys that rate public services.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(reproduce)


@app.callback()
def _verbs() -> None:
    """Keep the verb in the command even while there is only one."""


def main() -> None:
    """Run the command line; ``ValueError`` is bad input: its message is all that is shown."""
    try:
        app()
    except ValueError as error:
        print(f"sapa: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        print("sapa: stopped; nothing was left half-written", file=sys.stderr)
        sys.exit(INTERRUPTED)
