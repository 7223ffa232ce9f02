"""Take a made-up class of 300 through a term's way, and count every student at each step.

python tools/class_of_300.py [--from moodle|canvas] [--students 300] [--keep FOLDER]

The class has what classes have: names in many scripts, some of them twice, notebooks, zips in zips,
documents, empty files, odd file names, copies, hand-ins that are late or came twice, and students
who hand in nothing. It is collected, graded without training, given points by hand, and goes back
as pages and as tables. The script ends with 1 where somebody is missing, is there twice, or has
other points in one place than in another.
"""

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import jupytext
import msgspec
import nbformat

from autograder.course import load_unit, read_course
from autograder.grading.adjustments import Adjustment, as_toml
from autograder.grading.keys import solution_of
from autograder.grading.ways_wrong import ways_wrong
from autograder.judging import Verdict

ROOT = Path(__file__).resolve().parents[1]
COURSE = read_course(ROOT)
UNIT = "unit4_manual_gradients"
GOLDEN = ROOT / "tests" / "submissions"
FIRST = """Ada Grace Zoë Jürgen Łukasz Søren José François İpek Đặng Nguyễn 伟 秀英 Иван Ольга محمد
Ελένη Anaïs Seán Björn O'Malley Mary-Ann Kim Noor Dag"""
LAST = """Lovelace Müller O'Brien 王 李 Иванов Петрова الخوارزمي Trần García Ó_Briain Nuñez Kowalski
d'Arc van_der_Berg Smith Kim Çelik Παπαδοπούλου Hopper"""
TWINS = 6  # students who have the same name as another one
DUE = (2026, 11, 20, 23, 58, 0)
POLICY = """
[late]
grace_hours = 1
per_day = 0.1
[unit4]
handed_out = 2026-11-06T00:00:00Z
due = 2026-11-20T23:59:00Z
[sections.B]
unit4 = { due = 2026-11-22T23:59:00Z }
[extra_time]
"s7@uni.example" = 1.5
"""


@dataclass(frozen=True)
class HandedInKind:
    """A kind of submission: its file, its content and its expected result.

    comes: "all" points, "some" or "none"; "by eye" if it cannot be graded; "nothing" submitted.
    """

    name: str
    share: int  # of 300
    file: str
    content: bytes
    comes: str = "all"


@dataclass
class MadeUpStudent:
    """One student of the class. number: the platform's for the person."""

    number: int
    name: str
    kind: HandedInKind
    section: str
    again: bool = False
    late_days: int = 0

    @property
    def email(self) -> str:
        """Return the name of the student's folder and results."""
        return f"s{self.number}@uni.example"


@dataclass
class Count:
    """The counts of each step, and the discrepancies."""

    lines: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def same(self, what: str, found: object, wanted: object) -> None:
        """Record a count, and whether it differs from the expected one."""
        if found == wanted:
            return
        self.problems.append(f"{what}: {found}, not {wanted}")

    def everybody(self, step: str, groups: Mapping[str, set[str]], everyone: set[str]) -> None:
        """Record the size of each group; together they must contain every student once."""
        told = ", ".join(f"{len(group)} {name}" for name, group in groups.items())
        self.lines.append(f"{step}: {told}")
        counted = Counter(student for group in groups.values() for student in group)
        twice = sorted(student for student, times in counted.items() if times > 1)
        self.same(f"{step}, in two groups", twice, [])
        self.same(f"{step}, missing", sorted(everyone - counted.keys()), [])
        self.same(f"{step}, strangers", sorted(counted.keys() - everyone), [])


# ---- the class


