"""Any command of `refinelake`, as a file for a cluster's spark-submit: `spark-submit ... jobs/submit.py run ...`."""

import sys

if __name__ == "__main__":
    # Python looks beside this file first, where `code` would stand for the standard library's module.
    del sys.path[0]
    from jobs.cli import main

    main()
