"""Makes a new environment, as students and services make one.

The engine is installed from its wheel.
"""

import os
import subprocess
import sys
from pathlib import Path

# pip installs only the given wheel and uses no index: the engine's dependencies are already here
OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_NO_DEPS": "1",
    "PIP_IGNORE_INSTALLED": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


def ready_packages() -> str:
    """Have a command run; return its exit status."""
    folders = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    return "\n".join([*folders, ""])


def new_environment(folder: Path) -> Path:
    """Make an environment that sees the ready packages; return the path of its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "ready.pth").write_text(ready_packages())
    return folder / "bin" / "python"


def environment(python: Path, **more: str) -> dict[str, str]:
    """Return variables that make a new environment the active one and keep pip offline."""
    named = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return named | OFFLINE | {"PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"} | more
