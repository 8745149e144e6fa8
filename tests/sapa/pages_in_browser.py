"""A page opened in a headless browser: what its scripts say, and what a script of the test finds there."""

import json
import re
import subprocess
import tempfile
from pathlib import Path

from sapa.browser import command

#: Pixels across a sheet of A4 less its margins, at 96 to the inch; and across one that lies on its side.
SHEET, LYING = round((210 - 2 * 14) / 25.4 * 96), round((297 - 2 * 12) / 25.4 * 96)
#: Texts that stand before the first addresses of things elsewhere.
ELSEWHERE = re.compile(
    r"https?:|//[a-z]|\b(?:src|href)\s*=\s*[\"'](?!#|data:)|url\((?!#)|@import|fetch\(|XMLHttp", re.IGNORECASE
)
SORT = """
const table = [...document.querySelectorAll("table")].find(t => t.tBodies[0].rows.length > 2);
const [top] = table.tBodies[0].rows;
const column = [...top.cells].findIndex(cell => cell.dataset.value);
const cells = () => [...table.tBodies[0].rows].map(r => Number(r.cells[column].dataset.value));
const head = table.tHead.rows[0].cells[column];
const start = cells();
head.click();
const up = cells(), first = head.getAttribute("aria-sort");
head.click();
return { start, up, first, down: cells(), second: head.getAttribute("aria-sort") };
"""
SEARCH = """
const box = document.querySelector("input.search");
const rows = [...box.closest(".table").querySelectorAll("tbody tr")];
box.value = WANTED;
box.dispatchEvent(new Event("input"));
return { shown: rows.filter(r => !r.hidden).map(r => r.cells[0].textContent), all: rows.length,
         count: box.nextElementSibling.textContent };
"""
#: Right ends of what is too wide for its sheet, which lies on its side where a table is marked so.
WIDTHS = """
return [...document.querySelectorAll("table, figure svg, p, h1, h2, h3")].filter(
  part => part.getBoundingClientRect().right > (part.closest(".lies") ? LYING : innerWidth) + 1).map(
  part => Math.ceil(part.getBoundingClientRect().right));
""".replace("LYING", str(LYING))
_HEAD = """<script>
window.faults = [];
for (const kind of ["error", "warn"]) console[kind] = (...words) => window.faults.push(words.join(" "));
addEventListener("error", event => window.faults.push(String(event.message)));
addEventListener("securitypolicyviolation", event => window.faults.push("asked for " + event.blockedURI));
</script>
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
"""
_TAIL = """<script>
let told;
try { told = (() => { %s })(); } catch (error) { window.faults.push(String(error)); }
const box = document.createElement("pre");
box.id = "told";
box.textContent = JSON.stringify({ told, faults: window.faults });
document.body.append(box);
</script>
"""


def ask(html: str, question: str, *, browser: str, printed: bool = False):
    """Answer of a script run in the page, which may load nothing; faults of the page fail.

    Parameters
    ----------
    html
        Page.
    question
        Body of a JavaScript function; what it returns comes back.
    browser
        Path of the browser.
    printed
        Lay the page out as on a sheet of A4.
    """
    if printed:
        html = html.replace("@media print", "@media all")
    html = html.replace("<head>", f"<head>{_HEAD}", 1).replace("</body>", f"{_TAIL % question}</body>", 1)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place = Path(folder) / "page.html"
        place.write_text(html, encoding="utf-8")
        size = f"--window-size={SHEET if printed else 1200},1000"
        words = command(browser, f"{folder}/profile", size, "--enable-logging=stderr", "--dump-dom")
        ran = subprocess.run(
            [*words, place.as_uri()], capture_output=True, text=True, timeout=120, check=True
        )
    found = json.loads(_unescaped(re.search(r'<pre id="told">(.*?)</pre>', ran.stdout, re.DOTALL)[1]))
    assert found["faults"] == [], found["faults"]
    assert "CONSOLE" not in ran.stderr, ran.stderr
    return found["told"]


def _unescaped(text: str) -> str:
    for name, sign in (("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", "\N{NO-BREAK SPACE}"), ("&amp;", "&")):
        text = text.replace(name, sign)
    return text
