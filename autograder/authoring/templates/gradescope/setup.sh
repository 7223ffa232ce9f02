#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image.
set -eu
cd /autograder/source
apt-get update -qq
apt-get install -y -qq python3 python3-venv

new_enough() {
    command -v "$1" >/dev/null && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'
}

# an image that is some years old has an older Python: then a newer one of the system's, else one that uv fetches
python=
for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if new_enough $name; then python=$name; break; fi
done
if [ -z "$python" ]; then
    python3 -m venv /autograder/uv
    /autograder/uv/bin/python -m pip install --quiet uv
    /autograder/uv/bin/uv python install --quiet 3.12
    python=$(/autograder/uv/bin/uv python find 3.12)
fi
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet ./{{ wheel }}{{ " " ~ packages if packages }}
.venv/bin/python -m autograder data
