# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages a tier adds to those that are there, as pip works it out without installing anything. No bpy here.

A folder of its own (``pip --target``) gets all that packages ask for, also what the environment has already: for a
tier on top of PyTorch that would be PyTorch once more. So pip is asked first, and what it names is all that is put
into the folder. The report is pip's own ("pip install --report", version 1).
"""

from __future__ import annotations

import json
from pathlib import Path

from ...inference.errors import Action, ErrorCode, TalkingHeadError


def added_packages(report: Path) -> list[str]:
    """The packages that a report says would be installed, pinned, such as "diffusers==0.42.1"; sorted.

    Raises:
        TalkingHeadError: ENVIRONMENT_BROKEN for what is no report.
    """
    try:
        content = json.loads(report.read_text(encoding="utf-8"))
        metadata = [item["metadata"] for item in content["install"]]
        return sorted(f"{package['name']}=={package['version']}" for package in metadata)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TalkingHeadError(
            ErrorCode.ENVIRONMENT_BROKEN,
            "The environment's pip does not say which packages are needed.",
            "Repair the worker, then try again.",
            Action.REPAIR_WORKER,
            str(error),
        ) from error
