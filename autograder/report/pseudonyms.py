"""Random names in place of students' names: on pages, in tables, in remarks and in code."""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import msgspec

from autograder.grading.hand_in import names_of_hand_in
from autograder.grading.policy import Grade, handed_in_by
from autograder.grading.results import Result
from autograder.grading.roster import turned
from autograder.judging import Verdict

SHORTEST = 3  # letters of a name that is searched in a text: one or two may be a variable


class Pseudonyms(dict[str, str]):
    """Random names without relation to a student, each used once: student → alias."""

    def assign(self, students: Iterable[str]) -> None:
        """Give each student without a name one that no other has."""
        for student in students:
            while student not in self:
                alias = f"student {secrets.token_hex(3)}"
                if alias not in self.values():
                    self[student] = alias


class Renaming:
    """Replaces each student's name in a text by the alias."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """Take names: all words known for a student → the student's alias."""
        self._names = names
        self._longest_first = [name for name in names if len(name) >= SHORTEST]
        self._longest_first.sort(key=len, reverse=True)

    def text(self, text: str) -> str:
        """Return a text without students' names; a name within a longer word stays."""
        folded = text.casefold()
        for name in self._longest_first:
            if name.casefold() in folded:
                whole_word = rf"(?<!\w){re.escape(name)}(?!\w)"
                # a single word in other letters may be one of the code's, such as `max`
                flags = re.IGNORECASE if " " in name or "@" in name else re.NOFLAG
                text = re.sub(whole_word, self._names[name], text, flags=flags)
        return text

    def result(self, result: Result, alias: str) -> Result:
        """Return a result that names nobody, as the result of `alias`.

        The name of an ungradable file is left out: platforms write the student's name into it, and
        as a part of a longer word it would stay.
        """
        record = result.hand_in
        file = record.file.rpartition("/")[2] if record else ""
        return replace(
            result,
            student=alias,
            known_as="",
            hand_in=None,
            note=self._without_file(result.note, file),
            verdicts=tuple(self._verdict(verdict, file) for verdict in result.verdicts),
        )

    def _without_file(self, text: str, file: str) -> str:
        if file:
            text = text.replace(file, "a file")
        return self.text(text)

    def _verdict(self, verdict: Verdict, file: str) -> Verdict:
        remarks = []
        for remark in verdict.remarks:
            text = self._without_file(remark.text, file)
            remarks.append(replace(remark, text=text, finding=None))  # these may hold their code
        return replace(verdict, remarks=tuple(remarks), given=self.text(verdict.given), whose="")

    def grade(self, grade: Grade) -> Grade:
        """Return a grade whose reasons name nobody; its result, which is not shown, stays."""
        by_hand = []
        for adjustment in grade.by_hand:
            text = self.text(adjustment.words)
            by_hand.append(msgspec.structs.replace(adjustment, words=text))
        words = grade.words
        partner = grade.result.handed_in_by
        if partner:  # a name of two letters is not searched in texts, but it appears here
            alias = self._names.get(partner, "a partner")
            words = words.replace(handed_in_by(partner), handed_in_by(alias), 1)
        return replace(
            grade,
            words=self.text(words),
            by_hand=tuple(by_hand),
            possible=tuple(self.grade(one) for one in grade.possible),
        )


def renaming_of(results: Sequence[Result], aliases: Mapping[str, str]) -> Renaming:
    """Make the renaming of all students with results."""
    names: dict[str, str] = {}
    for result in results:
        for name in names_of(result):
            names |= dict.fromkeys(spellings(name), aliases[result.student])
    return Renaming(names)


def spellings(name: str) -> set[str]:
    """Return a name or address with what a student may write: turned, and before the @."""
    return {name, turned(name), name.partition("@")[0]}


def names_of(result: Result) -> list[str]:
    """Return all words known for the student of a result."""
    return names_of_hand_in(result.student, result.known_as, result.hand_in)
