# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions of AdvancedLivePortrait (.exp) and motion templates of LivePortrait (.pkl) as plans."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from ..controls import BY_NAME, POSE_NAMES
from ..errors import TalkingHeadError
from ..performance import parse_rate
from . import expression_editor, keypoints
from .pickled_arrays import plain
from .pickled_numbers import numbers, read_pickle, read_template, stack
from .plan import CONSTANT, LINEAR, Key, NotUnderstood, Plan
from .reading import shown
from .restricted_pickle import Record, refused

EXPRESSION = "ExpressionSet"
TEMPLATE = "motion template"
_DEFAULT_RATE = Fraction(25)
# A control that moves less than this throughout is left at rest.
_STILL = 1e-4
# Coordinates span -1 to 1 over a crop that is so many times as wide as the face (LivePortrait's driving crop).
_CROP_SCALE = 2.2
_EYES, _LIPS = ("c_eyes_lst", "c_d_eyes_lst"), ("c_lip_lst", "c_d_lip_lst")
# An eye whose lids are so far apart, in widths of the eye, counts as open in the first frame.
_OPEN_EYE = 0.1
# Eyes that differ by less than this part of their openness do not wink.
_NO_WINK = 0.15


def expression_plan(content: bytes) -> Plan:
    """The pose of an .exp file, as keys at frame 1.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    record = read_pickle(content, frozenset((EXPRESSION,)))
    if not isinstance(record, Record):
        raise refused("it holds no expression")
    try:
        state = {name: plain(value) for name, value in record.state.items()}
        offsets = numbers(state.get("e"), (keypoints.POINTS, 3))
        angles = numbers(state.get("r"), (3,))
        scale, shift = float(numbers(state.get("s", 0.0), ())), numbers(state.get("t", np.zeros(3)), None)
    except ValueError as error:
        raise refused(f"it holds no expression ({error})") from error
    fitted = keypoints.fit(offsets[None])
    sliders = dict(zip(keypoints.NAMES, fitted.sliders[0].tolist(), strict=True))
    sliders |= keypoints.rotation_sliders(angles, sliders)
    pose, losses = expression_editor.to_rig({name: _tidy(value) for name, value in sliders.items()})
    problems = [
        NotUnderstood(
            "", EXPRESSION, f"{loss.slider} = {loss.slider_value:g}",
            f"{loss.control} would have to be {loss.wanted:g} and stops at {loss.given:g}",
        )
        for loss in losses
    ]  # fmt: skip
    if scale:
        pose["head_scale"] = min(max(1 + scale, BY_NAME["head_scale"].minimum), BY_NAME["head_scale"].maximum)
    if np.any(shift):
        problems.append(NotUnderstood("", EXPRESSION, "t", "ComfyUI's node does not use it either"))
    problems += _rest(EXPRESSION, offsets[None], fitted.rest)
    keys = tuple(Key(name, 1, pose[name], CONSTANT) for name in POSE_NAMES if name in pose)
    return Plan(frames=1, keys=keys, not_understood=tuple(problems))


def template_plan(content: bytes) -> Plan:
    """The motion of a .pkl template relative to its first frame, as keys at every frame.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    try:
        data, frames = read_template(content)
        turns = stack(frames, ("R", "R_d"), (3, 3))
        scales, shifts = stack(frames, ("scale",), ()), stack(frames, ("t",), (3,))
        offsets = stack(frames, ("exp",), (keypoints.POINTS, 3))
        if scales[0] <= 0:
            raise ValueError("the scale of the first frame is not positive")
    except ValueError as error:
        raise refused(f"it holds no motion ({error})") from error
    relative = offsets - offsets[0]
    fitted, openness = keypoints.fit(relative), None
    if np.abs(fitted.rest).max() > keypoints.EXACT:
        openness = _openness(data, len(frames))
    if openness is not None:
        fitted = keypoints.fit(_without_lids(relative, openness), still=("blink", "wink"))
    poses = _head(turns, scales, shifts) | _face(fitted.sliders) | _lids(openness)
    problems = _template_problems(data, openness is not None)
    problems += _clipped(poses) + _rest(TEMPLATE, relative, fitted.rest)
    rate = _rate(data, problems)
    return Plan(rate, len(frames), (), {}, tuple(_keys(poses)), tuple(problems), (_TEMPLATE_NOTE,))


_TEMPLATE_NOTE = (
    "The motion is relative to the template's first frame. Its positions are taken as if the face filled "
    f"1/{_CROP_SCALE:g} of the clip's crop."
)


def head_angles(turn: np.ndarray) -> np.ndarray:
    """(n, 3) pitch, yaw and roll in degrees, in LivePortrait's signs, of rotations (n, 3, 3) that act on row vectors.

    LivePortrait stores R = (Rz(roll) Ry(yaw) Rx(pitch)) transposed.
    """
    column = np.swapaxes(turn, 1, 2)
    pitch = np.arctan2(column[:, 2, 1], column[:, 2, 2])
    yaw = np.arcsin(np.clip(-column[:, 2, 0], -1, 1))
    roll = np.arctan2(column[:, 1, 0], column[:, 0, 0])
    return np.degrees(np.stack([pitch, yaw, roll], axis=1))


def _head(turns: np.ndarray, scales: np.ndarray, shifts: np.ndarray) -> dict[str, np.ndarray]:
    """Head controls relative to the first frame: LivePortrait's R_i R_0', s_i / s_0 and t_i - t_0."""
    angles = head_angles(turns @ turns[0].T)
    shift = (shifts - shifts[0]) * (_CROP_SCALE / 2)
    return {
        "head_pitch": -angles[:, 0],
        "head_yaw": -angles[:, 1],
        "head_roll": angles[:, 2],
        "head_x": shift[:, 0],
        "head_y": -shift[:, 1],
        "head_scale": scales / scales[0],
    }


