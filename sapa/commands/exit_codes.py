"""Exit codes of the command line."""

from typing import Final

DONE: Final = 0
#: A fault of ours, with a traceback.
FAULT: Final = 1
#: Bad input or usage, or a file that cannot be read or written.
BAD_INPUT: Final = 2
#: `sapa check` read the file and found problems.
PROBLEMS: Final = 3
#: Stopped by Ctrl-C or a request to end.
INTERRUPTED: Final = 130
#: Whoever read the output went away.
UNREAD: Final = 141
