"""The key of a unit; each part is computed when it is first needed."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType

from autograder.check import Answer, Check, Corpus, is_to_be_repaired
from autograder.course import Unit
from autograder.grading.answer_maker import AnswerMaker
from autograder.grading.emptied import KINDS, EmptiedAnswers, Exercises, exercises
from autograder.grading.keys import (
    all_needed,
    checks_to_run,
    loses_points,
    may_be_the_machines_doing,
    refuse_failure,
)
from autograder.grading.listed import NOTHING_LISTED, Listed, NotAnswered
from autograder.grading.small_changes import is_reached
from autograder.grading.store import AnswerStore, Made
from autograder.grading.telling import right_without_work, telling_arrays
from autograder.judging import CheckKey, KnownMistakes, Mistake, key_name
from autograder.judging.carry import Carried, Mistakes
from autograder.judging.prints import NO_CHANGES, ChangedAnswers, SmallChange
from autograder.sandbox.client import Server

_AfterMistakes = tuple[str, Mistakes]  # a check, and the mistakes before it


class MadeKey(Mapping[str, CheckKey]):
    """The key of a unit on one seed. Each part is made when it is needed, and stored.

    Threads may share it: a part that two of them need is made once.
    """

    def __init__(
        self,
        unit: Unit,
        seed: int,
        data: Mapping[str, Corpus],
        store: AnswerStore,
        server: Callable[[], Server],
        listed: Mapping[str, Listed] = MappingProxyType({}),
    ) -> None:
        """Make nothing yet.

        data: for each check that trains, its corpus.
        server: returns a server of the unit, when one is needed.
        listed: by check, the ids in the unit's key: `listed_in_key`.
        """
        self._listed = listed
        self._checks = {check.name: check for check in checks_to_run(unit, data)}
        self._data = data
        self._entries: dict[str, MadeCheckKey] = {}
        public_seed = unit.course.public_seed
        self._maker = AnswerMaker(unit, seed, store, server)
        self._public = AnswerMaker(unit, public_seed, store, server)
        self._carried: dict[_AfterMistakes, Carried | None] = {}
        self._public_keys: dict[_AfterMistakes, MadeCheckKey] = {}
        self._lock = threading.RLock()

    @property
    def computed(self) -> int:
        """Return the number of answers that were not in the store, and had to be computed."""
        return self._maker.computed + self._public.computed

    def carry(self, check: Check, made: Mistakes) -> Carried | None:
        """Return the basis of comparison of a check after earlier mistakes.

        The public seed determines, once for all runs, which arrays are still informative then.
        """
        place = (check.name, made)
        with self._lock:
            if place not in self._carried:
                self._carried[place] = self._made_carried(check, made)
            return self._carried[place]

    def _made_carried(self, check: Check, made: Mistakes) -> Carried | None:
        if check.measure or not self._maker.fit_together(made):
            return None
        key = MadeCheckKey(self._maker, check, None, made)
        if may_be_the_machines_doing(key.expected) and self._must_answer(check, made):
            raise NotAnswered(
                f"our solution with an earlier mistake did not answer `{check.name}` in time"
            )
        if key.expected.failure:
            return None
        plain = self._public_key(check)
        carried = self._public_key(check, made)
        if may_be_the_machines_doing(carried.expected) and self._must_answer(check, made):
            del self._public_keys[check.name, made]
            raise NotAnswered(
                f"our solution with an earlier mistake did not answer `{check.name}` in time"
            )
        needed = []
        for name in all_needed(check, self._checks):
            needed.append(self._public_key(self._checks[name]))
        telling = telling_arrays(check, plain, carried, needed)
        if telling:
            emptied = self.emptied(check, made)
            telling -= right_without_work(check, self[check.name], key, emptied)
        return Carried(key, telling)

    def _must_answer(self, check: Check, made: Mistakes) -> bool:
        """Return whether the key has an answer with one mistake: then a late one is the machine's.

        With several at once no key says it.
        """
        listed = self._of(check)
        return len(made) == 1 and made <= listed.mistakes | listed.changes

    def emptied(self, check: Check, made: Mistakes) -> Iterator[EmptiedAnswers]:
        """Yield the answers with emptied exercises, without mistakes and with them."""
        for wanted in self._exercises_to_empty(check):
            before = self._maker.emptied(check, frozenset(), wanted)
            after = self._maker.emptied(check, made, wanted)
            for kind, one, other in zip(KINDS, before, after, strict=True):
                yield EmptiedAnswers(tuple(wanted), kind, one, other)

    def _exercises_to_empty(self, check: Check) -> list[Exercises]:
        """List the exercises to empty: each one that runs in a check, and all of them.

        Those that run in earlier checks are left out if others run.
        """
        ran = self._exercises_run(check)
        before: set[str] = set()
        for name in all_needed(check, self._checks):
            before |= self._exercises_run(self._checks[name])
        own = ran - before
        if not own:
            own = ran
        each: list[Exercises] = []
        together: dict[str, Sequence[str]] = {}
        for name, functions in exercises(self._maker.solution).items():
            if name in own:
                each.append({name: functions})
                together[name] = functions
        if len(each) > 1:
            each.append(together)
        return each

    def _exercises_run(self, check: Check) -> set[str]:
        """Return the exercises that run in a check; all of them if that is unknown."""
        written = exercises(self._maker.solution)
        solution = self._maker.made(check, self._maker.script(()))
        if solution.names is None:
            return set(written)
        return written.keys() & solution.names

    def _of(self, check: Check) -> Listed:
        return self._listed.get(check.name, NOTHING_LISTED)

    def _public_key(self, check: Check, made: Mistakes = frozenset()) -> "MadeCheckKey":
        place = (check.name, made)
        key = self._public_keys.get(place)
        if key is None:
            key = MadeCheckKey(
                self._public, check, None, made, self._of(check) if not made else NOTHING_LISTED
            )
            self._public_keys[place] = key
        return key

    def end_processes(self) -> None:
        """End the processes that answer as the solution, until the next question."""
        self._maker.end_process()
        self._public.end_process()

    def close(self) -> None:
        """Close the store, and end all processes."""
        self.end_processes()
        self._maker.close()

    def __getitem__(self, entry: str) -> "MadeCheckKey":
        check = self._checks[_check_of(entry)]
        with self._lock:
            key = self._entries.get(entry)
            if key is None:
                text = self._data[check.name] if check.measure else None
                key = MadeCheckKey(self._maker, check, text, frozenset(), self._of(check))
                self._entries[entry] = key
            return key

    def __contains__(self, entry: object) -> bool:
        return _check_of(str(entry)) in self._checks

    def __iter__(self) -> Iterator[str]:
        for name, check in self._checks.items():
            text = self._data.get(name)
            yield key_name(check, text)

    def __len__(self) -> int:
        return len(self._checks)


def _check_of(entry: str) -> str:
    """Return the check of a key's entry: see `key_name`."""
    name, _, _ = entry.partition("@")
    return name


