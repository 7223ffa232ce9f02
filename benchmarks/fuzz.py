"""Fuzz the trusted process's handling of foreign bytes, guided by coverage.

A finding is an exception or a broken promise; its input is in a file `crash-…`.

pip install atheris; python benchmarks/fuzz.py TARGET -max_total_time=120

| target | bytes | expected result |
|---|---|---|
| wire | a worker's answers | frames or a `BadFrame`; a verdict within the check's points |
| cells | a script or notebook | cells or `Broken`; its code for a page, with every line escaped |
| zips | a zip of a class | submissions or a sentence; nothing out of the folder |
| names | names in a folder | each student a file and a name of their own |
| collected | names and a zip that students submit | a plan or a sentence; plain folders |
| results | a stored result | the result or none; written again, it reads back the same |
| times | a `timestamp.txt` | a time or none |
"""

import os
import re
import shutil
import sys
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import atheris

with atheris.instrument_imports():
    from autograder import course, judging
    from autograder.check import Answer
    from autograder.explaining.explain import explained
    from autograder.grading import key_file, results, submissions
    from autograder.grading.judge import standard_for
    from autograder.grading.provenance import Provenance
    from autograder.intake import collect, items
    from autograder.judging.key import none_excluded
    from autograder.report import code, html, markdown
    from autograder.sandbox import definitions, worker
    from autograder.sandbox.inside import cells, wire

import numpy as np

COURSE = course.read_course(Path(__file__).resolve().parents[1])
UNIT = course.load_unit(COURSE, "unit4_manual_gradients")
SCRATCH = Path(tempfile.mkdtemp(prefix="autograder-fuzz-"))

# ---- wire


def wire_seeds() -> Iterator[bytes]:
    """Yield messages with the arrays of each check of a key."""
    key = key_file.load_key(COURSE.key(UNIT.name))
    header = {"token": "t", "failure": "", "message": ""}
    for check in UNIT.checks:
        if check.name not in key:
            continue
        arrays = key[check.name].expected.arrays
        yield wire.encode(wire.Message(header, arrays))


KEY = key_file.load_key(COURSE.key(UNIT.name))


def wire_target(data: bytes) -> None:
    try:
        messages = worker.take_frames(bytearray(data))
    except wire.BadFrame:
        return
    for message in messages:
        try:
            failure = worker._failure_of(message)
        except wire.BadFrame:
            continue
        whole = Answer(message.arrays, failure, message.fields.get("message", ""))
        for check in UNIT.checks:
            if check.name in KEY and not check.measure:
                key = KEY[check.name]
                answer = judging.let_in(whole, key.expected.arrays)
                standard = standard_for(check, key, answer, none_excluded)
                judgement = judging.judge(check, standard, answer)
                assert 0 <= judgement.earned <= check.points
                explained(judgement, standard, key, answer, UNIT.sizes)


# ---- cells


def cells_seeds() -> Iterator[bytes]:
    yield (
        b"# %% [markdown]\n# text\n# %%\n%time x = 1\n\n# %%\n@f\ndef double(x):\n    '\\e'; "
        b"return f'{x}'\n"
    )
    yield (
        b'{"cells": [{"cell_type": "code", "source": ["x = 1\\n", "y = 2"]}, {"cell_type": "raw", '
        b'"source": ""}]}'
    )
    yield b'\xef\xbb\xbf {"worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1"}]}]}'
    yield (
        b"from __future__ import annotations\nclass A:\n    b: c = 1\r\nA.b, (d, *e) = lambda: 1, "
        b"(2, 3)\ntype f[T] = T"
    )


def cells_target(data: bytes) -> None:
    try:
        cells.cells(data)
    except cells.Broken as error:
        assert str(error)
    found = definitions.read_definitions(data)
    for definition in code.parts(found, ["double", "x", "A", "f"], ["x"]):
        for line in code.lines(definition):
            assert "<" not in re.sub(r'<span class="\w+">|</span>', "", line)
    text = data.decode("utf-8", "replace")
    assert "<" not in re.sub("</?(code|em)>", "", html(text)) and "<" not in markdown(text)


