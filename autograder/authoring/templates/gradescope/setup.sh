#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image.
set -eu
cd /autograder/source
apt-get update -qq
apt-get install -y -qq python3 python3-venv
python3 -m venv .venv
.venv/bin/python -m pip install --quiet ./{{ wheel }}{{ " " ~ packages if packages }}
.venv/bin/python -m autograder data
