# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node ``AdvancedLivePortrait``: expressions by command text, with a driving clip, as the reference computes it.

Animating in this add-on is done by keys (``inference.workflow.motion_command`` makes them of the same text); this is
what recorded numbers are compared with.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...workflow.motion_command import Step
from .expression_editor import Expression, placed
from .keypoints import Motion

# Rows of the first driving picture's expression that the node adds to the source's.
_EYE_ROWS, _MOUTH_ROWS = [11, 13, 15, 16], [14, 17, 19, 20]


def frame_count(steps: Sequence[Step], driving: int, sources: int, without_driving: bool) -> int:
    """How many frames the node makes.

    Args:
        driving, sources: how many pictures there are.
        without_driving: the node's ``animate_without_vid``: go on for as long as the commands.
    """
    commanded = sum(step.change + step.keep for step in steps)
    return max(driving, sources, commanded if without_driving else 0)


def commanded(steps: Sequence[Step], expressions: Sequence[Expression], count: int) -> list[Expression]:
    """The expression of each of ``count`` frames: even fades, holds, and the last one to the end.

    Args:
        expressions: of the chain of editors; index 0 of a command means none.
    """
    known = [Expression(), *expressions]
    frames: list[Expression] = []
    reached = known[0]
    for step in steps:
        target = known[step.index]
        frames += [reached.mixed(target, k / step.change) for k in range(1, step.change)]
        frames += [target] * (1 + step.keep)
        reached = target
    return (frames + [reached] * count)[:count]


def key_points(
    source: Motion,
    expressions: Sequence[Expression],
    driving: Sequence[Motion] = (),
    retargeting_eyes: float = 0.0,
    retargeting_mouth: float = 0.0,
) -> np.ndarray:
    """(n, 21, 3) key points of a single source picture in n frames, before stitching.

    The source follows what has changed since the first driving picture, for as long as there are any. From the second
    frame on the first driving picture's eyes and mouth are added to its expression too: the node does that a frame
    late.

    Args:
        expressions: of each frame.
        retargeting_eyes, retargeting_mouth: 0 to 1, how much of them.
    """
    retargeted = np.array(source.exp, np.float64)
    if driving:
        retargeted[_EYE_ROWS] += retargeting_eyes * driving[0].exp[_EYE_ROWS]
        retargeted[_MOUTH_ROWS] += retargeting_mouth * driving[0].exp[_MOUTH_ROWS]
    points = []
    for frame, expression in enumerate(expressions):
        base = retargeted if frame > 0 else source.exp
        actor = driving[frame] if frame < len(driving) else None
        points.append(_frame(source, base, expression, actor, driving))
    return np.stack(points)


def _frame(
    source: Motion, base: np.ndarray, expression: Expression, actor: Motion | None, driving: Sequence[Motion]
) -> np.ndarray:
    """(21, 3) key points of one frame; the actor's size does not count."""
    exp, angles, t = base + expression.exp, expression.angles_deg, source.t + expression.shift
    if actor is not None:
        first = driving[0]
        exp = exp + (actor.exp - first.exp)
        angles = angles + (_angles(actor) - _angles(first))
        t = t + (actor.t - first.t)
    return placed(source, exp, angles, source.scale + expression.growth, t)


def _angles(motion: Motion) -> np.ndarray:
    return np.array([motion.pitch, motion.yaw, motion.roll])