# ---- zips


def zips_seeds() -> Iterator[bytes]:
    """Yield small archives with a time and an extra field, stored and compressed."""
    modified = 10**9
    extra = b"UT\x05\x00\x01" + modified.to_bytes(4, "little")
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", compression) as archive:
            for name in (f"ada/{UNIT.name}/{UNIT.name}.py", "b\u00e9a/x.txt", "dir/"):
                entry = zipfile.ZipInfo(name, (2026, 2, 3, 4, 5, 6))
                entry.extra = extra
                content = "" if entry.is_dir() else "x = 1\n"
                archive.writestr(entry, content, compression)
        yield packed.getvalue()


def zips_target(data: bytes) -> None:
    home = SCRATCH / "home"
    shutil.rmtree(home, ignore_errors=True)
    (home / "folder").mkdir(parents=True)
    (home / "class.zip").write_bytes(data)
    try:
        submissions.unpack(home / "class.zip", home / "folder")
        for entry in submissions.find_submissions(COURSE, home / "folder"):
            assert entry.student.isprintable()
    except submissions.NothingToGrade as error:
        assert str(error).endswith(".") and str(error).replace(str(home), "").isprintable(), str(
            error
        )
    assert sorted(os.listdir(home)) == ["class.zip", "folder"] and os.listdir(SCRATCH) == ["home"]


# ---- names


def names_seeds() -> Iterator[bytes]:
    yield "ada/ADA/\u00e9/e\u0301/ﬁ/fi/ada~0123456789abcdef/straße/STRASSE/İ/ß/ǰ".encode()
    yield b"\xff/\x1b[31m/a\\b/a\nb/" + b"n" * 130 + b"/\xe2\x80\xae"


def names_target(data: bytes) -> None:
    """Give some names a plain name. Half of them already had one."""
    pieces = data.replace(b"\0", b"/").split(b"/")
    names = {os.fsdecode(piece[:250]) for piece in pieces if piece}
    half = sorted(names)[::2]
    borne = {plain for name, plain in submissions.plain_names(half).items() if name == plain}
    plain = submissions.plain_names(names, borne)
    files = {*plain.values(), *borne}
    told_apart_by_no_case = {unicodedata.normalize("NFKC", name).casefold() for name in files}
    assert len(told_apart_by_no_case) == len(files), plain
    for name in plain.values():
        assert name.isprintable()
        assert 0 < len(name.encode()) <= submissions.MAX_NAME
        assert not re.search(r"[/\\\0]", name)
    shown = set()
    for name in names:
        submitted = submissions.Submitted(name, "u", None)
        renamed = submissions.renamed(submitted, plain[name])
        shown.add(renamed.known_as or renamed.student)
    assert len(shown) == len(names), shown


# ---- what is collected


