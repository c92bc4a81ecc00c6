"""The page in a real browser: opens from a file, runs clean, asks for nothing, loads every picture."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from whypretrain.report import build, papers, write

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
QUIET = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-default-apps --disable-extensions --disable-domain-reliability "
    "--disable-sync --disable-features=OptimizationHints,OptimizationGuideModelDownloading,MediaRouter "
    "--enable-logging=stderr"
)
OWN = re.compile(r"\b(google|googleapis|gvt1)\.com\b")  # what the browser itself asks for
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium found: install chromium to test the page in it")

FIGURES = sum(len(paper.figures) for paper in papers(Path("nowhere")))

# Added to a copy of the page: writes into its title what only a browser knows.
PROBE = """<script>addEventListener("load", async () => {
  const pictures = [...document.images];
  await Promise.all(pictures.map(picture => picture.decode().catch(() => 0)));
  const dead = pictures.filter(picture => !picture.naturalWidth).length;
  const wide = document.documentElement.scrollWidth > innerWidth;
  const asked = performance.getEntriesByType("resource").filter(entry => !/^data:/.test(entry.name)).length;
  document.title = `pictures=${pictures.length} dead=${dead} wide=${wide} asked=${asked}`;
})</script>"""


# Chooses a verdict, then sorts by it, then by the claims' names; what is seen goes into the title.
CHOICE = """<script>addEventListener("load", () => {
  const select = document.querySelector("select[name=verdict]");
  const seen = () => [...document.querySelectorAll(".verdicts tbody tr")].filter(row => row.offsetHeight);
  const all = seen().length;
  select.value = "not run";
  select.dispatchEvent(new Event("input", {bubbles: true}));
  const chosen = seen();
  const right = chosen.every(row => row.dataset.verdict === "not run");
  const counted = document.querySelector("#shown").textContent;
  select.value = "";
  select.dispatchEvent(new Event("input", {bubbles: true}));
  const table = document.querySelector(".verdicts");
  table.querySelectorAll("thead button")[1].click();
  const names = [...table.tBodies[0].rows].map(row => row.cells[1].innerText);
  const sorted = names.every((name, at) => !at || names[at - 1].localeCompare(name, "en", {numeric: true}) <= 0);
  document.title = [all, chosen.length, right, counted, seen().length, sorted].join(" | ");
})</script>"""


class Title(HTMLParser):
    """The title of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.title, self.inside = "", False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.inside = tag == "title"

    def handle_data(self, data: str) -> None:
        self.title += data if self.inside else ""
        self.inside = False


@pytest.fixture(scope="module")
def report(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    config = {"experiment": "tiny", "grid": {"source": "glyphs", "targets": ["digits", "letters"]}}
    write(build(config, results=results, claims=results / "claims.csv", figures=results / "figures"), path)
    return path


@pytest.fixture
def requests() -> Iterator[tuple[int, list[str]]]:
    """A proxy that refuses: its port, and the addresses that it was asked for."""
    asked: list[str] = []

    class Refuse(BaseHTTPRequestHandler):
        def refuse(self) -> None:
            asked.append(self.path)
            self.send_error(403)

        do_GET = do_CONNECT = do_POST = refuse  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()


def browse(page: Path, folder: Path, *options: str) -> tuple[str, str]:
    """The page's document after its scripts ran, and what the browser logged."""
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [str(BROWSER), *QUIET.split(), profile, *options, "--dump-dom", page.as_uri()]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return found.stdout, found.stderr


def probed(report: Path, folder: Path, probe: str = PROBE) -> Path:
    """A copy of the page with a probe in it, which its own policy would not let run."""
    path = folder / "probed.html"
    text = report.read_text().replace("default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';")
    path.write_text(text.replace("</body>", f"{probe}</body>"))
    return path


def test_opens_without_a_word_and_without_a_request(
    report: Path, tmp_path: Path, requests: tuple[int, list[str]]
) -> None:
    port, asked = requests
    document, log = browse(report, tmp_path, f"--proxy-server=127.0.0.1:{port}", "--proxy-bypass-list=<-loopback>")
    assert "<h1>" in document
    assert "CONSOLE" not in log
    assert not [address for address in asked if not OWN.search(address)]


@pytest.mark.parametrize("width", [500, 1200])
def test_pictures_load_and_nothing_sticks_out(report: Path, tmp_path: Path, width: int) -> None:
    options = ["--virtual-time-budget=4000", f"--window-size={width},900"]
    document, _ = browse(probed(report, tmp_path), tmp_path, *options)
    assert Title(document).title == f"pictures={FIGURES} dead=0 wide=false asked=0"


def test_claims_are_chosen_and_sorted(report: Path, tmp_path: Path) -> None:
    document, _ = browse(probed(report, tmp_path, CHOICE), tmp_path, "--virtual-time-budget=4000")
    every, chosen, right, counted, again, in_order = Title(document).title.split(" | ")
    assert 0 < int(chosen) < int(every) == int(again)
    assert (right, in_order) == ("true", "true")
    assert counted == f"{chosen} of {every} claims"


def test_the_browser_would_tell(report: Path, tmp_path: Path) -> None:
    """The tests above can fail: a picture from elsewhere is refused by the page's policy, and logged."""
    path = tmp_path / "asking.html"
    path.write_text(report.read_text().replace("</body>", '<img src="http://127.0.0.1:9/x.png"></body>'))
    assert "Content Security Policy" in browse(path, tmp_path)[1]


def test_prints(report: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.pdf"
    browse(report, tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={out}")
    assert out.read_bytes().startswith(b"%PDF")
