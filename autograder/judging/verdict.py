"""What the judge is given, a key, and what it makes: verdicts with remarks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from autograder.check import Answer, Check, Corpus, Failure
from autograder.relations.small_changes import NO_CHANGES, ChangedAnswers, SmallChange

Status = Literal["passed", "partial", "failed", "not_reached", "error", "timeout", "killed"]


@dataclass(frozen=True)
class Mistake:
    """A known mistake.

    text: what a student reads.
    keeps: the share of an array's points that it leaves.
    code: the line with the mistake. It stays with the solution: empty in a student's key.
    definition: the function or class in which it is made; "" outside of any.
    quotes: names that its text quotes and its code writes in the solution's place, and others
    that it quotes with them. Code without any of them made it in another way.
    statements: checksums of the statements that it writes, where the solution lacks one of them.
    Code that holds all of them in that definition is said to have made it.
    """

    id: str
    text: str
    keeps: float = 0.0
    code: str = ""
    definition: str = ""
    quotes: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()


# mistakes that change the answer to a check, each with that answer
Known = Sequence[tuple[Mistake, Answer]]
# whether a known mistake, or a small change of the solution, cannot have been made, since it would
# have spoilt a check that has passed
Excluded = Callable[[Mistake | SmallChange], bool]


class CheckKey(Protocol):
    """What an answer to one check is compared with. It may be made when it is asked for."""

    @property
    def expected(self) -> Answer:
        """The solution's answer."""

    @property
    def loss(self) -> float | None:
        """The loss that the solution's training reached, for a check that trains."""

    @property
    def constant(self) -> frozenset[str]:
        """The arrays that the solution answers alike on another seed: they cost and never earn."""

    @property
    def mistakes(self) -> Known:
        """The known mistakes that lose points here, each with its answer."""

    @property
    def small_changes(self) -> ChangedAnswers:
        """What the solution answers with one small change in it."""

    @property
    def style_changes(self) -> ChangedAnswers:
        """What right answers in other styles answer with one small change in them."""

    def spoilt_by(self, mistake: Mistake | SmallChange) -> bool:
        """Return whether a known mistake, or a small change of the solution, loses points here."""


@dataclass(frozen=True)
class PlainKey:
    """The key of one check as plain data."""

    expected: Answer
    mistakes: Known = ()
    loss: float | None = None
    constant: frozenset[str] = frozenset()
    small_changes: ChangedAnswers = NO_CHANGES
    style_changes: ChangedAnswers = NO_CHANGES

    def spoilt_by(self, mistake: Mistake | SmallChange) -> bool:
        """Return whether a known mistake, or a small change of the solution, loses points here."""
        if isinstance(mistake, SmallChange):
            return self.small_changes.spoilt_by(mistake.id)
        identities = {known.id for known, _ in self.mistakes}
        return mistake.id in identities


Key = Mapping[str, CheckKey]


def key_name(check: Check, text: Corpus | None) -> str:
    """Name an entry of a key: a check, and for one that trains also what it trained on."""
    if check.measure and text:
        return f"{check.name}@{text.name}"
    return check.name


@dataclass(frozen=True)
class Remark:
    """What is wrong with some arrays of a check, and what to do.

    group: the same for equal wrong values, which no known mistake explains.
    relation: the kind of relation to the expected values that the text tells, where it tells one.
    example: the first wrong number, where the expected one may be shown.
    literal: backticks and asterisks in the text are an answer's own, and no markup.
    """

    text: str
    arrays: tuple[str, ...] = ()
    mistake: str = ""
    group: str = ""
    literal: bool = False
    relation: str = ""
    example: str = ""


# how known mistakes are told as facts, where they need not have been made as their words say
VALUES_ARE = "your values are those of this mistake"
ERROR_IS = "your error is that of this mistake"
OTHERWISE = "though your code is written another way"


def as_fact(fact: str, words: str, is_otherwise: bool = False) -> str:
    """Tell a known mistake as a fact about values, or about an error.

    words: the mistake's own. is_otherwise: whether the code does not write what they quote.
    """
    if is_otherwise:
        return f"{fact}, {OTHERWISE}: {words}"
    return f"{fact}: {words}"


def own_words(text: str) -> str:
    """Return a known mistake's own words of a text that tells it."""
    for fact in (VALUES_ARE, ERROR_IS):
        for is_otherwise in (False, True):
            beginning = as_fact(fact, "", is_otherwise)
            if text.startswith(beginning):
                return text.removeprefix(beginning)
    return text


@dataclass(frozen=True)
class Verdict:
    """The judgement of one check.

    seconds: from question to answer.
    loss: of a check that trains: held out, the solution's, and how far they may be apart.
    material: a checksum of what it rests on beside the submission.
    failure: why the answer ended early.
    two_answers: asked again it was answered differently, which an instructor should look at.
    carried: points among those earned that rest on an earlier mistake, which was carried forward.
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


def verdict_of(check: Check, share: float, remarks: Sequence[Remark] = ()) -> Verdict:
    """Make the verdict on an answer that earns a share of the points.

    It has passed only where nothing is wrong, that is, where there is no remark.
    """
    earned = round(check.points * share, 4)
    status: Status
    if not remarks:
        status = "passed"
    elif earned:
        status = "partial"
    else:
        status = "failed"
    return Verdict(
        name=check.name,
        title=check.title,
        points=check.points,
        earned=earned,
        status=status,
        remarks=tuple(remarks),
    )
