"""What students receive: the requested units, no answers, and no stub that earns points."""

import shutil

import pytest
import small
from small import UNIT, WORDS

from autograder.authoring.build import GivesAnswers, build
from autograder.authoring.given import NotEmpty, leaks, secret_lines, unused_datasets
from autograder.authoring.release import classroom50, gradescope, notebooks, release
from autograder.course import MissingPackage, read_course
from autograder.course_file import with_units
from autograder.errors import UserError
from autograder.grading.keys import solution_of
from autograder.integrations import nbgrader_bridge
from autograder.integrations.nbgrader_bridge import NoCell
from autograder.source.solution import read_solution

FORMS = {
    "release": release,
    "notebooks": lambda course, folder, units=(): notebooks(course, folder, "kit.zip", units),
    "classroom50": classroom50,
    "gradescope": gradescope,
}
# nbgrader itself makes the students' version from its course
ALL_FORMS = FORMS | {"nbgrader": nbgrader_bridge.build}


@pytest.fixture
def course(tmp_path):
    """Copy the course, so that a test can change it."""
    return read_course(small.copy_course(tmp_path / "course"))


def files_of(folder):
    """Return the paths below a folder that are not hidden."""
    paths = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {path for path in paths if not path.startswith(".")}


def an_answer():
    """Return a line of the fixture's solution that gives an answer away."""
    return max(secret_lines([solution_of(small.unit())]), key=len)


# ---- some units


def test_a_release_of_a_unit_holds_nothing_of_the_others(course, tmp_path):
    """A release of a unit holds no stub, key, checks or data of the others.

    Its course.toml names this unit only.
    """
    release(course, tmp_path / "week", units=[WORDS, WORDS])
    found = files_of(tmp_path / "week")
    (wheel,) = (name for name in found if name.endswith(".whl"))
    assert found - {wheel} == {
        "AGENTS.md",
        "README.md",
        "course.toml",
        "checks/__init__.py",
        f"checks/{WORDS}.py",
        f"assignments/{WORDS}.py",
        f"assignments/keys/{WORDS}.safetensors",
    }
    assert read_course(tmp_path / "week").units == (WORDS,)
    for path in found - {wheel}:
        assert UNIT.encode() not in (tmp_path / "week" / path).read_bytes(), path


def test_a_release_of_a_unit_holds_what_its_checks_need(course, tmp_path):
    """A release holds the helpers that its checks import and the data that they train on."""
    release(course, tmp_path / "week", units=[UNIT])
    found = files_of(tmp_path / "week")
    assert {"checks/helpers.py", "datasets/line/manifest.toml"} <= found
    assert not [name for name in found if WORDS in name]


def test_a_release_of_a_unit_needs_no_package_of_the_others(course, tmp_path):
    """A unit can be handed out where packages of other units are not installed."""
    checks = course.checks / f"{UNIT}.py"
    text = checks.read_text()
    assert 'packages=("numpy",)' in text
    checks.write_text("import absent\n" + text.replace('("numpy",)', '("numpy", "absent")'))
    with (course.folder / "course.toml").open("a") as file:
        for name in ("absent", "pictures"):
            file.write(f'[packages.{name}]\ninstall = "{name}>=1"\n')
    release(read_course(course.folder), tmp_path / "week", units=[WORDS])
    readme = (tmp_path / "week" / "README.md").read_text()
    assert "absent" not in readme
    assert '"pictures>=1"' in readme, "of no unit, such as for plots"
    with pytest.raises(MissingPackage, match="needs absent, which is not installed"):
        release(read_course(course.folder), tmp_path / "other", units=[UNIT])


def test_a_release_of_a_unit_works(course, tmp_path):
    """A student can check the released unit and sees no other."""
    done = small.run_command("build", WORDS, "--release", tmp_path / "week", cwd=course.folder)
    assert done.returncode == 0, done.stderr
    done = small.run_command("check", cwd=tmp_path / "week")
    assert done.returncode == 1
    assert "0 of 3 points" in done.stdout
    assert UNIT not in done.stdout


@pytest.mark.parametrize("form", FORMS)
def test_each_form_holds_the_named_unit_only(form, course, tmp_path):
    """Each form holds only the unit named by `--unit`; only Gradescope's holds solutions."""
    FORMS[form](course, tmp_path / "out", units=(WORDS,))
    found = files_of(tmp_path / "out")
    if form == "notebooks":
        assert {name for name in found if name.endswith(".ipynb")} == {f"{WORDS}.ipynb"}
        shutil.unpack_archive(tmp_path / "out" / "kit.zip", tmp_path / "kit")
        found |= files_of(tmp_path / "kit")
    assert not [name for name in found if UNIT in name]
    solutions = [name for name in found if name.startswith("solutions/")]
    assert solutions == ([f"solutions/{WORDS}.py"] if form == "gradescope" else [])


