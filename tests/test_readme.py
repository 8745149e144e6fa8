"""What the README says is so."""

import doctest
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_examples_run():
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert failed == 0
    assert tried >= 4


def test_commands_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`?make ([a-z][a-z-]+)`?", TEXT)) - {"and"}:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_links_lead_somewhere():
    for place in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / place).exists(), place


def test_pages_of_the_documentation_link_somewhere():
    for page in sorted((ROOT / "docs").rglob("*.md")):
        # the pages of the reference are written when the site is built, which checks the links to them
        for place in re.findall(r"\]\((?!http|reference/)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / place).exists(), f"{page.name}: {place}"
