"""`python -m adapters.terminal`."""

import sys

from adapters.terminal.cli import main

if __name__ == "__main__":
    sys.exit(main())
