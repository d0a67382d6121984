# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m inference``: the worker, and the command line for people and farms."""

import os
import sys

# OpenCV would write its own remarks on a damaged file before the sentence that says what is wrong. Read at its import.
os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")

from .cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
