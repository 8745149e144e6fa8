"""What every test may rely on, however the tests were started."""

import signal

# A shell that starts the tests in the background lets them, and programs they start, ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
