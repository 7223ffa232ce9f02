"""Pages of a class during grading, only for this machine; and forms for manual points.

Only addresses of existing pages are answered, each made from the present results; no file is
served. The address contains a secret, so that other users of this machine's network can read and
send nothing.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from urllib.parse import quote, unquote

from autograder.course import Course
from autograder.errors import UserError
from autograder.grading.adjustments import adjustment_files, all_adjustments
from autograder.grading.attempts import comparable, earlier_results
from autograder.grading.policy import Policy, with_partners
from autograder.grading.results import Result, read_result, run_facts
from autograder.grading.roster import Roster, absent, roster_beside, strangers
from autograder.grading.whole_class import whole_class, with_partners_alone
from autograder.report.by_hand import (
    FOLDER,
    Asked,
    Maker,
    Meanwhile,
    NotTaken,
    by_hand_pages,
    name_in,
    take_form,
)
from autograder.report.pages import PageContext, SubmittedBytes, security_policy, site
from autograder.report.pseudonyms import Pseudonyms

MAX_FORM = 64 << 10  # bytes
WHO = "who"  # the cookie: each browser keeps its own person's name, until it is closed
MAX_NAME = 40  # characters, as the form allows


class LiveSite:
    """The pages of a folder of results.

    A result is read when its file has changed, and a page is made on request.
    """

    def __init__(
        self,
        course: Course,
        grades: Path,
        source: SubmittedBytes | None,
        anonymous: bool,
        rules: Policy | None = None,
    ) -> None:
        self._course = course
        self._grades = grades
        self._source = source
        self._pseudonyms = Pseudonyms() if anonymous else None
        self._rules = rules
        self._stored: dict[Path, _StoredFile] = {}
        self._pages: dict[str, Callable[[], str]] = {}
        self._by_hand: dict[str, Maker] = {}
        self._class: list[Result] = []
        self._times_by_hand: dict[Path, int] = {}  # of the manual points that the pages show
        self._lock = Lock()

    def page(self, address: str, who: str = "", asked: Asked | None = None) -> str | None:
        """Return the page at an address, or None if there is none.

        who: is in its forms. asked: why a form was refused or must be confirmed.
        """
        with self._lock:
            self._refresh()
            if address in self._by_hand:
                return self._by_hand[address](who, asked)
            make = self._pages.get(address)
            return make() if make else None

    def _refresh(self) -> None:
        """Read what has changed since the last time, and rebuild the pages if anything has.

        A file of results is written whole, so its time shows whether it is another.
        """
        paths = sorted(self._grades.glob("*/*.json"))
        times = {path: path.stat().st_mtime_ns for path in paths}
        known = {path: stored.time for path, stored in self._stored.items()}
        times_by_hand = {path: _time_of(path) for path in adjustment_files(self._grades)}
        is_known = times == known and times_by_hand == self._times_by_hand
        if self._pages and is_known:
            return
        self._times_by_hand = times_by_hand
        stored = {}
        for path, time in times.items():
            if known.get(path) == time:
                stored[path] = self._stored[path]
            else:
                stored[path] = _StoredFile(time, read_result(path))
        self._stored = stored
        self._pages = self._made_anew()

    def _made_anew(self) -> dict[str, Callable[[], str]]:
        """Return the pages of the present results, by address."""
        results = self._results()
        roster = roster_beside(self._grades)
        earlier = comparable(earlier_results(self._grades), results)
        self._rules = self._rules_now([*earlier, *results], roster)
        results = whole_class(self._course, results, self._rules, roster)
        shown = with_partners_alone(results, self._rules, roster)
        self._class = shown
        around = PageContext(
            earlier=earlier,
            strangers=strangers(roster, shown),
            missing=absent(roster, shown),
            rules=self._rules,
        )
        live = run_facts(self._grades).get("submissions", "?")
        pages = site(self._course, shown, self._source, self._pseudonyms, live, around)
        if self._pseudonyms is None:  # manual points belong to somebody
            made = by_hand_pages(self._course, self._grades, self._class, self._source)
            self._by_hand = dict(made)
        return pages

    def _rules_now(self, results: list[Result], roster: Roster | None) -> Policy | None:
        """Return the policy with the present manual points, without those beyond the maximum.

        If their file is half written, return the previous ones. results: of all attempts.
        """
        rules = self._rules or Policy()
        graded = with_partners(results, rules)
        try:
            adjustments = all_adjustments(self._course, [self._grades], graded, roster, [])
        except UserError:
            return self._rules
        if not adjustments and self._rules is None:
            return None
        return replace(rules, adjustments=adjustments)

    def _results(self) -> list[Result]:
        """Return the results of complete files."""
        results = []
        for stored in self._stored.values():
            if stored.result:
                results.append(stored.result)
        return results

    def take_form(self, address: str, body: bytes) -> str | None:
        """Write the data of a page's form; return the address of the page to show then.

        Returns None if there is no such form. Raises `UserError`, in words, for invalid data.
        """
        with self._lock:
            self._refresh()
            if not _has_forms(address) or address not in self._by_hand:
                return None
            return take_form(self._course, self._grades, self._class, address, body)


def _has_forms(address: str) -> bool:
    """Return whether the page at an address is one of a check, for manual points."""
    if address == f"{FOLDER}index.html":
        return False
    return address.startswith(FOLDER)


@dataclass(frozen=True)
class _StoredFile:
    """A file of results as last read: its time, and its content, if complete."""

    time: int
    result: Result | None


def _time_of(file: Path) -> int:
    """Return the time of a file; 0 if it is missing."""
    if not file.is_file():
        return 0
    return file.stat().st_mtime_ns


class _Handler(BaseHTTPRequestHandler):
    """Answers GET for `/<secret>/<address of a page>`, POST for a page with forms, nothing else."""

    def __init__(self, live_site: LiveSite, secret: str, *args: object) -> None:
        self.live_site = live_site
        self.secret = secret
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer with the page at the address."""
        address = self._address()
        if address is None:
            self._answer_not_found()
            return
        page = self.live_site.page(address, self._name())
        if page is None:
            self._answer_not_found()
            return
        self._answer(200, page, form=address.startswith(FOLDER))

    def do_POST(self) -> None:
        """Take the data of a form of ours, and redirect to its page."""
        address = self._address()
        size = self._size()
        if address is None or size is None or not self._is_from_here():
            self._answer_not_found()
            return
        body = self.rfile.read(size)
        try:
            shown = self.live_site.take_form(address, body)
        except (Meanwhile, NotTaken) as asked:
            page = self.live_site.page(address, name_in(body) or self._name(), asked)
            status = 200 if isinstance(asked, Meanwhile) else 400
            self._answer(status, page or str(asked), form=True)
            return
        except UserError as error:  # such as a roster that cannot be read
            self._answer(400, f"Nothing was written. {error}\nGo back, and try again.")
            return
        if shown is None:
            self._answer_not_found()
            return
        name = name_in(body)
        kept = f"{WHO}={quote(name, safe='')}; Path=/{self.secret}/; HttpOnly; SameSite=Strict"
        self._answer(
            303,
            "Written.",
            location=f"/{self.secret}/{quote(shown)}",
            cookie=kept if name else "",
        )

    def _name(self) -> str:
        """Return the name that was last written into a form of this browser; else ""."""
        kept = SimpleCookie()
        with suppress(CookieError):
            kept.load(self.headers.get("Cookie") or "")
        return unquote(kept[WHO].value)[:MAX_NAME] if WHO in kept else ""

    def _answer_not_found(self) -> None:
        self._answer(404, "There is no such page.")

    def _size(self) -> int | None:
        """Return the size that a form announces; None for one that we refuse."""
        text = self.headers.get("Content-Length") or "0"
        if not text.isdecimal():
            return None
        size = int(text)
        return size if size <= MAX_FORM else None

    def _is_from_here(self) -> bool:
        """Return whether a form comes from a page of this server, as browsers say."""
        host = self.headers.get("Host")
        ours = f"http://{host}"
        origin = self.headers.get("Origin", ours)
        return origin in (ours, "null")

    def _address(self) -> str | None:
        """Return the address of the requested page.

        Returns None for a request without the secret, or by another name of this machine.
        """
        host_and_port = self.headers.get("Host") or ""
        host, _, _ = host_and_port.rpartition(":")
        if host not in ("127.0.0.1", "localhost"):
            return None
        path, _, _ = self.path.partition("?")
        secret, _, address = path.removeprefix("/").partition("/")
        knows_secret = secrets.compare_digest(secret.encode(), self.secret.encode())
        if not knows_secret:
            return None
        return unquote(address) or "index.html"

    def _answer(
        self, status: int, text: str, form: bool = False, location: str = "", cookie: str = ""
    ) -> None:
        body = text.encode()
        kind = "text/html" if status == 200 or form else "text/plain"
        rules = f"{security_policy(live=True, form=form)}; frame-ancestors 'none'"
        headers = {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Content-Security-Policy": rules,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
        if location:
            headers["Location"] = location
        if cookie:
            headers["Set-Cookie"] = cookie
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        return "autograder"

    def log_message(self, *_: object) -> None:
        """Log nothing: a request's content is no text for a terminal."""


def serve(live_site: LiveSite, say: Callable[[str], None]) -> None:
    """Serve until interrupted; `say` is called with the address."""
    secret = secrets.token_urlsafe(16)
    handler = partial(_Handler, live_site, secret)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        _, port, *_ = server.server_address
        say(f"http://127.0.0.1:{port}/{secret}/")
        server.serve_forever()
