"""A local stand-in for Canvas's grading API, over real HTTP: it records every request.

Source: canvas.instructure.com/doc/api, Courses, Assignments, Submissions (Grade or comment on a
submission; List assignment submissions), Submission Comments (Upload a file), File Uploads.
"""

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

TOKEN = "a-secret-token"


@dataclass
class Canvas:
    """What was received: every request, and the grades, comments and files of each user.

    assignment: what Canvas says of assignment 456, beside its number.
    """

    url: str = ""
    requests: list = field(default_factory=list)
    grades: dict = field(default_factory=dict)
    comments: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)
    refuses: set = field(default_factory=set)
    times: dict = field(default_factory=dict)
    assignment: dict = field(default_factory=dict)


def handler(canvas):
    class Handler(BaseHTTPRequestHandler):
        def answer(self, record, status=200):
            body = json.dumps(record).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def body(self):
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if not (self.headers.get("Content-Type") or "").startswith("multipart/"):
                return {name: values[0] for name, values in parse_qs(content.decode()).items()}
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            parts = BytesParser(policy=HTTP).parsebytes(head + content).iter_parts()
            return {
                part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
                for part in parts
            }

        def handle_one(self):
            fields = self.body()
            canvas.requests.append((self.command, self.path))
            if self.path != "/upload" and self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return self.answer({"errors": [{"message": "Invalid access token."}]}, 401)
            if self.path == "/upload":
                canvas.files[fields["user"].decode()] = fields["file"]
                return self.answer({"id": 9, "url": f"{canvas.url}/files/9"})
            path = self.path.removeprefix("/api/v1/courses/77")
            if found := re.fullmatch(r"/assignments/456/submissions/(\d+)(/comments/files)?", path):
                return self.submission(found[1], bool(found[2]), fields)
            if path.partition("?")[0] == "/assignments/456/submissions":
                rows = canvas.times.items()
                return self.answer(
                    [{"id": 1, "user_id": int(user), "submitted_at": time} for user, time in rows]
                )
            if path in ("", "/assignments/456"):
                its = {"id": 456, **canvas.assignment} if path else {"id": 77}
                return self.answer(its | {"course_id": 77})
            return self.answer(
                {"errors": [{"message": "The specified resource does not exist."}]}, 404
            )

        def submission(self, user, uploads, fields):
            if user in canvas.refuses:
                return self.answer({"errors": [{"message": "not in this course"}]}, 404)
            if uploads:
                asked = {"upload_url": f"{canvas.url}/upload", "upload_params": {"user": user}}
                return self.answer(asked)
            if "submission[posted_grade]" in fields:
                canvas.grades[user] = fields["submission[posted_grade]"]
                canvas.comments.setdefault(user, []).append(fields["comment[text_comment]"])
            return self.answer(
                {"id": 1, "user_id": int(user), "assignment_id": 456, "course_id": 77}
            )

        do_GET = do_POST = do_PUT = handle_one  # noqa: N815 (the library's names)

        def log_message(self, *_):
            pass

    return Handler


@contextmanager
def canvas_here():
    """Start a Canvas on this machine; yield what it receives."""
    canvas = Canvas()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(canvas)) as server:
        canvas.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield canvas
        server.shutdown()