def kinds() -> list[HandedInKind]:
    """Return all kinds of submissions."""
    plain = solution_of(load_unit(COURSE, UNIT)).plain()
    right = plain.encode()
    as_read = jupytext.reads(plain, "py:percent")
    notebook = nbformat.writes(nbformat.v4.new_notebook(cells=as_read.cells)).encode()
    py = f"{UNIT}.py"

    def golden(name: str) -> bytes:
        return (GOLDEN / name / UNIT / py).read_bytes()

    def changed(old: str, new: str) -> bytes:
        assert old in plain
        return plain.replace(old, new, 1).encode()

    matrices = changed(
        "(g**2).sum() for g in grads.values())",
        "(g**2).sum() for g in grads.values() if g.ndim > 1)",
    )
    in_bits = changed(
        "loss, dlogits = -(y * log_p).sum() / B",
        "loss, dlogits = -(y * log_p).sum() / B / np.log(2)",
    )
    return [
        HandedInKind("right", 70, py, right),
        HandedInKind("another style", 10, py, golden("style_classes_recursion")),
        HandedInKind("a third style", 10, py, golden("style_einsum_float32")),
        HandedInKind("notebook", 25, f"{UNIT}.ipynb", notebook),
        HandedInKind("known mistake", 40, py, golden("mistake_argmax"), "some"),
        HandedInKind("two mistakes", 15, py, golden("two_mistakes_at_once"), "some"),
        HandedInKind("the norm of matrices", 20, py, matrices, "some"),
        HandedInKind("a loss in bits", 12, py, in_bits, "some"),
        HandedInKind("half done", 15, py, golden("half_done"), "some"),
        HandedInKind("stub", 8, py, golden("stub"), "none"),
        HandedInKind("BOM", 5, py, b"\xef\xbb\xbf" + right),
        HandedInKind("CRLF", 5, py, right.replace(b"\n", b"\r\n")),
        HandedInKind("(1)", 6, "unit4 (1).py", right),
        HandedInKind("capitals", 4, f"{UNIT.upper()}.PY", right),
        HandedInKind("a name of their own", 6, "my_solution_final.py", right),
        HandedInKind("a number", 4, "HW4-Kim.py", right),
        HandedInKind(
            "zip in zip", 6, "work.zip", packed({f"mine/{py}": right, "mine/notes.txt": b"x"})
        ),
        HandedInKind("copy of a friend", 6, py, right.replace(b"dnext", b"carry")),
        HandedInKind("endless loop", 2, py, golden("endless_loop"), "some"),
        HandedInKind("crash", 2, py, golden("crash"), "some"),
        HandedInKind("syntax error", 3, py, golden("syntax_error"), "some"),
        HandedInKind("empty file", 4, py, b"\n", "none"),
        HandedInKind("no text", 3, py, golden("not_text"), "none"),
        HandedInKind("document", 6, "solution.docx", b"PK\x03\x04 a document", "by eye"),
        HandedInKind("broken zip", 2, "work.zip", b"PK\x03\x04 broken", "by eye"),
        HandedInKind("nothing", 11, "", b"", "nothing"),
    ]


def packed(files: Mapping[str, bytes], clock: tuple[int, ...] = DUE) -> bytes:
    """Return a zip of files."""
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(zipfile.ZipInfo(name, clock), content)  # type: ignore[arg-type]
    return whole.getvalue()


def drawn(count: int) -> list[MadeUpStudent]:
    """Draw a class, always the same: one of each kind, the others by their fractions."""
    rng = random.Random(300)
    of = kinds()
    others = [kind for kind in of for _ in range(kind.share - 1)]
    rng.shuffle(others)
    everything = [*of, *others][:count]
    everything += [of[0]] * (count - len(everything))
    rng.shuffle(everything)
    names = [
        f"{first} {last}".replace("_", " ") for first in FIRST.split() for last in LAST.split()
    ]
    rng.shuffle(names)
    names[1 : TWINS + 1] = [names[0]] * 2 + names[20:22] + names[30:32]
    students = []
    for number, kind in enumerate(everything, 1):
        section = rng.choice("AAB")
        student = MadeUpStudent(number, names[number - 1], kind, section)
        student.late_days = rng.choice([0] * 8 + [1, 3])
        student.again = kind.comes == "some" and rng.random() < 0.2
        students.append(student)
    return students


