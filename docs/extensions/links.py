"""Every link of the site leads somewhere, and nothing is loaded from another host."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata

LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href", "object": "data"}
OUTSIDE_STYLE = re.compile(r"""(?:@import|url\()\s*["']?\s*(?:https?:)?//[^)"';]*""")


@dataclass
class Page(HTMLParser):
    """What a page links to, what it loads and which anchors it has."""

    text: str
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one tag."""
        given = {name: value for name, value in attrs if value is not None}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if (loaded := given.get(LOADING.get(tag, ""))) is not None:
            self.loads.append(loaded)


def faults(site: Path) -> list[str]:
    """One line for every link without target and every thing loaded from another host."""
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        own = path.relative_to(site.resolve())
        for link in page.links + page.loads:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.loads and parts.scheme != "data":
                    found.append(f"{own}: loads {link}, which is not on the site")
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                found.append(f"{own}: {link} leads nowhere")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                found.append(f"{own}: {link} has no such place")
    for style in sorted(site.rglob("*.css")):
        found += [
            f"{style.name}: loads {rule}" for rule in OUTSIDE_STYLE.findall(style.read_text(encoding="utf-8"))
        ]
    return found


def check(app: Sphinx, exception: Exception | None) -> None:
    """Warn of every fault, once the site is built."""
    if exception is None and app.builder.name == "html":
        for fault in faults(Path(app.outdir)):
            logging.getLogger(__name__).warning(fault)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Check the site when it is built."""
    app.connect("build-finished", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
