import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "sampling.md"


def test_page_says_what_happens():
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, optionflags=flags)
    assert tried > 25
    assert failed == 0
