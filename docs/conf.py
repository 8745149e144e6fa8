"""How the documentation is built: ``make docs``. Nothing on the site asks another host for anything."""

import os
import sys
from importlib.metadata import version as version_of
from pathlib import Path

import ziamath

sys.path.insert(0, str(Path(__file__).parent / "extensions"))
os.environ.setdefault("QUICK", "1")  # the notebooks run as in the tests
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

project = "sapa"
author = "The sapa developers"
project_copyright = author
version = release = version_of("sapa")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "executed",
    "links",
    "mathml",
    "reference",
    "prose",
]
exclude_patterns = ["extensions", "pictures", "**/.ipynb_checkpoints"]
default_role = "code"

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the extension `executed` has run them

autosummary_generate = False  # the pages of the reference hold the descriptions themselves
autodoc_typehints = "none"  # the docstrings say types in words
autodoc_class_signature = "mixed"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_attr_annotations = False
napoleon_custom_sections = [("Attributes", "params_style")]  # fields of a dataclass, told once

html_theme = "furo"
html_title = "sapa"
html_math_renderer = "mathml"
html_static_path = ["_static", *(f"{place}/fonts" for place in ziamath.__path__)]  # STIX Two Math
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # a page opened from disk may not read the others
