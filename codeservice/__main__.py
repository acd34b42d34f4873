"""`python -m codeservice`."""

import sys

from codeservice.cli import main

sys.exit(main())
