# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m inference workflow``: prints what would be made of a file, as JSON and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from .files import read_plan


def run(path: Path) -> int:
    """Print the plan of a file; exit code 0."""
    print(json.dumps(read_plan(path).to_dict(), indent=2, ensure_ascii=True, allow_nan=False))
    return 0
