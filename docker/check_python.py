"""Say in one line what is wrong when the interpreter is too old or has no venv; runs on any Python 3."""

import sys

if not (3, 11) <= sys.version_info[:2] < (3, 13):
    sys.exit(
        "python: expected Python 3.11 or 3.12, found %d.%d at %s; name another with `make PYTHON=python3.11 ...`"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )
try:
    import ensurepip  # noqa: F401
    import venv  # noqa: F401
except ImportError:
    sys.exit("python: expected the modules venv and ensurepip, found none; install python3-venv and try again")
