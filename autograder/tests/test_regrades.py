"""Regrade requests: the link that prepares a mail, and the list of received mails."""

import csv
import mailbox
import re
import shutil
import time
from dataclasses import replace
from email.message import EmailMessage
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import small
from browser import violations
from small import COURSE, UNIT

from autograder.grading.adjustments import FILE
from autograder.grading.policy_file import read_policy
from autograder.grading.results import stored_results
from autograder.report.regrade import NoMails, read_requests, regrade_link
from autograder.schema import BadFile


@pytest.fixture(scope="module")
def pages(graded_class, tmp_path_factory):
    """Write the small class's pages with a policy for regrade requests; return the folder."""
    folder = tmp_path_factory.mktemp("regrades") / "grades"
    shutil.copytree(graded_class, folder, ignore=shutil.ignore_patterns("pages"))
    (folder / "policy.toml").write_text('regrades = "tutor@uni.example"\n')
    done = small.run_command("report", folder, "--policy", folder / "policy.toml")
    assert done.returncode == 0, done.stderr
    return folder


def links(pages, student):
    """Return check → link on a student's page."""
    text = (pages / "pages" / UNIT / f"{student}.html").read_text()
    found = [unescape(link) for link in re.findall(r'href="(mailto:[^"]*)"', text)]
    return {re.search("Check%3A%20([a-z_]+)", link)[1]: link for link in found}


def mail_of(link, why, sender="Ada <ada@uni.example>"):
    """Return the mail of a student who followed a link and wrote a reason."""
    parts = urlsplit(link)
    filled = {name: values[0] for name, values in parse_qs(parts.query).items()}
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, parts.path, filled["subject"]
    mail["Date"] = "Thu, 26 Nov 2026 10:00:00 +0100"
    mail.set_content(filled["body"].replace("\r\n", "\n") + why)
    return mail


def test_a_partner_may_ask_about_the_common_file(pages, tmp_path):
    """A partner's own page has the link for the common file; their manual points count."""
    grades = tmp_path / "grades"
    shutil.copytree(pages, grades)
    (tmp_path / "partners.csv").write_text(f"unit,a,b\n{UNIT},crash,emile\n")
    policy = tmp_path / "policy.toml"
    policy.write_text('regrades = "tutor@uni.example"\npartners = "partners.csv"\n')
    (grades / "roster.csv").write_text(
        "student,name,email\nemile,Émile,emile@uni.example\ncrash,,\n"
    )
    given = [("emile", 2), ("crash", 3)]
    text = ""
    for student, points in given:
        text += f'[[adjustment]]\nstudent = "{student}"\nunit = "{UNIT}"\ncheck = "summing"\n'
        text += f'to = {points}\nwords = "yes"\nwho = "tg"\n'
    (grades / FILE).write_text(text)
    done = small.run_command("feedback", grades, "--policy", policy)
    assert done.returncode == 0, done.stderr
    page = (grades / "feedback" / f"emile {UNIT}.html").read_text()
    (link,) = [unescape(one) for one in re.findall(r'href="(mailto:[^"]*summing[^"]*)"', page)]
    (tmp_path / "1.eml").write_bytes(bytes(mail_of(link, "Please.", "emile@uni.example")))
    done = small.run_command("regrades", tmp_path / "1.eml", grades, "--policy", policy)
    assert done.returncode == 0, done.stderr
    line = f"{UNIT}, summing: emile, 2 of 4 points, as graded; by hand so far: yes\n"
    assert line in done.stdout


def test_a_link_fills_a_mail_for_each_check_that_did_not_pass(pages):
    """Each failed check has a mail link with the policy's address, unit, check and checksum.

    A page without failed checks has no link.
    """
    link = links(pages, "crash")["summing"]
    mail = mail_of(link, "")
    assert mail["To"] == "tutor@uni.example"
    assert mail["Subject"] == f"Regrade: {UNIT}, summing"
    assert re.search(
        rf"Student: crash\nUnit: {UNIT}\nCheck: summing\nChecksum: [0-9a-f]{{64}}\n",
        mail.get_content(),
    )
    assert links(pages, "complete") == {}