def _openness(data: Mapping[object, object], count: int) -> np.ndarray | None:
    """(n, 2) how open the subject's right and left eye are, against the first frame; None if the file does not tell.

    LivePortrait measures both lids' distance over the eye's width, of the eye at the image's left first.
    """
    rows = next((data[name] for name in _EYES if name in data), None)
    if not isinstance(rows, list) or len(rows) != count:
        return None
    try:
        ratios = np.stack([numbers(plain(row), (2,)) for row in rows])
    except ValueError:
        return None
    return ratios / ratios[0] if ratios[0].min() >= _OPEN_EYE else None


def _without_lids(offsets: np.ndarray, openness: np.ndarray) -> np.ndarray:
    """(n, 21, 3) offsets without what goes along with the lids: it would be taken for a glance up or down."""
    result = offsets.copy()
    for eye, points in enumerate(((11, 13), (15, 16))):
        closure = 1 - openness[:, eye]
        for point in points:
            heights = result[:, point, 1]
            heights -= heights @ closure / max(float(closure @ closure), 1e-9) * closure
    return result


def _lids(openness: np.ndarray | None) -> dict[str, np.ndarray]:
    """(n,) of the controls of the lids: both as open as the wider eye, and the other one winks."""
    if openness is None:
        return {}
    wider = openness.max(axis=1)
    closed = 1 - openness / np.maximum(wider, 1e-6)[:, None]
    # The two measures always differ a little, which is no wink.
    winks = np.maximum(closed - _NO_WINK, 0) / (1 - _NO_WINK)
    # Between closed eyes no wink shows.
    winks *= np.minimum(wider / _NO_WINK, 1)[:, None]
    return {"eye_open": np.minimum(wider, BY_NAME["eye_open"].maximum), "wink_r": winks[:, 0], "wink_l": winks[:, 1]}


def _face(sliders: np.ndarray) -> dict[str, np.ndarray]:
    """(n,) of each control that the sliders, (n, len(keypoints.NAMES)), move; not clipped where the rig ends."""
    rows = [expression_editor.to_rig(dict(zip(keypoints.NAMES, row, strict=True)))[0] for row in sliders.tolist()]
    moved = sorted({name for row in rows for name in row})
    return {name: np.array([row.get(name, BY_NAME[name].rest) for row in rows]) for name in moved}


def _clipped(poses: dict[str, np.ndarray]) -> list[NotUnderstood]:
    """Clip to the rig's limits, in place, and list what was cut off."""
    problems: list[NotUnderstood] = []
    for name, values in poses.items():
        control = BY_NAME[name]
        clipped = np.clip(values, control.minimum, control.maximum)
        beyond = np.abs(values - clipped)
        if np.any(beyond > _STILL):
            worst = float(values[int(beyond.argmax())])
            count = int(np.count_nonzero(beyond > _STILL))
            text = f"{count} frames go beyond its range, up to {worst:.4g}, and stop at its end"
            problems.append(NotUnderstood("", TEMPLATE, name, text))
        poses[name] = clipped
    return problems


def _keys(poses: Mapping[str, np.ndarray]) -> list[Key]:
    keys: list[Key] = []
    for name in POSE_NAMES:
        values = poses.get(name)
        if values is not None and np.abs(values - BY_NAME[name].rest).max() > _STILL:
            keys += [Key(name, frame, value, LINEAR) for frame, value in enumerate(values.tolist(), 1)]
    return keys


def _rest(kind: str, wanted: np.ndarray, rest: np.ndarray) -> list[NotUnderstood]:
    """What of the key points' motion no slider makes, if it is more than rounding."""
    if np.abs(rest).max(initial=0.0) <= keypoints.EXACT:
        return []
    size = np.sqrt(np.square(rest).sum(axis=(0, 2)))
    largest = [str(point) for point in np.argsort(-size)[:3].tolist() if size[point] > 0]
    share = np.sqrt(np.square(rest).sum() / np.square(wanted).sum())
    return [
        NotUnderstood(
            "", kind, f"{share:.0%} of the motion of the key points",
            "no combination of the ExpressionEditor's sliders makes it; the sliders come as near as they can "
            f"(most of the rest is at the key points {', '.join(largest)})",
        )
    ]  # fmt: skip


def _template_problems(data: Mapping[object, object], eyes_used: bool) -> list[NotUnderstood]:
    unused = [name for name in (*(() if eyes_used else _EYES), *_LIPS) if name in data]
    reason = "the key points tell it" if not eyes_used else "the lips are read from the key points"
    problems = [NotUnderstood("", TEMPLATE, ", ".join(unused), reason)] if unused else []
    known = {"n_frames", "output_fps", "motion", *_EYES, *_LIPS}
    unknown = [shown(name) for name in data if name not in known]
    return problems + [NotUnderstood("", TEMPLATE, name, "it is not known") for name in unknown]


def _rate(data: Mapping[object, object], problems: list[NotUnderstood]) -> Fraction:
    value = data.get("output_fps")
    try:
        return parse_rate(numbers(plain(value), ()).item() if value is not None else None)
    except (TalkingHeadError, ValueError):
        what = f"output_fps = {shown(value)}"
        problems.append(NotUnderstood("", TEMPLATE, what, f"it is no frame rate; {_DEFAULT_RATE} is taken"))
        return _DEFAULT_RATE


def _tidy(value: float) -> float:
    """A slider's value without the last digits, which 32 bit floats leave uncertain."""
    return round(value, 4) + 0.0
