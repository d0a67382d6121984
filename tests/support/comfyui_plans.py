# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of the tests' own ComfyUI workflows, and the keys that the common one gives."""

from __future__ import annotations

from comfyui_files import Workflow

from inference.workflow.comfyui import graph_of
from inference.workflow.convert import plan_of
from inference.workflow.plan import Key, Plan

TWO_LINES = "1 = 1:10\n2 = 11:32"
FIRST, SECOND = {"rotate_yaw": 20, "aaa": 60}, {"rotate_pitch": 10, "blink": -20}
_FRAMES = (0, 1, 11, 22, 54)


def _curve(control: str, *values: float) -> list[Key]:
    return [Key(control, frame, value, "LINEAR") for frame, value in zip(_FRAMES, values, strict=True)]


EXPECTED = [
    *_curve("head_pitch", 0, 0, 0, -10, -10),
    *_curve("head_yaw", 0, 20, 20, 0, 0),
    *_curve("eye_open", 1, 1, 1, 0, 0),
    *_curve("jaw_open", 0, 0.5, 0.5, 0, 0),
]


def plan(workflow: Workflow | dict) -> Plan:
    """The plan of a workflow or of a file's content."""
    return plan_of(graph_of(workflow if isinstance(workflow, dict) else workflow.data()))


def listed(result: Plan) -> str:
    """What was not understood, one a line."""
    return "\n".join(str(item) for item in result.not_understood)