def test_notebooks_of_a_person_are_not_replaced(course, tmp_path):
    """`build --notebooks` replaces no notebook, even if `kit.zip` was moved elsewhere."""
    notebooks(course, tmp_path / "out", "https://example.org/kit.zip")
    (tmp_path / "out" / "kit.zip").unlink()
    with pytest.raises(NotEmpty, match=r"numbers_and_sums\.ipynb exists, and may be edited"):
        notebooks(course, tmp_path / "out", "https://example.org/kit.zip")


def test_a_check_without_a_cell_of_its_own_is_refused_for_nbgrader(course, tmp_path):
    """nbgrader gives points to cells, so two checks in one cell are refused, with their names."""
    solution = course.solution(WORDS)
    text = solution.read_text()
    solution.write_text(text.replace('check("', 'check( "'))
    again = shutil.copytree(course.folder, tmp_path / "again")
    build(read_course(again), [WORDS])
    with pytest.raises(NoCell, match=r"words: `\w+`.* would have no points in nbgrader"):
        nbgrader_bridge.build(read_course(again), tmp_path / "out", [WORDS])


def test_a_stale_key_is_not_handed_out(tmp_path):
    """`build --release` refuses reference outputs that the solution no longer gives."""
    folder = small.copy_course(tmp_path / "course")
    solution = folder / "solutions" / f"{UNIT}.py"
    text = solution.read_text()
    assert "return 2 * x" in text
    solution.write_text(text.replace("return 2 * x", "return 2.5 * x"))
    done = small.run_command("build", "--release", tmp_path / "out", cwd=folder)
    assert done.returncode == 1
    words = "out of date (`doubling`: the expected answer has changed). Run `autograder build`"
    assert f"{UNIT}.safetensors is {words}" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", ["release", "notebooks", "nbgrader"])
def test_units_begin_with_a_link_to_their_page_where_the_course_has_a_site(form, course, tmp_path):
    """If the course has a site, units have a link to their page below the title."""
    link = "[Read this unit with its pictures and outputs.](https://example.org/nets/units/"
    ALL_FORMS[form](course, tmp_path / "without")
    course_file = course.folder / "course.toml"
    text = course_file.read_text()
    course_file.write_text(f'site = "https://example.org/nets/"\n{text}')
    again = shutil.copytree(course.folder, tmp_path / "again")
    ALL_FORMS[form](read_course(again), tmp_path / "with")
    for name in course.units:
        ((before, after),) = (
            (path.read_text(), (tmp_path / "with" / path.relative_to(tmp_path / "without")))
            for path in (tmp_path / "without").rglob(f"{name}.*")
            if path.suffix in (".py", ".ipynb") and path.parent.name != "checks"
        )
        assert "example.org" not in before
        assert f"{link}{name}.html)" in after.read_text()


def test_an_address_of_a_site_that_is_none_is_refused(course):
    course_file = course.folder / "course.toml"
    course_file.write_text(f'site = "example.org"\n{course_file.read_text()}')
    again = course.folder.parent / "again"
    shutil.copytree(course.folder, again)
    with pytest.raises(UserError, match="site"):
        read_course(again)


def test_the_list_of_units_is_changed_and_nothing_else():
    """Only the list of units in course.toml changes, whatever its layout."""
    for units in ('["a", "b"]', "[\n  'a', # one\n  \"b\",\n]"):
        text = f"x = 1\nunits = {units}\ny = [2]\n"
        assert with_units(text, ["b"]) == 'x = 1\nunits = ["b"]\ny = [2]\n'


# ---- no answer


@pytest.mark.parametrize("form", ALL_FORMS)
@pytest.mark.parametrize("file", ["checks/helpers.py", "datasets/line/README.md"])
def test_no_form_is_written_that_holds_a_line_of_a_solution(form, file, course, tmp_path):
    """A release that would hold a line of a solution is refused, with the file and the line."""
    path = course.folder / file
    path.write_text(f"{path.read_text()}\n# {an_answer()}\n")
    with pytest.raises(GivesAnswers) as refused:
        ALL_FORMS[form](course, tmp_path / "out")
    assert f"{file}: {an_answer()}" in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_line_of_a_solution_in_the_text_of_a_unit_is_an_answer(course, tmp_path):
    """The text of a unit may not show a line of a solution, though its stub has it then."""
    solution = course.solution(UNIT)
    text = solution.read_text()
    solution.write_text(
        text.replace("# %% [markdown]\n", f"# %% [markdown]\n# `{an_answer()}`\n", 1)
    )
    build(course)
    with pytest.raises(GivesAnswers, match="Take them out") as refused:
        release(course, tmp_path / "out")
    assert f"assignments/{UNIT}.py: {an_answer()}" in str(refused.value)


