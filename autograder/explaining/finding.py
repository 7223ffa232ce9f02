"""What explaining finds, as data: `words.py` says it in English."""

from dataclasses import dataclass

from autograder.slip import Slip


@dataclass(frozen=True)
class ChangeFound:
    """Small changes of a right answer, each of which gives an answer's values.

    functions: in which they are made; empty where that would not help a student.
    slips: what each does. are_of_several: whether they are made in several functions.
    """

    functions: frozenset[str]
    slips: frozenset[Slip]
    are_of_several: bool = False


@dataclass(frozen=True)
class Mending:
    """Small changes of a student's file, with each of which a check passes.

    function: in which they are made. place: the line, as "line 41"; "" where it is not sure.
    statement: what stands there. slips: what each takes back; none where that is not sure.
    """

    function: str
    place: str = ""
    statement: str = ""
    slips: tuple[Slip, ...] = ()
