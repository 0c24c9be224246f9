"""``python -m steadygan`` is the command ``steadygan``."""

import sys

from steadygan.cli import main

sys.exit(main())