def test_a_line_that_computes_nothing_or_is_given_is_no_answer():
    """Some lines are no answers: an import, a loop head, one call with names, given code."""
    solution = read_solution(
        """
shown = first * 2 + second
def f(seed):
    ### BEGIN SOLUTION
    import numpy as np
    rng = np.random.default_rng(seed)
    fig, ax = plt.subplots(figsize=(3, 4))
    for i in range(len(first)):
        shown = first * 2 + second
        if first[i] > second[i]:
            return results
    largest = np.concatenate(
        [first, second],
        axis=-1, keepdims=True,
    )
    return first - second.mean()
    # mistake: return first + second.mean()
    #   the mean was added.
    ### END SOLUTION
"""
    )
    assert secret_lines([solution]) == {
        "return first - second.mean()",
        "return first + second.mean()",
    }


@pytest.mark.parametrize(
    ("text", "is_leak"),
    [
        ("    return first - second  # so", True),
        ("It is `return first - second`.", True),
        ('"    return first - second\\n",', True),
        ("return first - second.mean()", False),
        ("return first - second * 2", False),
        ("return first - second if x else y", False),
    ],
)
def test_a_line_is_found_whole(text, is_leak, tmp_path):
    """An answer is found as a whole statement in code, pages and notebooks, not as a part."""
    solution = read_solution("### BEGIN SOLUTION\nreturn first - second\n### END SOLUTION\n")
    (tmp_path / "notes.txt").write_text(text)
    assert bool(leaks(tmp_path, [solution])) == is_leak


# ---- no stub that earns

EXPERIMENTS = '''
    import numpy as np

    from autograder.check import check, named


    @check(points=1)
    def doubling(net, seed):
        """`double` gives twice a row"""
        return named("doubled", net.double(np.random.default_rng(seed).normal(size=5)))


    @check(points=2)
    def halving(net, seed):
        """`halve` gives half a row"""
        return named("halved", net.halve(np.random.default_rng(seed).normal(size=5)))
'''
SOLUTION = """
    def double(x):
        ### BEGIN SOLUTION
        return 2 * x
        ### END SOLUTION


    def halve(x):
        ### BEGIN SOLUTION
        return x / 2
        ### END SOLUTION
"""


def test_a_stub_that_earns_points_is_neither_built_nor_released(tmp_path):
    """A stub that earns points is neither built nor released.

    A function without markers, for example, would be given away whole, though no marker is
    mistyped.
    """
    unit = small.write_course(tmp_path / "course", "halves", EXPERIMENTS, SOLUTION)
    small.with_calls(unit)
    build(unit.course)
    script = unit.course.solution("halves")
    text = script.read_text()
    half = "    ### BEGIN SOLUTION\n    return x / 2\n    ### END SOLUTION\n"
    assert half in text
    script.write_text(text.replace(half, "    return x / 2\n"))
    with pytest.raises(GivesAnswers, match="halving: 2 of 2 points"):
        build(unit.course)
    stub = unit.course.stub("halves")
    assert "x / 2" not in stub.read_text()
    stub.write_text(solution_of(unit).stub)
    with pytest.raises(GivesAnswers, match="halving: 2 of 2 points"):
        release(unit.course, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_release_holds_a_secret_dataset(course, tmp_path):
    """A whole course hands out each dataset but these, and `build` says nothing of them."""
    for name, more in (("open", ""), ("hidden", "secret = true")):
        folder = course.folder / "datasets" / name
        folder.mkdir(parents=True)
        text = f'title = "T"\nfile = "{name}.txt"\nsha256 = "{"0" * 64}"\n{more}\n'
        (folder / "manifest.toml").write_text(text)
        (folder / f"{name}.txt").write_text(name)
    release(course, tmp_path / "all")
    found = files_of(tmp_path / "all")
    assert "datasets/open/manifest.toml" in found
    assert not [path for path in found if "hidden" in path]
    gradescope(course, tmp_path / "grader")  # which grades
    assert "datasets/hidden/hidden.txt" in files_of(tmp_path / "grader")
    assert [line for line in unused_datasets(course) if "open" in line]
    assert not [line for line in unused_datasets(course) if "hidden" in line]
