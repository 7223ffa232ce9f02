"""Pages of a class while it is being graded, only for this machine; and forms for points by hand.

Only addresses of pages that exist are answered, each made from the results of that moment; no file
is served. The address holds a secret word, so that others who can reach this machine's own network
find nothing, and can send nothing.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from urllib.parse import quote, unquote

from autograder.course import Course
from autograder.errors import UserError
from autograder.grading.adjustments import FILE as BY_HAND
from autograder.grading.adjustments import all_adjustments
from autograder.grading.attempts import comparable, earlier_results
from autograder.grading.policy import Policy
from autograder.grading.results import Result, read_result, run_facts
from autograder.grading.roster import Roster, absent, roster_beside
from autograder.grading.whole_class import whole_class, with_partners_alone
from autograder.report.by_hand import FOLDER, by_hand_pages, take_form
from autograder.report.pages import PageContext, SubmittedBytes, security_policy, site
from autograder.report.pseudonyms import Pseudonyms

MAX_FORM = 64 << 10  # bytes


class LiveSite:
    """The pages of a folder of results.

    A result is read when its file has changed, and a page is made when it is asked for.
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
        self._time_by_hand = 0  # of the points by hand that the pages show
        self._lock = Lock()

    def page(self, address: str) -> str | None:
        """Return the page at an address, or None where there is none."""
        with self._lock:
            self._refresh()
            make = self._pages.get(address)
            return make() if make else None

    def _refresh(self) -> None:
        """Read what has changed since the last time, and settle the pages anew where anything has.

        A file of results is written whole, so its time says whether it is another.
        """
        paths = sorted(self._grades.glob("*/*.json"))
        times = {path: path.stat().st_mtime_ns for path in paths}
        known = {path: stored.time for path, stored in self._stored.items()}
        time_by_hand = _time_of(self._grades / BY_HAND)
        is_known = times == known and time_by_hand == self._time_by_hand
        if self._pages and is_known:
            return
        self._time_by_hand = time_by_hand
        stored = {}
        for path, time in times.items():
            if known.get(path) == time:
                stored[path] = self._stored[path]
            else:
                stored[path] = _StoredFile(time, read_result(path))
        self._stored = stored
        self._pages = self._made_anew()

    def _made_anew(self) -> dict[str, Callable[[], str]]:
        """Return the pages of the results that are there, by address."""
        results = self._results()
        roster = roster_beside(self._grades)
        self._rules = self._rules_now(results, roster)
        results = whole_class(self._course, results, self._rules, roster)
        shown = with_partners_alone(results, self._rules, roster)
        around = PageContext(
            earlier=comparable(earlier_results(self._grades), results),
            missing=absent(roster, shown),
            rules=self._rules,
        )
        live = run_facts(self._grades).get("submissions", "?")
        pages = site(self._course, shown, self._source, self._pseudonyms, live, around)
        if self._pseudonyms is None:  # points by hand are for somebody
            pages |= by_hand_pages(self._course, self._grades, results, self._source)
        return pages

    def _rules_now(self, results: list[Result], roster: Roster | None) -> Policy | None:
        """Return the policy with the points by hand as they stand.

        As they stood before, where the file is half written.
        """
        if not self._time_by_hand:
            return self._rules
        try:
            adjustments = all_adjustments(self._course, [self._grades], results, roster)
        except UserError:
            return self._rules
        rules = self._rules or Policy()
        return replace(rules, adjustments=adjustments)

    def _results(self) -> list[Result]:
        """Return the results of the files that are whole."""
        results = []
        for stored in self._stored.values():
            if stored.result:
                results.append(stored.result)
        return results

    def take_form(self, address: str, body: bytes) -> str | None:
        """Write what a form of a page sent; return the address of the page to show then.

        None where there is no such form. Raises `UserError`, in words, for what cannot be taken.
        """
        with self._lock:
            self._refresh()
            if not _has_forms(address) or address not in self._pages:
                return None
            return take_form(self._course, self._grades, self._results(), address, body)


def _has_forms(address: str) -> bool:
    """Say whether the page at an address is one of a check, for points by hand."""
    if address == f"{FOLDER}index.html":
        return False
    return address.startswith(FOLDER)


@dataclass(frozen=True)
class _StoredFile:
    """A file of results as it was read: when it was written, and what it holds, if it is whole."""

    time: int
    result: Result | None


def _time_of(file: Path) -> int:
    """Return when a file was written; 0 where it is not there."""
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
        page = self.live_site.page(address)
        if page is None:
            self._answer_not_found()
            return
        self._answer(200, page, form=address.startswith(FOLDER))

    def do_POST(self) -> None:
        """Take what a form of ours sent, and lead back to its page."""
        address = self._address()
        size = self._size()
        if address is None or size is None or not self._is_from_here():
            self._answer_not_found()
            return
        body = self.rfile.read(size)
        try:
            shown = self.live_site.take_form(address, body)
        except UserError as error:
            self._answer(400, f"Nothing was written. {error}\nGo back, and try again.")
            return
        if shown is None:
            self._answer_not_found()
            return
        self._answer(303, "Written.", location=f"/{self.secret}/{quote(shown)}")

    def _answer_not_found(self) -> None:
        self._answer(404, "There is no such page.")

    def _size(self) -> int | None:
        """Return how many bytes a form says it has; None for none that we take."""
        text = self.headers.get("Content-Length") or "0"
        if not text.isdecimal():
            return None
        size = int(text)
        return size if size <= MAX_FORM else None

    def _is_from_here(self) -> bool:
        """Say whether a form comes from a page of this server; browsers say where it is from."""
        host = self.headers.get("Host")
        ours = f"http://{host}"
        origin = self.headers.get("Origin", ours)
        return origin in (ours, "null")

    def _address(self) -> str | None:
        """Return the address of a page that is asked for.

        None for who does not know the secret, or came by another name of this machine.
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

    def _answer(self, status: int, text: str, form: bool = False, location: str = "") -> None:
        body = text.encode()
        kind = "text/html" if status == 200 else "text/plain"
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
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        return "autograder"

    def log_message(self, *_: object) -> None:
        """Say nothing: what a request holds is no text for a terminal."""


def serve(live_site: LiveSite, say: Callable[[str], None]) -> None:
    """Serve until interrupted; `say` is called with the address."""
    secret = secrets.token_urlsafe(16)
    handler = partial(_Handler, live_site, secret)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        _, port, *_ = server.server_address
        say(f"http://127.0.0.1:{port}/{secret}/")
        server.serve_forever()