def test_the_list_shows_each_request_beside_what_was_graded(pages, tmp_path):
    """Requests are read from an mbox or .eml files, for another file or an unknown sender, too.

    Any other mail is listed for a person to read.
    """
    link = links(pages, "crash")["summing"]
    mails = [
        mail_of(link, "The idea is right.\nPlease look."),
        mail_of(links(pages, "squared")["doubling"].replace("squared", "nobody"), "=HYPERLINK(1)"),
        mail_of(re.sub("[0-9a-f]{64}", "0" * 64, link), "My other file."),
    ]
    other = EmailMessage()
    other["From"] = "x@y.example"
    other.set_content("Hello,\nis there a lecture today?")
    box = mailbox.mbox(tmp_path / "Regrades.mbox")
    for number, mail in enumerate([*mails, other]):
        box.add(mail)
        (tmp_path / f"{number}.eml").write_bytes(bytes(mail))
    box.flush()
    box.close()
    assert read_requests(tmp_path / "Regrades.mbox") == read_requests(tmp_path)
    (pages / FILE).write_text(
        f'[[adjustment]]\nstudent = "crash"\nunit = "{UNIT}"\ncheck = "summing"\n'
        'points = 1\nwords = "yes"\nwho = "tg"\n'
    )
    done = small.run_command("regrades", tmp_path / "Regrades.mbox", pages)
    assert done.returncode == 0, done.stderr
    assert f"{UNIT}, summing: crash, 1 of 4 points, as graded; by hand so far: yes" in done.stdout
    rows = list(csv.DictReader((pages / "regrades.csv").read_text().splitlines()))
    assert (rows[1]["points now"], rows[1]["of"]) == ("1", "4")
    assert [(row["student"], row["which file"]) for row in rows] == [
        ("nobody", "no such result"),
        ("crash", "as graded"),
        ("crash", "another submission"),
        ("", "names no check: please read"),
    ]
    assert rows[3]["why"] == "Hello, is there a lecture today?"
    assert "3 requests, and 1 mail to read without a check" in done.stdout
    assert rows[1]["why"] == "The idea is right. Please look."
    assert rows[0]["why"] == "'=HYPERLINK(1)"


def test_a_mail_in_html_is_read_and_one_without_its_fields_is_named(pages, tmp_path):
    """An HTML mail is read, and a mail without its fields is listed for a person.

    Outlook replies in HTML only.
    """
    plain = mail_of(links(pages, "crash")["summing"], "The idea is right.")
    lines = "".join(f"<p class=x>{line}<br></p>\n" for line in plain.get_content().splitlines())
    html = mail_of(links(pages, "crash")["summing"], "")
    html.set_content(f"<html><style>Unit: x</style><body>{lines}</body></html>", subtype="html")
    free = EmailMessage()
    free["From"], free["Subject"] = "eve@x.example", f"Re: Regrade: {UNIT}, summing"
    free.set_content("<p>Please look at my sums once more.</p>", subtype="html")
    for number, mail in enumerate((html, free)):
        (tmp_path / f"{number}.eml").write_bytes(bytes(mail))
    (request,) = read_requests(tmp_path)
    assert (request.student, request.unit, request.check) == ("crash", UNIT, "summing")
    assert request.why == "The idea is right."
    unquoted = mail_of(links(pages, "crash")["summing"], "It prints\n>>> mean([1])")
    (tmp_path / "unquoted.eml").write_bytes(bytes(unquoted))
    (asked,) = read_requests(tmp_path / "unquoted.eml")
    assert asked.why == "It prints >>> mean([1])"
    (tmp_path / "unquoted.eml").unlink()
    plain.set_content("".join(f"> {line}\n" for line in plain.get_content().splitlines()))
    (tmp_path / "quoted").mkdir()
    (tmp_path / "quoted" / "1.eml").write_bytes(bytes(plain))
    (quoted,) = read_requests(tmp_path / "quoted")
    assert quoted.why == "The idea is right."
    shutil.rmtree(tmp_path / "quoted")
    (tmp_path / "later.msg").write_bytes(b"\xd0\xcf\x11\xe0")
    done = small.run_command("regrades", tmp_path, pages)
    assert done.returncode == 0, done.stderr
    assert "own format are not read (1): later.msg. Save them as .eml" in done.stderr
    assert f"please read: Re: Regrade: {UNIT}, summing: from eve@x.example" in done.stdout
    assert "1 request, and 1 mail to read without a check" in done.stdout


