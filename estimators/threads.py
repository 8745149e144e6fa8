"""Products too small for several threads: these would only wait for one another, and hold up what follows."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController


@contextmanager
def one_thread() -> Iterator[None]:
    """Let the matrix library work on one thread within, whatever the environment says."""
    with _blas().limit(limits=1, user_api="blas"):
        yield


@cache
def _blas() -> ThreadpoolController:
    """Controller of the threads of the loaded matrix library: made once, as it searches the process."""
    return ThreadpoolController()
