# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What neural engines compute on, asked of PyTorch when somebody wants to know: importing it takes seconds."""

from __future__ import annotations

import importlib.util


def devices() -> dict[str, object]:
    """Fields of the answer: ``torch``, ``kind``, ``name``, ``cuda``, ``memory_mb`` as in docs/worker_protocol.md.

    Raises:
        TalkingHeadError: INVALID_REQUEST or UNSUPPORTED_INPUT when the device that was chosen cannot be used.
    """
    if importlib.util.find_spec("torch") is None:
        return {"torch": "", "kind": "cpu", "name": "CPU", "cuda": "", "memory_mb": 0}
    from ..engines.neural.device_report import report

    return report()
