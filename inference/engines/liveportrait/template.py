# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait's motion templates (.pkl): motion of a driving clip that was found earlier.

They are read without running anything in them. Written ones are plain arrays in the same form, so that LivePortrait
reads them too.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ...errors import TalkingHeadError
from ...performance import parse_rate
from ...workflow.pickled_arrays import plain
from ...workflow.pickled_numbers import numbers, read_template, stack
from ...workflow.restricted_pickle import refused
from .keypoints import POINTS, Motion
from .ratios import Ratios
from .rotations import angles_deg

_EYES, _LIPS = ("c_eyes_lst", "c_d_eyes_lst"), ("c_lip_lst", "c_d_lip_lst")
_PROTOCOL = 4
# 32 bit floats keep a rotation to about 1e-7; what is further off than this is none.
_ROTATION_ERROR = 1e-3
# Rates such as 30000/1001 are stored as floats; this finds them again.
_RATE_DENOMINATOR = 1001


@dataclass(frozen=True, eq=False)
class MotionTemplate:
    """Motion of a clip.

    Attributes:
        motions: of each frame. The face's own points are zeros where the file has none: driving does not need them.
        rate: frames a second; None where the file does not tell.
        openness: of eyes and lips in each frame; None where the file does not tell, as those of animals.
    """

    motions: Sequence[Motion]
    rate: Fraction | None
    openness: Ratios | None


def template_of(content: bytes) -> MotionTemplate:
    """Read a template, with today's or the older names of its parts.

    Raises:
        TalkingHeadError: INVALID_REQUEST: it is damaged, holds no motion, or wants to run something.
    """
    try:
        data, frames = read_template(content)
        motions = _motions(frames)
        openness = _openness(data, len(frames))
    except ValueError as error:
        raise refused(f"it holds no motion ({error})") from error
    return MotionTemplate(motions, _rate(data.get("output_fps")), openness)


def template_content(template: MotionTemplate) -> bytes:
    """A template as a file; numbers are stored as 32 bit floats, as LivePortrait does."""
    data: dict[str, object] = {"n_frames": len(template.motions), "motion": [_frame(m) for m in template.motions]}
    if template.rate is not None:
        whole = template.rate.denominator == 1
        data["output_fps"] = int(template.rate) if whole else float(template.rate)
    if template.openness is not None:
        data[_EYES[0]] = [row[None].astype(np.float32) for row in template.openness.eyes]
        data[_LIPS[0]] = [np.array([[value]], np.float32) for value in template.openness.lips]
    return pickle.dumps(data, protocol=_PROTOCOL)


def _motions(frames: Sequence[Mapping[str, object]]) -> list[Motion]:
    rotation = stack(frames, ("R", "R_d"), (3, 3))
    if np.abs(rotation @ np.swapaxes(rotation, 1, 2) - np.eye(3)).max() > _ROTATION_ERROR:
        raise ValueError("a rotation is none")
    exp, t, scale = (
        stack(frames, (name,), shape) for name, shape in (("exp", (POINTS, 3)), ("t", (3,)), ("scale", ()))
    )  # fmt: skip
    if scale.min() <= 0:
        raise ValueError("a scale is not positive")
    kp = stack(frames, ("kp",), (POINTS, 3)) if "kp" in frames[0] else np.zeros_like(exp)
    rows = zip(angles_deg(rotation).tolist(), t, exp, scale.tolist(), kp, strict=True)
    return [Motion(*angles, *rest) for angles, *rest in rows]


def _openness(data: Mapping[object, object], count: int) -> Ratios | None:
    eyes, lips = (_rows(data, names, count, size) for names, size in ((_EYES, 2), (_LIPS, 1)))
    return None if eyes is None or lips is None else Ratios(eyes, lips[:, 0])


def _rows(data: Mapping[object, object], names: Sequence[str], count: int, size: int) -> np.ndarray | None:
    """(n, size), or None where the file has no such list; LivePortrait leaves it empty where it knows nothing."""
    rows = next((data[name] for name in names if name in data), None)
    if rows is None or rows == []:
        return None
    if not isinstance(rows, list) or len(rows) != count:
        raise ValueError(f"{names[0]} does not have {count} rows")
    return np.stack([numbers(plain(row), (size,)) for row in rows])


def _rate(value: object) -> Fraction | None:
    try:
        number = numbers(plain(value), ()).item()
        return parse_rate(Fraction(number).limit_denominator(_RATE_DENOMINATOR))
    except (TalkingHeadError, ValueError):
        return None


def _frame(motion: Motion) -> dict[str, np.ndarray]:
    values = {
        "scale": np.array([motion.scale]),
        "R": motion.rotation(),
        "exp": motion.exp,
        "t": motion.t,
        "kp": motion.kp,
        "x_s": motion.points(),
    }
    return {name: np.asarray(value, np.float32)[None] for name, value in values.items()}