def collected_seeds() -> Iterator[bytes]:
    """Yield names, one per line, and after an empty line the bytes of a zip."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{UNIT.name}.py", "x = 1\n")
        archive.writestr("submission_metadata.yml", ":created_at: 2026-02-03")
    of_canvas = f"lovelaceada_4711_99813_{UNIT.name}-1.py\nbabbage_LATE_4712_99815_hand_in.zip"
    of_moodle = f"Ada L_17_assignsubmission_file/{UNIT.name}.py\nB_18_assignsubmission_file_x.zip"
    for names in (of_canvas, of_moodle, f"ada/{UNIT.name}/{UNIT.name}.ipynb\nbob.zip"):
        yield names.encode() + b"\n\n" + packed.getvalue()


def collected_target(data: bytes) -> None:
    """Collect a folder of files with these names; those called a zip hold these bytes."""
    names, _, packed = data.partition(b"\n\n")
    home = SCRATCH / "home"
    shutil.rmtree(home, ignore_errors=True)
    source = home / "source"
    source.mkdir(parents=True)
    for name in names.split(b"\n")[:20]:
        parts = [part for part in os.fsdecode(name).split("/") if part not in ("", ".", "..")]
        path = source.joinpath(*parts[:4])
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(packed if name.endswith(b".zip") else b"x = 1\n")
        except (OSError, ValueError):  # no valid name of a file
            continue
    (home / "scratch").mkdir()
    try:
        contents = items.look_into(source, home / "scratch")
        made = collect.plan(COURSE, contents, collect.Wish(home / "into", unit=UNIT.name))
        collect.carry_out(made, home / "into")
    except items.CannotCollect as error:
        assert str(error)
    else:
        folders = {path.name for path in (home / "into").iterdir() if path.is_dir()}
        assert len({name.casefold() for name in folders}) == len(folders), folders
        for called in folders:
            assert called.isprintable()
            assert not called.startswith(".")
            assert len(called.encode()) <= submissions.MAX_NAME
        for line in collect.summary(made):
            assert line.isprintable(), line
    assert set(os.listdir(home)) <= {"source", "scratch", "into"} and os.listdir(SCRATCH) == [
        "home"
    ]


# ---- results


def results_seeds() -> Iterator[bytes]:
    remark = judging.Remark("text", ("dx",))
    verdicts = (
        judging.Verdict("one", "title", 4, 1.5, "partial", (remark,), 0.1, (1.0, 2.0), "m"),
    )
    made_by = Provenance(
        seed=1, quick=False, corpus="c", official=True, kit="1", walls=("seccomp",)
    )
    result = results.Result(
        "ada", UNIT.name, "0" * 64, made_by, verdicts, 0.5, "note", "2026-02-03T12:00:00+00:00"
    )
    results.write_result(SCRATCH / "seed", result)
    yield results.result_path(SCRATCH / "seed", UNIT.name, "ada").read_bytes()
    shutil.rmtree(SCRATCH / "seed")


def results_target(data: bytes) -> None:
    path = SCRATCH / "result.json"
    path.write_bytes(data)
    result = results.read_result(path)
    if result is None:
        return
    results.why_graded(result, "0" * 64, result.provenance)
    plain = replace(result, student="ada", unit="unit", seconds=round(result.seconds, 4))
    results.write_result(SCRATCH, plain)
    again = results.read_result(results.result_path(SCRATCH, "unit", "ada"))
    assert repr(again) == repr(plain)  # NaN differs from itself


# ---- times


def times_seeds() -> Iterator[bytes]:
    yield b"2026-02-03 12:00:00.250000 UTC"
    yield b"9999-12-31T23:59:59-23:59"


def times_target(data: bytes) -> None:
    (SCRATCH / "timestamp.txt").write_bytes(data)
    found = submissions.stamped_time(SCRATCH / "submission.py")
    assert found == "" or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", found), found


TARGETS: dict[str, tuple[Callable[[bytes], None], Callable[[], Iterator[bytes]]]] = {
    "wire": (wire_target, wire_seeds),
    "cells": (cells_target, cells_seeds),
    "zips": (zips_target, zips_seeds),
    "collected": (collected_target, collected_seeds),
    "names": (names_target, names_seeds),
    "results": (results_target, results_seeds),
    "times": (times_target, times_seeds),
}


def main() -> None:
    """Run the target that the first argument names, on its seeds and mutations of them."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        names = ", ".join(TARGETS)
        sys.exit(f"Name a target: {names}.")
    np.seterr(all="ignore")
    name = sys.argv.pop(1)
    target, seeds = TARGETS[name]
    corpus = Path(tempfile.mkdtemp(prefix="autograder-corpus-"))
    for number, seed in enumerate(seeds()):
        path = corpus / str(number)
        path.write_bytes(seed)
    atheris.Setup([*sys.argv, str(corpus)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
