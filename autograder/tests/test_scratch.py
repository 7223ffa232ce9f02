"""Temporary folders are removed with their owner."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import small

from autograder.sandbox import scratch as scratches
from autograder.sandbox.scratch import Scratch


def test_a_folder_is_gone_when_it_is_closed():
    """Closing a folder removes it and its content; a second closing does nothing."""
    scratch = Scratch()
    Path(scratch.path, "file").write_text("")
    scratch.close()
    assert not Path(scratch.path).exists()
    scratch.close()


def test_folders_of_killed_runs_are_swept(tmp_path, monkeypatch):
    """Folders of killed processes are removed.

    Those of a living process, of another name, and a link's target stay.
    """
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "autograder-notes").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "autograder-scratch-link").symlink_to(tmp_path / "elsewhere")
    code = (
        "from autograder.sandbox.scratch import Scratch; s = Scratch(); print(s.path, "
        "flush=True); input()"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=small.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    theirs = Path(owner.stdout.readline().strip())
    (theirs / "file").write_text("")
    with Scratch() as own:
        assert theirs.is_dir()
        owner.kill()
        owner.communicate()
        with Scratch() as other:
            assert own.is_dir()
            assert other.is_dir()
            assert not theirs.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "autograder-notes",
        "autograder-scratch-link",
        "elsewhere",
    ]


def test_a_folder_of_a_system_without_locks_is_not_swept(tmp_path, monkeypatch):
    """Nothing shows whether its owner lives, so the next owner leaves it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with monkeypatch.context() as on_windows:
        on_windows.setattr(scratches, "HAS_LOCKS", False)
        unlocked = Scratch()
    with Scratch():
        assert Path(unlocked.path).is_dir()
    unlocked.close()
    assert list(tmp_path.iterdir()) == []