def test_a_request_that_another_address_sent_is_flagged_and_each_mail_is_counted(pages, tmp_path):
    """A request from another address is flagged, and each mail appears in the table.

    The roster knows the addresses.
    """
    (pages / "roster.csv").write_text(
        "student,email\ncrash,Crash@uni.example\nsquared,squared@uni.example\n"
    )
    link = links(pages, "crash")["summing"]
    free = EmailMessage()
    free["From"], free["Subject"] = "S <squared@uni.example>", "Frage"
    free.set_content("Warum nur 2 Punkte?")
    mails = [mail_of(link, "x", "C <crash@UNI.example>"), mail_of(link, "y", "z@gmail.example")]
    for number, mail in enumerate([*mails, free]):
        (tmp_path / f"{number}.eml").write_bytes(bytes(mail))
    done = small.run_command("regrades", tmp_path, pages)
    (pages / "roster.csv").unlink()
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("not the student's, Crash@uni.example") == 1
    assert "sent by z@gmail.example, not the student's, Crash@uni.example" in done.stdout
    assert "please read: Frage: from S <squared@uni.example>" in done.stdout
    assert "2 requests, and 1 mail to read without a check" in done.stdout
    rows = list(csv.DictReader((pages / "regrades.csv").read_text().splitlines()))
    assert [row["sender's address"] for row in rows] == [
        "the student's",
        "not the student's, Crash@uni.example",
        "",
    ]
    assert (rows[2]["student"], rows[2]["why"]) == ("squared", "Frage: Warum nur 2 Punkte?")


def test_odd_mails_stop_nothing(tmp_path):
    """Undecodable bytes, headers and encodings stop nothing; terminal codes are escaped."""
    head = b"From: =?x?q?=\x1b[31m\nDate: \xff\nContent-Type: text/plain; charset=nonsense\n\n"
    about = f"Unit: {UNIT}\x1b[31m\nCheck: summing\nChecksum: 0\n".encode()
    (tmp_path / "a.eml").write_bytes(head + about)
    (tmp_path / "b.EML").write_bytes(b"\0\xff\n\n")
    (tmp_path / "c.eml").write_bytes(head.replace(b"nonsense", b"utf-8") + about)
    assert all("\x1b" not in f"{request}" for request in read_requests(tmp_path))
    assert read_requests(tmp_path)[-1].unit == f"{UNIT}\\x1b[31m"


HEAD = b"From: eve@uni.example\nContent-Type: text/plain; charset=utf-8\n"
ABOUT = f"Unit: {UNIT}\nCheck: summing\nChecksum: 0\n".encode()
SLOW_MAILS = {
    "a long line": HEAD + b"\nStudent:" + b" " * 3_000 + b"x" * 300 + b"\n" + ABOUT,
    "a long header": b"Cc: x\nFrom: " + b"a," * 30_000 + b"\n\n" + ABOUT,
    "headers of parts": b"Content-Type: text/plain; " + b"a=b; " * 40_000 + b"\n\n" + ABOUT,
    "parts in parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(3_000)
    ),
    "comments of a page": b"Content-Type: text/html\n\n" + b"<!--" * 65_000,
    "mails in mails": b"Content-Type: message/rfc822\n\n" * 3_000,
}


def test_no_mail_makes_the_list_slow_or_ends_it(tmp_path):
    """A mail that would take minutes to parse takes about a second, and the others are read."""
    (tmp_path / "honest.eml").write_bytes(HEAD + b"\n" + ABOUT)
    began = time.process_time()
    for number, (name, mail) in enumerate(SLOW_MAILS.items()):
        (tmp_path / f"{number}.eml").write_bytes(mail)
        assert any(one.sender == "eve@uni.example" for one in read_requests(tmp_path)), name
    assert time.process_time() - began < 60


