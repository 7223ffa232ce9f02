import sys

sys.exit(0)
raise SystemExit