# ---- as a platform exports it


def moodle(students: Sequence[MadeUpStudent], round_: int) -> dict[str, bytes]:
    """Return the files of a Moodle download, by name."""
    return {
        f"{s.name}_{s.number}_assignsubmission_file/{s.kind.file}": s.kind.content for s in students
    }


def canvas(students: Sequence[MadeUpStudent], round_: int) -> dict[str, bytes]:
    """Return the files of a Canvas download, by name; round_: 2 for a second submission."""
    files = {}
    for s in students:
        short = "".join(letter for letter in s.name.lower() if letter.isalnum())
        late = "_LATE" if s.late_days else ""
        stem, dot, suffix = s.kind.file.rpartition(".")
        more = f"-{round_ - 1}" if round_ > 1 else ""
        files[f"{short}{late}_{s.number}_{9000 * round_ + s.number}_{stem}{more}{dot}{suffix}"] = (
            s.kind.content
        )
    return files


PLATFORMS: Mapping[str, Callable[[Sequence[MadeUpStudent], int], dict[str, bytes]]] = {
    "moodle": moodle,
    "canvas": canvas,
}


def download(platform: str, students: Sequence[MadeUpStudent], folder: Path, round_: int) -> Path:
    """Write the zip that a platform exports, each file with its time."""
    path = folder / f"DL26-{UNIT}-{round_}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for student in students:
            if not student.kind.file:
                continue
            day = DUE[2] + student.late_days + (round_ - 1)
            clock = (*DUE[:2], day, *DUE[3:])
            for name, content in PLATFORMS[platform]([student], round_).items():
                out.writestr(zipfile.ZipInfo(name, clock), content)
    return path