def test_where_there_are_no_mails_it_is_told(tmp_path):
    """A folder without mails and a missing folder are reported."""
    with pytest.raises(NoMails, match=r"holds no \.eml"):
        read_requests(tmp_path)
    with pytest.raises(NoMails, match="There is nothing"):
        read_requests(tmp_path / "none")
    (tmp_path / "policy.toml").write_text('regrades = "nobody"\n')
    with pytest.raises(BadFile, match="regrades"):
        read_policy(COURSE, tmp_path / "policy.toml")


def test_a_request_has_the_name_that_the_platform_knows(pages):
    """A request has the platform's name, though the folder differs: `ADA` beside `ada`."""
    (result,) = [one for one in stored_results(pages) if (one.student, one.unit) == ("crash", UNIT)]
    ada = replace(result, student="ADA~0123456789abcdef", known_as="ADA")
    address = regrade_link("tutor@uni.example", ada, ada.verdicts[0])
    (body,) = parse_qs(urlsplit(address).query)["body"]
    assert body.startswith("Student: ADA\r\n")


def test_in_a_browser_a_link_fills_the_mail_and_fetches_nothing(pages, show):
    """In a browser each link opens the prepared mail, with address and body, fetching nothing."""
    (result,) = [one for one in stored_results(pages) if (one.student, one.unit) == ("crash", UNIT)]
    page = show(pages / "pages" / UNIT / "crash.html")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    link = page.get_by_role("link", name="Ask for a regrade of summing")
    address = link.evaluate("link => link.href")
    link.focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("/crash.html")
    assert violations(page) == []
    assert [url for url in asked if not url.startswith("mailto:")] == []
    parts = urlsplit(address)
    filled = parse_qs(parts.query, strict_parsing=True)
    assert (parts.scheme, parts.path) == ("mailto", "tutor@uni.example")
    assert filled["subject"] == [f"Regrade: {UNIT}, summing"]
    (body,) = filled["body"]
    lines = body.split("\r\n")
    about = ["Student: crash", f"Unit: {UNIT}", "Check: summing", f"Checksum: {result.sha256}"]
    assert lines[:4] == about
    assert set(filled) == {"subject", "body"}


def test_a_mail_without_headers_is_named_by_its_text(pages, tmp_path):
    """A mail without headers is listed by its text, with no empty field."""
    (tmp_path / "bare.eml").write_bytes(b"\nPlease look at my grade of the first unit.\n")
    done = small.run_command("regrades", tmp_path, pages)
    assert done.returncode == 0, done.stderr
    assert (
        'please read: a mail without a subject, which begins "Please look at my grade of the first '
        'unit.": from an unknown sender\n'
    ) in done.stdout
    assert ",Please look at my grade" in (pages / "regrades.csv").read_text()


def test_a_sender_that_cannot_be_compared_is_reported(pages, tmp_path):
    """No roster has the student's address, as Canvas's gradebook has none."""
    link = links(pages, "crash")["summing"]
    (tmp_path / "1.eml").write_bytes(bytes(mail_of(link, "Please.", "eve@evil.example")))
    done = small.run_command("regrades", tmp_path / "1.eml", pages)
    assert "could not be compared with the student's address for crash" in done.stdout
    (row,) = csv.DictReader((pages / "regrades.csv").read_text().splitlines())
    assert row["sender's address"] == "could not be compared"


def test_a_request_about_the_earlier_file_that_counts_is_as_graded(pages, tmp_path):
    """The student's page is about it, and the latest file has fewer points."""
    grades = tmp_path / "grades"
    shutil.copytree(pages, grades)
    (grades / FILE).unlink(missing_ok=True)
    latest = grades / UNIT / "crash.json"
    earlier = grades / UNIT / "earlier" / "crash"
    earlier.mkdir(parents=True)
    shutil.copy(latest, earlier / "0.json")
    shutil.copy(grades / UNIT / "stub.json", latest)
    latest.write_text(latest.read_text().replace('"student": "stub"', '"student": "crash"'))
    link = links(pages, "crash")["summing"]
    (tmp_path / "1.eml").write_bytes(bytes(mail_of(link, "Please.")))
    done = small.run_command("regrades", tmp_path / "1.eml", grades)
    assert done.returncode == 0, done.stderr
    assert f"{UNIT}, summing: crash, 0 of 4 points, as graded" in done.stdout
