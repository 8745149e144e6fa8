"""The notebooks, run before the site is read: each in a process of its own, two at a time."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util.typing import ExtensionMetadata


def execute(source: Path, *, into: Path) -> None:
    """Put an executed copy of a notebook into a folder."""
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute"]
    options = ["--ExecutePreprocessor.timeout=300", "--output-dir", str(into), str(source)]
    done = subprocess.run(
        [*command, *options], cwd=source.parent, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ExtensionError(f"{source.name} did not run: {done.stderr[-2000:]}")


def fill(app: Sphinx, config: Config) -> None:
    """Fill docs/notebooks anew, with outputs unless `execute_notebooks` is off."""
    sources = sorted((Path(app.srcdir).parent / "notebooks").glob("*.ipynb"))
    folder = Path(app.srcdir) / "notebooks"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    one = partial(execute, into=folder) if config.execute_notebooks else partial(shutil.copy, dst=folder)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, sources))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Run them when the configuration is known."""
    app.add_config_value("execute_notebooks", True, "env")
    app.connect("config-inited", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
