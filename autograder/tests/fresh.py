"""Makes a new environment, as students and services make one.

The engine is installed from its wheel.
"""

import os
import subprocess
import sys
from pathlib import Path

# pip takes the wheel that it is given and nothing from an index: what the engine needs is ready
OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_NO_DEPS": "1",
    "PIP_IGNORE_INSTALLED": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


def ready_packages() -> str:
    """Return lines for a `.pth` file: the folders of packages that this Python has.

    The engine's own checkout is left out.
    """
    folders = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    return "\n".join([*folders, ""])


def new_environment(folder: Path) -> Path:
    """Make an environment that sees the ready packages; its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "ready.pth").write_text(ready_packages())
    return folder / "bin" / "python"


def environment(python: Path, **more: str) -> dict[str, str]:
    """Variables under which a new environment is the active one, and pip is offline."""
    named = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return named | OFFLINE | {"PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"} | more
