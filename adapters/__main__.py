"""`python -m adapters`: policies and places."""

import sys

from adapters.cli import main

sys.exit(main())