def roster(platform: str, students: Sequence[MadeUpStudent], path: Path) -> None:
    """Write the table of the class as the platform exports it."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        if platform == "moodle":
            rows.writerow(["Identifier", "Full name", "Email address", "Status", "Section"])
            for s in students:
                rows.writerow([f"Participant {s.number}", s.name, s.email, "", s.section])
        else:
            rows.writerow(["Student", "ID", "SIS User ID", "SIS Login ID", "Section"])
            rows.writerow(["    Points Possible", "", "", "", ""])
            for s in students:
                rows.writerow([s.name, s.number, f"U{s.number}", s.email, s.section])
            rows.writerow(["Student, Test", 99999, "", "", "A"])


# ---- the way


def run(count: Count, *arguments: object) -> str:
    """Run a command of ours, record its time, and return its output."""
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    count.lines.append(f"    autograder {arguments[0]}: {seconds:.0f} s")
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout + done.stderr


def table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def collect(count: Count, platform: str, students: Sequence[MadeUpStudent], folder: Path) -> Path:
    """Collect both downloads, and count the submissions by kind."""
    into = folder / "submitted"
    roster(platform, students, folder / "class.csv")
    again = [student for student in students if student.again]
    right = kinds()[0]
    better = [
        MadeUpStudent(s.number, s.name, right, s.section, late_days=s.late_days) for s in again
    ]
    common = ("--into", into, "--unit", "unit4")
    first = download(platform, students, folder, 1)
    run(count, "collect", first, *common, "--roster", folder / "class.csv")
    run(count, "collect", download(platform, better, folder, 2), *common)
    receipts = table(into / "receipts.csv")
    with_file = {row["student"] for row in receipts}
    records = {path.parent.name for path in into.glob("*/*.json")}
    everyone = {student.email for student in students}
    nothing = everyone - records
    groups = {
        "with a file": with_file,
        "with what cannot be graded": records - with_file,
        "with nothing": nothing,
    }
    count.everybody("collect", groups, everyone)
    fates = {
        name: {s.email for s in students if s.kind.comes == name} for name in ("by eye", "nothing")
    }
    count.same("who handed in nothing", sorted(nothing), sorted(fates["nothing"]))
    count.same("what cannot be graded", sorted(records - with_file), sorted(fates["by eye"]))
    attempts = Counter(row["student"] for row in receipts)
    twice = {student for student, number in attempts.items() if number == 2}
    count.same("who handed in twice", sorted(twice), sorted(s.email for s in again))
    return into


def grade(
    count: Count, students: Sequence[MadeUpStudent], into: Path, folder: Path
) -> dict[str, float]:
    """Grade, and count the results; return the points by student."""
    grades = folder / "grades"
    said = run(count, "grade", into, "--out", grades, "--quick", "-j", "2", "--any-name")
    results = [json.loads(path.read_text()) for path in grades.glob(f"{UNIT}/*.json")]
    points = {result["known_as"] or result["student"]: result["score"] for result in results}
    count.same("results, each with a student of its own", len(points), len(results))
    most = results[0]["max_score"]
    by_email = {student.email: student for student in students}
    groups: dict[str, set[str]] = {
        "all points": set(),
        "some": set(),
        "none": set(),
        "no result": set(),
    }
    for email, student in by_email.items():
        got = points.get(email)
        comes = "all" if student.again else student.kind.comes
        if got is None:
            groups["no result"].add(email)
            count.same(f"{email}, without a result", comes, "nothing")
            continue
        name = "all points" if got == most else "some" if got else "none"
        groups[name].add(email)
        wanted = {
            "all": ["all points"],
            "some": ["some", "all points"],
            "none": ["none"],
            "by eye": ["none"],
        }
        if name not in wanted.get(comes, []):
            count.problems.append(f"{email}, {student.kind.name}: {got:g} of {most:g}")
    count.everybody("grade", groups, set(by_email))
    if f"{len(results)} submissions" not in said:
        count.problems.append("grade counts other submissions than there are results")
    return points


def by_hand(count: Count, students: Sequence[MadeUpStudent], folder: Path) -> dict[str, float]:
    """Write manual points: individual ones for documents, and equal ones for equal answers."""
    eye = [s for s in students if s.kind.comes == "by eye"]
    eye.append(next(s for s in students if s.kind.comes == "nothing"))
    given = {student.email: 10.0 for student in eye}
    norm = [s.email for s in students if s.kind.name == "the norm of matrices" and not s.again]
    given |= dict.fromkeys(norm, 0.5)
    entries = [entry(student=s.email, points=10.0, words="by eye") for s in eye]
    path = folder / "grades" / UNIT / f"{norm[0]}.json"
    (check,) = [
        each for each in json.loads(path.read_text())["checks"] if each["name"] == "clipping"
    ]
    page = (folder / "grades" / "pages" / "index.html").read_text()
    made = group_on_page(page, check)
    entries.append(entry(student="*", check="clipping", made=made, points=0.5, words="unclear"))
    (folder / "grades" / "adjustments.toml").write_text("\n".join(entries))
    (folder / "policy.toml").write_text(POLICY)
    count.lines.append(f"by hand: {len(eye)} by eye, {len(norm)} for the same mistake")
    return given


def entry(**fields: Any) -> str:
    """Return an entry of `adjustments.toml`."""
    return as_toml(Adjustment(unit=UNIT, who="tg", **fields)) + "\n"


def group_on_page(page: str, check: Mapping[str, object]) -> str:
    """Return the description by which the unit's page groups answers equal to a student's."""
    way, *_ = ways_wrong(msgspec.convert(check, Verdict))
    beginning, *_ = way.split("`")
    assert beginning[:20] in page, way
    return way


def give_back(
    count: Count,
    platform: str,
    students: Sequence[MadeUpStudent],
    folder: Path,
    points: Mapping[str, float],
    given: Mapping[str, float],
) -> None:
    """Write pages, feedback and tables, and compare what each has for every student."""
    grades = folder / "grades"
    policy = ("--policy", folder / "policy.toml")
    run(count, "report", grades, *policy)
    pages = {path.stem for path in (grades / "pages" / UNIT).glob("*.html")}
    everyone = {student.email for student in students}
    with_result = points.keys() | given.keys()
    count.everybody("pages", {"with a page": pages, "without": everyone - pages}, everyone)
    count.same("pages", pages, with_result)
    to = ("--to", platform) if platform == "moodle" else ()
    run(count, "feedback", grades, *policy, *to)
    sheets = {path.stem.removesuffix(f" {UNIT}") for path in (grades / "feedback").glob("*.html")}
    count.same("feedback", sheets, with_result)
    if platform == "moodle":
        with zipfile.ZipFile(grades / "feedback" / f"moodle feedback {UNIT}.zip") as inner:
            numbers = {f"s{name.split('_')[1]}@uni.example" for name in inner.namelist()}
        count.same("Moodle's zip of feedback", numbers, with_result)
    count.lines.append(f"feedback: {len(sheets)} pages")
    counts = {}
    for name in ("csv", "canvas", "moodle", "mail", "total"):
        run(count, "export", grades, *policy, "--to", name)
        counts[name] = dict(exported(name, grades / "export", students))
        count.same(f"export {name}", sorted(counts[name]), sorted(everyone))
    count.lines.append(
        "export: " + ", ".join(f"{name} {len(rows)}" for name, rows in counts.items())
    )
    for student in sorted(everyone):
        said = {name: rows.get(student) for name, rows in counts.items() if name != "total"}
        amounts = {amount for amount in said.values() if amount}
        if student not in with_result:
            amounts -= {"0"}  # a platform's table leaves the cell empty
        if len(amounts) > 1 or (student in with_result) != bool(amounts):
            count.problems.append(f"{student}: {said}")
    late = [row for row in table(grades / "export" / "mail.csv") if "late" in row["words"]]
    count.lines.append(f"late by the policy: {len(late)}")


def exported(
    name: str, folder: Path, students: Sequence[MadeUpStudent]
) -> Iterator[tuple[str, str]]:
    """Yield each student of a table with the points that count, "" if there are none."""
    by_number = {str(student.number): student.email for student in students}
    rows = table(folder / f"{'grades' if name == 'csv' else name}.csv")
    for row in rows:
        if name == "csv":
            yield row["student"], row["unit_points"]
        elif name == "canvas":
            if "Points Possible" not in row["Student"]:
                yield by_number.get(row["ID"], row["SIS Login ID"]), of_unit(row)
        elif name == "moodle":
            yield row["email"] or row["username"], of_unit(row)
        elif name == "mail":
            yield row["student"], row["points"]
        else:
            yield row["student"], of_unit(row)


def of_unit(row: Mapping[str, str]) -> str:
    """Return the first cell of a row that is about the unit."""
    return next(cell for head, cell in row.items() if head.startswith(UNIT))


def main() -> None:
    """Take the class all the way, print the counts, and end with 1 if there is a problem."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--from", dest="platform", choices=sorted(PLATFORMS), default="moodle")
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--keep", type=Path, help="a new folder for all that is written")
    wish = parser.parse_args()
    began = time.monotonic()
    count = Count()
    students = drawn(wish.students)
    with tempfile.TemporaryDirectory() as scratch:
        folder = wish.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        into = collect(count, wish.platform, students, folder)
        points = grade(count, students, into, folder)
        given = by_hand(count, students, folder)
        give_back(count, wish.platform, students, folder, points, given)
    print("\n".join(count.lines))
    print(f"{len(students)} students, {time.monotonic() - began:.0f} s")
    print("\n".join(count.problems) or "Every student is accounted for at each step.")
    sys.exit(1 if count.problems else 0)


if __name__ == "__main__":
    main()
