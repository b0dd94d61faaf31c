"""`python -m treem` is the command `treem`."""

import sys

from treem.cli import main

if __name__ == "__main__":
    sys.exit(main())
