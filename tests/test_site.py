"""The documentation builds without a warning, offline, and holds every public name."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

ROOT = Path(__file__).parents[1]
OURS = ("sampling", "simulate", "estimators", "sapa")
WITH_NAMES = sorted(
    ".".join(path.parent.relative_to(ROOT).parts)
    for package in OURS
    for path in (ROOT / package).rglob("__init__.py")
    if "__all__" in path.read_text(encoding="utf-8")
)


def build(source: Path, target: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Build a site as `make docs` does, but for the notebooks, which tests/test_notebooks.py runs."""
    place = [str(source), str(target)]
    kept = ["-d", str(target.parent / "doctrees"), *options]
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", *kept, *place]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Folder of the built site."""
    target = tmp_path_factory.mktemp("docs") / "site"
    done = build(ROOT / "docs", target, "-D", "execute_notebooks=0")
    assert done.returncode == 0, done.stderr[-3000:]
    return target


@pytest.fixture(scope="module")
def described(site):
    """Names that the reference describes, with the page of each."""
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    return {
        name: item.uri
        for kind, names in inventory.data.items()
        if kind.startswith("py:")
        for name, item in names.items()
    }


@pytest.mark.parametrize("package", WITH_NAMES)
def test_every_public_name_is_described(described, package):
    """Under its own name, or under that of the package above which offers the same object."""
    module, above = importlib.import_module(package), importlib.import_module(package.partition(".")[0])
    missing = [
        name
        for name in module.__all__
        if f"{package}.{name}" not in described
        and not (
            getattr(above, name, None) is getattr(module, name) and f"{above.__name__}.{name}" in described
        )
    ]
    assert module.__all__
    assert missing == []


def test_every_page_and_notebook_is_in_the_site(site):
    pages = [path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").glob("*.md")]
    notebooks = [
        Path("notebooks") / path.with_suffix(".html").name for path in (ROOT / "notebooks").glob("*.ipynb")
    ]
    assert len(notebooks) >= 7
    assert [page for page in pages + notebooks if not (site / page).is_file()] == []


def test_formulas_are_in_the_page_and_need_no_script(site):
    text = (site / "methods.html").read_text(encoding="utf-8")
    assert text.count("<math") > 20
    assert "MathJax" not in text


def test_every_verb_of_the_command_line_is_shown(site):
    from sapa.cli import app

    text = (site / "reference" / "command_line.html").read_text(encoding="utf-8")
    verbs = [command.callback.__name__ for command in app.registered_commands]
    assert len(verbs) >= 10
    assert [verb for verb in verbs if f">sapa {verb}<" not in text] == []


@pytest.mark.parametrize(
    ("scripts", "body", "fault"),
    [
        ([], "<a href='gone.html#x'>gone</a>", "index.html: gone.html#x leads nowhere"),
        ([], "<a href='search.html#x'>gone</a>", "index.html: search.html#x has no such place"),
        (["https://example.org/a.js"], "", "loads https://example.org/a.js, which is not on the site"),
    ],
)
def test_a_bad_link_or_an_outside_script_fails_the_build(tmp_path, scripts, body, fault):
    source = tmp_path / "source"
    source.mkdir()
    (source / "index.rst").write_text(
        f"Title\n=====\n\n.. raw:: html\n\n   <p>{body}</p>\n", encoding="utf-8"
    )
    extensions = str(ROOT / "docs" / "extensions")
    conf = (
        f"import sys\nsys.path.insert(0, {extensions!r})\nextensions = ['links']\nhtml_js_files = {scripts}\n"
    )
    (source / "conf.py").write_text(conf, encoding="utf-8")
    done = build(source, tmp_path / "site")
    assert done.returncode != 0
    assert fault in done.stderr