class MadeCheckKey:
    """The key of one check; each answer is computed when it is first needed."""

    def __init__(
        self,
        maker: AnswerMaker,
        check: Check,
        text: Corpus | None,
        made: Mistakes = frozenset(),
        listed: Listed = NOTHING_LISTED,
    ) -> None:
        """Make nothing yet.

        text: the text of a check that trains.
        made: known mistakes or small changes present in all variants, so that each other one is
        additional.
        listed: the ids in the unit's key for this check.
        """
        self._listed = listed
        self._maker = maker
        self._check = check
        self._text = text
        self._always = made
        self._lock = threading.RLock()
        self._of_solution: Made | None = None
        self._was_late = False
        self._constant: frozenset[str] | None = None
        self._of_mistakes: dict[str, Answer] = {}
        self._spoils: dict[str, bool] = {}
        self._small_changes: ChangedAnswers | None = None
        self._style_changes: ChangedAnswers | None = None
        self._mistake_pairs: ChangedAnswers | None = None

    def _solution(self) -> Made:
        with self._lock:
            if self._of_solution is None:
                script = self._maker.script(self._always)
                made = self._maker.made(self._check, script, self._text)
                if not self._always:
                    self._refuse_failure(made.answer)
                self._of_solution = made  # one that was refused must serve no other submission
            return self._of_solution

    def _refuse_failure(self, answer: Answer) -> None:
        """Refuse a missing answer of our solution. Raises `NotAnswered`, `BrokenSolution`.

        The first late answer may be the machine's doing; with a second one the run ends.
        """
        if may_be_the_machines_doing(answer) and not self._was_late:
            self._was_late = True
            raise NotAnswered(f"our solution did not answer `{self._check.name}` in time")
        refuse_failure(self._maker.unit, self._check, answer)

    @property
    def expected(self) -> Answer:
        """Return the solution's answer. Raises `BrokenSolution`, `NotAnswered`."""
        return self._solution().answer

    @property
    def loss(self) -> float | None:
        """Return the loss of the solution's training."""
        return self._solution().loss

    @property
    def constant(self) -> frozenset[str]:
        """Return the arrays that are equal in the solution's answer on another seed."""
        if self._check.measure or self._check.question:
            return frozenset()
        with self._lock:
            if self._constant is None:
                script = self._maker.script(self._always)
                self._constant = self._maker.constant(self._check, script, self.expected)
            return self._constant

    @property
    def mistakes(self) -> KnownMistakes:
        """Return the known mistakes that lose points here, each with its answer."""
        if self._check.measure:
            return ()
        return self._known(lambda mistake: True)

    def mistakes_that_keep(self) -> KnownMistakes:
        """Return the known mistakes that keep a part of the points here, each with its answer."""
        return self._known(lambda mistake: mistake.keeps > 0)

    def _known(self, wanted: Callable[[Mistake], bool]) -> KnownMistakes:
        listed = [mistake for mistake, _, _ in self._maker.solution.mistakes if wanted(mistake)]
        self.make_ahead(listed)
        known = []
        for mistake in listed:
            if self.spoilt_by(mistake):
                known.append((mistake, self.answer_of(mistake)))
        return known

    @property
    def _has_no_variants(self) -> bool:
        """Return whether no changed solutions run, as for a check that trains."""
        check = self._check
        if check.measure or check.question or self._always:
            return True
        return is_to_be_repaired(check, self._maker.unit.checks)

    @property
    def small_changes(self) -> ChangedAnswers:
        """Return the solution's answers with one small change in it."""
        if self._has_no_variants:
            return NO_CHANGES
        with self._lock:
            if self._small_changes is None:
                self._small_changes = self._maker.changed(
                    self._check, self._solution(), self._listed.changes
                )
            return self._small_changes

    @property
    def style_changes(self) -> ChangedAnswers:
        """Return the answers of right solutions in other styles with one small change in them."""
        if self._has_no_variants:
            return NO_CHANGES
        with self._lock:
            if self._style_changes is None:
                self._style_changes = self._maker.changed_in_styles(self._check, self._solution())
            return self._style_changes

    @property
    def mistake_pairs(self) -> ChangedAnswers:
        """Return the solution's answers with two known mistakes in it; nothing if one is late.

        Points do not depend on it, and so a late one is not waited for.
        """
        if self._has_no_variants:
            return NO_CHANGES
        with self._lock:
            if self._mistake_pairs is None:
                self._mistake_pairs = NO_CHANGES
                with suppress(NotAnswered):
                    self._mistake_pairs = self._maker.in_pairs(
                        self._check, self._solution(), self._listed.pairs
                    )
            return self._mistake_pairs

    def _spoilt_by_change(self, change: SmallChange) -> bool:
        if self._check.measure or not self._may_reach(change):
            return False
        if change.id not in self._spoils:
            script = self._maker.script_of_change(change.id)
            made = self._maker.made(self._check, script)
            if may_be_the_machines_doing(made.answer) and change.id in self._listed.changes:
                raise NotAnswered(
                    f"our solution with a small change did not answer `{self._check.name}` in time"
                )
            self._spoils[change.id] = loses_points(self._check, self.expected, made.answer)
        return self._spoils[change.id]

    def _may_reach(self, change: SmallChange) -> bool:
        """Return whether a change may be in a definition that runs; true for a style's."""
        if change.id not in self._maker.changed_scripts:
            return True
        return is_reached(change.function, self._solution().names)

    def spoilt_by(self, mistake: Mistake | SmallChange) -> bool:
        """Return whether a mistake or a small change loses points here.

        One in a definition that does not run here changes nothing.
        """
        if isinstance(mistake, SmallChange):
            return self._spoilt_by_change(mistake)
        if not self._may_spoil(mistake):
            return False
        if mistake.id not in self._spoils:
            answer = self.answer_of(mistake)
            self._spoils[mistake.id] = loses_points(self._check, self.expected, answer)
        return self._spoils[mistake.id]

    def _may_spoil(self, mistake: Mistake) -> bool:
        """Return whether a known mistake is in a definition that runs here."""
        if self._check.measure:
            return False
        ran = self._solution().names
        return not self._maker.cannot_spoil(mistake, ran) and self.fits(mistake)

    def make_ahead(self, mistakes: Iterable[Mistake]) -> None:
        """Compute the solution's answers with each of these mistakes in it, in one process."""
        with self._lock:
            scripts = {}
            for mistake in mistakes:
                if mistake.id not in self._of_mistakes and self._may_spoil(mistake):
                    scripts[mistake.id] = self._script_with(mistake)
            answers = self._maker.all_made(self._check, scripts.values())
            for identity, script in scripts.items():
                if script in answers:
                    self._of_mistakes[identity] = answers[script].answer

    def _script_with(self, mistake: Mistake) -> str:
        return self._maker.script([*self._always, mistake.id])

    def fits(self, mistake: Mistake) -> bool:
        """Return whether a mistake can be combined with those in all variants."""
        if mistake.id in self._always:
            return False
        together = {*self._always, mistake.id}
        return self._maker.fit_together(together)

    def answer_of(self, mistake: Mistake) -> Answer:
        """Return the solution's answer with a known mistake in it."""
        with self._lock:
            answer = self._of_mistakes.get(mistake.id)
            if answer is None:
                script = self._script_with(mistake)
                answer = self._maker.made(self._check, script).answer
                self._refuse_late(mistake, answer)
                self._of_mistakes[mistake.id] = answer
            return answer

    def _refuse_late(self, mistake: Mistake, answer: Answer) -> None:
        """Refuse a missing answer of a mistake that must have one: raises `NotAnswered`.

        Without early mistakes all have one except those that the key lists as endless. A mistake
        that this check does not show gave the solution's answer when the key was built.
        """
        if not may_be_the_machines_doing(answer):
            return
        endless = self._listed.endless
        answers = mistake.id in self._listed.mistakes
        if endless is not None and not self._always:
            answers = mistake.id not in endless
        if answers:
            raise NotAnswered(
                f"our solution with a known mistake did not answer `{self._check.name}` in time"
            )
