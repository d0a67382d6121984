# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's log: standard error, which the host points at a file."""

from __future__ import annotations

import logging
import sys


def start(level: int = logging.INFO) -> None:
    """Log with time and level to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # PyAV passes FFmpeg's chatter on; only what goes wrong is of use.
    logging.getLogger("libav").setLevel(logging.ERROR)
