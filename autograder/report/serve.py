"""Pages of a class while it is being graded, on this machine alone.

Only addresses of pages that exist are answered, each made from the results of that moment; no file is served. The
address holds a secret word, so that others who can reach this machine's own network find nothing.
"""

import secrets
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from urllib.parse import unquote

from autograder.course import Course
from autograder.grading.results import Result, read_result, run_facts
from autograder.report.pages import Aliases, Source, policy, site


class Shelf:
    """The pages of a folder of results. A result is read when its file has changed, a page made when asked for."""

    def __init__(self, course: Course, grades: Path, source: Source | None, anonymous: bool) -> None:
        self._course = course
        self._grades, self._source, self._aliases = grades, source, Aliases() if anonymous else None
        self._read: dict[Path, tuple[int, Result | None]] = {}
        self._pages: dict[str, Callable[[], str]] = {}
        self._lock = Lock()

    def page(self, address: str) -> str | None:
        """The page at an address, or None where there is none."""
        with self._lock:
            self._look()
            return self._pages[address]() if address in self._pages else None

    def _look(self) -> None:
        times = {path: path.stat().st_mtime_ns for path in sorted(self._grades.glob("*/*.json"))}
        if self._pages and {path: time for path, (time, _) in self._read.items()} == times:
            return
        known = self._read
        fresh = {path: time for path, time in times.items() if known.get(path, (0, None))[0] != time}
        self._read = {
            path: known[path] if path not in fresh else (time, read_result(path)) for path, time in times.items()
        }
        results = [result for _, result in self._read.values() if result]
        self._pages = site(
            self._course, results, self._source, self._aliases, live=run_facts(self._grades).get("submissions", "?")
        )


class _Handler(BaseHTTPRequestHandler):
    """Answers GET for `/<secret>/<address of a page>` and nothing else."""

    def __init__(self, shelf: Shelf, secret: str, *args: object) -> None:
        self.shelf, self.secret = shelf, secret
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        host = (self.headers.get("Host") or "").rpartition(":")[0]
        _, secret, address = [*self.path.split("?")[0].split("/", 2), "", ""][:3]
        known = host in ("127.0.0.1", "localhost") and secrets.compare_digest(secret.encode(), self.secret.encode())
        page = self.shelf.page(unquote(address) or "index.html") if known else None
        body = (page or "There is no such page.").encode()
        self.send_response(200 if page else 404)
        for name, value in {
            "Content-Type": "text/html; charset=utf-8" if page else "text/plain",
            "Content-Length": str(len(body)),
            "Content-Security-Policy": f"{policy(live=True)}; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        return "autograder"

    def log_message(self, *_: object) -> None:
        """Say nothing: what a request holds is no text for a terminal."""


def serve(shelf: Shelf, say: Callable[[str], None]) -> None:
    """Serve until interrupted; `say` is told the address."""
    secret = secrets.token_urlsafe(16)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, shelf, secret)) as server:
        say(f"http://127.0.0.1:{server.server_address[1]}/{secret}/")
        server.serve_forever()
