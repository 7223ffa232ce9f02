"""Chromium for the tests of pages: opened by playwright, examined by axe."""

import shutil
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
# what a page may request; a mailto link opens the mail program and fetches nothing
HERE = ("file:", "http://127.0.0.1:", "mailto:")
# what Chromium says of such a link, and of a form that is refused
EXPECTED = (
    "Launched external handler for 'mailto:",
    "Failed to load resource: the server responded with a status of 400",
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_COLOURS = ["color-contrast"]  # all that another colour scheme can change


@contextmanager
def chromium():
    """Start Chromium. Where it is missing, skip the test and say how to install it."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="this needs playwright: pip install -e '.[dev]'"
    )
    if not CHROMIUM:
        pytest.skip("this needs Chromium: apt-get install chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


def follow(link):
    """Click on a link or a button that opens a page, and wait until the page is loaded."""
    with link.page.expect_navigation():
        link.click()


@contextmanager
def open_pages(browser):
    """Yield a function that opens a page; finally check that nothing ran and nothing was fetched.

    The check covers scripts, requests and files that are not the kit's own.
    """
    contexts, wrong = [], []

    def open_page(address, **options):
        contexts.append(context := browser.new_context(**options))
        page = context.new_page()
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda message: message.text.startswith(EXPECTED) or wrong.append(message.text),
        )
        page.on(
            "request",
            lambda asked: asked.url.startswith(HERE) or wrong.append(asked.url),
        )
        page.goto(address.as_uri() if isinstance(address, Path) else address)
        return page

    yield open_page
    owned = [
        page.url
        for context in contexts
        for page in context.pages
        if page.evaluate("window.owned ?? 0")
    ]
    for context in contexts:
        context.close()
    assert (wrong, owned) == ([], [])


@contextmanager
def served(folder):
    """Serve a folder of pages on this machine, and yield the address.

    axe reads style sheets again, which browsers refuse where they are files.
    """
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and writes no log; browsers ask for an icon, too."""

    def do_GET(self):
        """Answer that there is no icon, or send the requested file."""
        if self.path == "/favicon.ico":
            self.send_response(204)
            return self.end_headers()
        return super().do_GET()

    def log_message(self, *_):
        """Say nothing."""


def violations(page):
    """Return what axe reports about a page whose folded parts are all open.

    axe also checks contrast and the size of targets.
    """
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    looked_at = set(OF_COLOURS)
    if page.locator("a, button, input, summary").count():
        looked_at.add("target-size")
    return _found(page, RULES, looked_at)


def violations_in_both_schemes(page):
    """Return what axe reports about a page in the light and in the dark colour scheme."""
    _show_in(page, "light")
    found = violations(page)
    _show_in(page, "dark")
    return found + _found(page, OF_COLOURS, set(OF_COLOURS))


def _show_in(page, scheme):
    page.emulate_media(color_scheme=scheme)
    assert page.evaluate(f"matchMedia('(prefers-color-scheme: {scheme})').matches")


def _found(page, rules, looked_at):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": rules}).response
    assert looked_at <= {rule["id"] for rule in found["passes"]}
    return [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in found["violations"]]
