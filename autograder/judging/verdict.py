"""The result of judging: a verdict on each check, with remarks that explain it."""

from dataclasses import dataclass
from typing import Literal

from autograder.check import Failure
from autograder.finding import Finding

Status = Literal[
    "passed", "partial", "failed", "not_reached", "error", "timeout", "killed", "recorded"
]


@dataclass(frozen=True)
class Remark:
    """What is wrong with some arrays of a check, and what to do.

    finding: the text's content as data; None if a person or a rule wrote it.
    example: the first wrong number, if the expected one may be shown.
    literal: backticks and asterisks in the text are an answer's own, and no markup.
    """

    text: str
    arrays: tuple[str, ...] = ()
    finding: Finding | None = None
    example: str = ""
    literal: bool = False

    @property
    def mistake(self) -> str:
        """Return the line of the known mistake with these values; "" if there is none."""
        return self.finding.code if self.finding else ""

    @property
    def mistakes(self) -> tuple[str, ...]:
        """Return the known mistakes that it names, in their author's words."""
        return self.finding.mistakes if self.finding else ()

    @property
    def group(self) -> str:
        """Return the group of equal wrong values that no known mistake explains."""
        return self.finding.group if self.finding else ""

    @property
    def place(self) -> str:
        """Return the line of the submission that it names, as "line 3"; "" if it names none."""
        return self.finding.place if self.finding else ""


@dataclass(frozen=True)
class Verdict:
    """The judgement of one check.

    seconds: from question to answer.
    loss: of a check that trains: held out, the solution's, and the allowed difference; without the
    latter if points follow the loss.
    material: a checksum of what it depends on beside the submission.
    failure: why the answer ended early.
    two_answers: whether a second question got another answer, which an instructor should look at.
    given: the answer to a question, in a few words. agrees: whether it is the right one, which the
    points of a prediction do not require.
    whose: the name in the file, if the check asks for one and it is none of the student's.
    carried: points among those earned that depend on an earlier mistake, which was carried forward.
    """

    name: str
    title: str
    points: float
    earned: float
    status: Status
    remarks: tuple[Remark, ...] = ()
    seconds: float = 0.0
    loss: tuple[float, ...] = ()
    material: str = ""
    failure: Failure = Failure.NONE
    two_answers: bool = False
    carried: float = 0.0
    given: str = ""
    agrees: bool = False
    whose: str = ""

    @property
    def is_done(self) -> bool:
        """Return whether practice has no more to say: it passed, or its answer was recorded."""
        return self.status in ("passed", "recorded")
