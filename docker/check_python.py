"""Say in one line what is wrong when the interpreter is too old or has no venv; runs on any Python 3."""

import sys

# Before 3.11.5 possessive groups match wrongly (gh-106052), and signals would have wrong values without an error.
if not (3, 11, 5) <= sys.version_info[:3] < (3, 13):
    sys.exit(
        "python: expected Python 3.11.5 or later, or 3.12, found %d.%d.%d at %s; name another with "
        "`make PYTHON=python3.12 ...`" % (*sys.version_info[:3], sys.executable)
    )
try:
    import ensurepip  # noqa: F401
    import venv  # noqa: F401
except ImportError:
    sys.exit("python: expected the modules venv and ensurepip, found none; install python3-venv and try again")
