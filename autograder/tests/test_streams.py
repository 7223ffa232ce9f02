"""All output can be printed to a console, a pipe or a file in any encoding."""

import codecs
import io
import json
import re
import subprocess
import sys

import pexpect
import pytest
from released import RIGHT, fill, release_to, variables, written
from small import UNIT

from autograder import streams

ENCODINGS = ("utf-8", "cp1252", "cp437", "ascii")
KINDS = ("pipe", "file", "console")
AUTOGRADER = ("-m", "autograder")
# a student's command → its exit code and words, one of which may be `✓`
COMMANDS = {
    "overview": ([*AUTOGRADER], 0, "0 of 4 checks"),
    "help": ([*AUTOGRADER, "check", "--help"], 0, "--quick"),
    "check": ([*AUTOGRADER, "check", "numbers", "--quick"], 1, "✓ 2/2"),
    "json": ([*AUTOGRADER, "check", "numbers", "--quick", "--json"], 1, '"status": "passed"'),
    "hint": ([*AUTOGRADER, "hint", "numbers", "summing"], 0, "1 of 3: A common mistake"),
    "data": ([*AUTOGRADER, "data"], 0, "✓ "),
    "doctor": ([*AUTOGRADER, "doctor"], None, "Python: "),
    "script": ([f"assignments/{UNIT}.py"], 0, "✓ 2/2"),
    "no unit": ([*AUTOGRADER, "check", "Überall✓"], 2, "There is no unit"),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Make a course in a folder with a symbol and an umlaut, and a file that prints rare signs."""
    course = release_to(tmp_path_factory.mktemp("course") / "Zoë's ✓")
    fill(course, double='print("日本 ✓ é"); return 2 * x', running_sum="return x, x")
    text = written(course).read_text()
    written(course).write_text(text.replace(RIGHT["double"], 'print("日本"); return 2 * x'))
    return course


# each command in each encoding; streams alternate, so that each kind meets all encodings
STREAMS = [
    (name, encoding, KINDS[(number + place) % len(KINDS)])
    for number, name in enumerate(COMMANDS)
    for place, encoding in enumerate(ENCODINGS)
]


@pytest.mark.parametrize(("name", "encoding", "kind"), STREAMS)
def test_every_command_of_a_student_prints_anywhere(name, encoding, kind, course, tmp_path):
    """In each encoding a command has the same exit code, no traceback and every sign or its word.

    A console has colours, a pipe has none, and a file has them if they are forced.
    """
    (course / ".autograder.json").unlink(missing_ok=True)
    arguments, code, words = COMMANDS[name]
    exit_code, printed = run(kind, encoding, arguments, course, tmp_path)
    if code is not None:
        assert exit_code == code, printed
    text = codecs.decode(printed, encoding)
    plain = re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", text)
    can_show = encoding == "utf-8"
    wanted = words if can_show else words.replace("✓", "ok")
    assert wanted in plain
    assert "Traceback" not in plain
    assert "Error\n" not in plain
    if name == "json" and kind == "pipe":
        assert json.loads(plain[plain.index("{") :])["practice"]
    if name == "check":
        assert ("\x1b[" in text) == (kind != "pipe")


def run(kind, encoding, arguments, course, tmp_path):
    """Run Python there; return its exit code and the printed bytes."""
    environment = variables(PYTHONIOENCODING=encoding, TERM="xterm-256color")
    if kind != "pipe":
        del environment["NO_COLOR"]
    if kind == "console":
        options = {"cwd": str(course), "env": environment, "timeout": 60}
        process = pexpect.spawn(sys.executable, arguments, dimensions=(40, 300), **options)
        printed = process.read()
        process.close()
        return process.exitstatus, printed
    if kind == "file":
        environment["FORCE_COLOR"] = "1"
    path = tmp_path / "printed"
    command = [sys.executable, *arguments]
    with open(path, "wb") as file:
        stdout = file if kind == "file" else subprocess.PIPE
        done = subprocess.run(
            command, cwd=course, env=environment, stdout=stdout, stderr=subprocess.STDOUT
        )
    return done.returncode, path.read_bytes() if kind == "file" else done.stdout


def test_what_an_encoding_does_not_hold_is_written_in_other_words():
    """An unencodable sign becomes a word, a letter loses its accents, anything else becomes `?`."""
    text = "✓ ✗ ◐ · … → − × h² é ▁█ 日 \udcff"
    assert text.encode("ascii", streams.HANDLER) == b"ok x ~ - ... -> - x h2 e 18 ? ?"
    assert text.encode("cp1252", streams.HANDLER) == b"ok x ~ \xb7 \x85 -> - \xd7 h\xb2 \xe9 18 ? ?"


@pytest.mark.parametrize(
    "system, named, encoding",
    [
        ("win32", {}, "utf-8"),
        ("win32", {"PYTHONIOENCODING": "cp1252"}, "cp1252"),
        ("linux", {}, "cp1252"),
    ],
    ids=["Windows", "Windows, where one is named", "elsewhere"],
)
def test_windows_writes_utf_8_where_nobody_names_an_encoding(system, named, encoding, monkeypatch):
    """On Windows output is UTF-8 unless the user names an encoding.

    The default code page of its pipes lacks our signs.
    """
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", stream)
    streams.let_everything_through()
    assert (stream.encoding, stream.errors) == (encoding, streams.HANDLER)


def test_a_stream_of_another_program_is_left_alone(monkeypatch):
    """Streams of other programs, such as a notebook's or one in memory, are not changed."""
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    streams.let_everything_through()
    assert sys.stdout.getvalue() == ""
