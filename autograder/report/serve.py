"""Pages of a class while it is being graded, on this machine alone; and forms for points by hand.

Only addresses of pages that exist are answered, each made from the results of that moment; no file
is served. The address holds a secret word, so that others who can reach this machine's own network
find nothing, and can send nothing.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace
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
from autograder.grading.policy import Policy, with_partners
from autograder.grading.results import Result, read_result, run_facts
from autograder.grading.roster import absent, roster_beside
from autograder.report.by_hand import FOLDER, by_hand_pages, take_form
from autograder.report.pages import Around, Source, security_policy, site
from autograder.report.pseudonyms import Pseudonyms

MAX_FORM = 64 << 10  # bytes


class LiveSite:
    """The pages of a folder of results. A result is read when its file has changed, a page made
    when asked for.
    """

    def __init__(
        self,
        course: Course,
        grades: Path,
        source: Source | None,
        anonymous: bool,
        rules: Policy | None = None,
    ) -> None:
        self._course, self._rules = course, rules
        self._grades, self._source, self._aliases = (
            grades,
            source,
            Pseudonyms() if anonymous else None,
        )
        self._read: dict[Path, tuple[int, Result | None]] = {}
        self._pages: dict[str, Callable[[], str]] = {}
        self._by_hand = 0  # when points by hand were written last
        self._lock = Lock()

    def page(self, address: str) -> str | None:
        """The page at an address, or None where there is none."""
        with self._lock:
            self._look()
            return self._pages[address]() if address in self._pages else None

    def _look(self) -> None:
        times = {path: path.stat().st_mtime_ns for path in sorted(self._grades.glob("*/*.json"))}
        unchanged = self._pages and {path: time for path, (time, _) in self._read.items()} == times
        by_hand = self._time_of_points_by_hand()
        if unchanged and by_hand == self._by_hand:
            return
        self._by_hand = by_hand
        known = self._read
        fresh = {
            path: time for path, time in times.items() if known.get(path, (0, None))[0] != time
        }
        self._read = {
            path: known[path] if path not in fresh else (time, read_result(path))
            for path, time in times.items()
        }
        results = self._results()
        earlier = comparable(earlier_results(self._grades), results)
        self._rules = self._rules_now(results)
        missing = absent(roster_beside(self._grades), with_partners(results, self._rules))
        around = Around(earlier, missing, self._rules)
        live = run_facts(self._grades).get("submissions", "?")
        self._pages = site(self._course, results, self._source, self._aliases, live, around)
        if self._aliases is None:  # points by hand are for somebody
            self._pages |= dict(by_hand_pages(self._course, self._grades, results, self._source))

    def _time_of_points_by_hand(self) -> int:
        file = self._grades / BY_HAND
        return file.stat().st_mtime_ns if file.is_file() else 0

    def _rules_now(self, results: list[Result]) -> Policy | None:
        """The policy with the points by hand as they stand; as they stood before, where the file is
        half written.
        """
        if not self._by_hand:
            return self._rules
        try:
            adjustments = all_adjustments(self._course, [self._grades], results)
        except UserError:
            return self._rules
        return replace(self._rules or Policy(), adjustments=adjustments)

    def _results(self) -> list[Result]:
        return [result for _, result in self._read.values() if result]

    def take_form(self, address: str, body: bytes) -> str | None:
        """Write what a form of a page sent; the address of the page to show then, None where there
        is no such form.

        Raises `UserError`, in words, for what cannot be taken.
        """
        with self._lock:
            self._look()
            if not (
                address.startswith(FOLDER)
                and address in self._pages
                and address != f"{FOLDER}index.html"
            ):
                return None
            return take_form(self._course, self._grades, self._results(), address, body)


class _Handler(BaseHTTPRequestHandler):
    """Answers GET for `/<secret>/<address of a page>`, POST for a page with forms, and nothing
    else.
    """

    def __init__(self, live_site: LiveSite, secret: str, *args: object) -> None:
        self.live_site, self.secret = live_site, secret
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        address = self._address()
        page = self.live_site.page(address) if address is not None else None
        if page is None:
            self._answer(404, "There is no such page.")
            return
        self._answer(200, page, form=(address or "").startswith(FOLDER))

    def do_POST(self) -> None:
        address = self._address()
        said = self.headers.get("Content-Length") or "0"
        size = int(said) if said.isdecimal() else -1
        ours = f"http://{self.headers.get('Host')}"
        is_ours = self.headers.get("Origin", ours) in (ours, "null")
        if address is None or not is_ours or not 0 <= size <= MAX_FORM:
            self._answer(404, "There is no such page.")
            return
        try:
            shown = self.live_site.take_form(address, self.rfile.read(size))
        except UserError as error:
            self._answer(400, f"Nothing was written. {error}\nGo back, and try again.")
            return
        if shown is None:
            self._answer(404, "There is no such page.")
            return
        self._answer(303, "Written.", location=f"/{self.secret}/{quote(shown)}")

    def _address(self) -> str | None:
        """The address of a page that is asked for; None for who does not know the secret, or came
        by another name.
        """
        host = (self.headers.get("Host") or "").rpartition(":")[0]
        _, secret, address = [*self.path.split("?")[0].split("/", 2), "", ""][:3]
        known = host in ("127.0.0.1", "localhost") and secrets.compare_digest(
            secret.encode(), self.secret.encode()
        )
        return unquote(address) or "index.html" if known else None

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
    """Serve until interrupted; `say` is told the address."""
    secret = secrets.token_urlsafe(16)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, live_site, secret)) as server:
        say(f"http://127.0.0.1:{server.server_address[1]}/{secret}/")
        server.serve_forever()
