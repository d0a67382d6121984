# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sliders of AdvancedLivePortrait's ``ExpressionEditor`` and the rig: one exact, piecewise linear map, both ways.

Each slider moves one control, or one on either side of zero, in proportion; none of the node's own couplings (``aaa``
lowers the pitch, ``wink`` turns the head, ``pupil_y`` moves the lids) is in here: they belong to LivePortrait.

Signs. LivePortrait's axes are x right, y down, z into the picture; a point turns by Rz(roll) Ry(yaw) Rx(pitch). The tip
of the nose is at (0, 0, -1), towards the viewer. Rx moves it to y = +sin(pitch): a positive pitch looks down, so
``head_pitch`` (up) is its negative. Ry moves it to x = -sin(yaw), to the image's left; the node negates its yaw
slider, so a positive slider looks to the image's right, as ``head_yaw`` does. Rz takes (1, 0) to (cos, sin), which with
y down is clockwise, as ``head_roll`` is. The editor's users describe it the same way: a negative pitch raises the head,
a negative yaw and roll go left, ``pupil_x`` +15 looks right and ``pupil_y`` +15 up as the viewer sees it.

``wink`` closes the eye of the key points 11 and 13, which is the subject's right one (image's left); the way the node
leans the head then, counter-clockwise in the image, towards the closing eye, agrees with it.

``aaa`` below zero presses the lips together, so it becomes ``mouth_close``, and its end, -30, is the whole of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..controls import BY_NAME


@dataclass(frozen=True)
class Side:
    """One side of zero of a slider: at ``slider`` the control stands at ``value``, and in proportion before that."""

    control: str
    slider: float
    value: float

    def to_rig(self, slider: float) -> float:
        """The control's value for a slider's."""
        rest = BY_NAME[self.control].rest
        return rest + slider * (self.value - rest) / self.slider + 0.0

    def to_slider(self, value: float) -> float:
        """The slider's value for a control's."""
        rest = BY_NAME[self.control].rest
        return (value - rest) * self.slider / (self.value - rest) + 0.0


@dataclass(frozen=True)
class Slider:
    """One slider of the node: the range its user interface offers, and what either side of zero moves."""

    name: str
    minimum: float
    maximum: float
    above: Side
    below: Side

    def side(self, value: float) -> Side:
        """The side that a slider's value lies on."""
        return self.below if value < 0 else self.above


@dataclass(frozen=True)
class Loss:
    """What of a slider the rig cannot hold: the control would have to stand at ``wanted`` and stands at ``given``."""

    slider: str
    slider_value: float
    control: str
    wanted: float
    given: float


def _even(name: str, low: float, high: float, control: str, slider: float, value: float) -> Slider:
    side = Side(control, slider, value)
    return Slider(name, low, high, side, side)


SLIDERS: tuple[Slider, ...] = (
    _even("rotate_pitch", -20, 20, "head_pitch", 1, -1),
    _even("rotate_yaw", -20, 20, "head_yaw", 1, 1),
    _even("rotate_roll", -20, 20, "head_roll", 1, 1),
    Slider("blink", -20, 5, Side("eye_open", 5, 1.5), Side("eye_open", -20, 0)),
    Slider("eyebrow", -10, 15, Side("brow", 15, 1), Side("brow", -10, -1)),
    _even("wink", 0, 25, "wink_r", 25, 1),
    _even("pupil_x", -15, 15, "gaze_x", 15, 1),
    _even("pupil_y", -15, 15, "gaze_y", 15, 1),
    Slider("aaa", -30, 120, Side("jaw_open", 120, 1), Side("mouth_close", -30, 1)),
    _even("eee", -20, 15, "mouth_wide", 15, 1),
    _even("woo", -20, 15, "mouth_pucker", 15, 1),
    _even("smile", -0.3, 1.3, "mouth_smile", 1, 1),
)
BY_SLIDER: Mapping[str, Slider] = {slider.name: slider for slider in SLIDERS}
NAMES: tuple[str, ...] = tuple(slider.name for slider in SLIDERS)
# What the editor can move, in the order of the sliders.
CONTROLS: tuple[str, ...] = tuple(
    dict.fromkeys(side.control for slider in SLIDERS for side in (slider.above, slider.below))
)


def to_rig(sliders: Mapping[str, float]) -> tuple[dict[str, float], list[Loss]]:
    """Rig values of slider values.

    Args:
        sliders: by name, in the node's units; what is missing is 0.

    Returns:
        The controls that do not rest, and what was cut off because the rig has no room for it. Without losses
        ``from_rig`` gives the sliders back.
    """
    values: dict[str, float] = {}
    losses: list[Loss] = []
    for slider in SLIDERS:
        position = float(sliders.get(slider.name, 0.0))
        if position == 0:
            continue
        side = slider.side(position)
        control = BY_NAME[side.control]
        wanted = side.to_rig(position)
        given = min(max(wanted, control.minimum), control.maximum)
        if given != wanted:
            losses.append(Loss(slider.name, position, control.name, wanted, given))
        if given != control.rest:
            values[control.name] = given
    return values, losses


def from_rig(pose: Mapping[str, float]) -> dict[str, float]:
    """Slider values of rig values, all of them; controls that the editor does not know are left out.

    A pose with both ``jaw_open`` and ``mouth_close`` becomes the sum of the two on ``aaa``.
    """
    result: dict[str, float] = {}
    for slider in SLIDERS:
        if slider.above.control != slider.below.control:
            sides = {side.control: side for side in (slider.above, slider.below)}
            result[slider.name] = sum(side.to_slider(_value(pose, name)) for name, side in sides.items())
            continue
        value = _value(pose, slider.above.control)
        above = slider.above.to_slider(value)
        result[slider.name] = above if above >= 0 else slider.below.to_slider(value)
    return result


def _value(pose: Mapping[str, float], control: str) -> float:
    return float(pose.get(control, BY_NAME[control].rest))


def limits(name: str) -> tuple[float, float]:
    """The lowest and highest position of a slider that the rig can hold."""
    slider = BY_SLIDER[name]
    ends = [_end(slider.above, 1), _end(slider.below, -1)]
    return min(0.0, *ends), max(0.0, *ends)


def _end(side: Side, sign: int) -> float:
    """The slider's position on one side of zero at which its control reaches a limit."""
    control = BY_NAME[side.control]
    reached = [side.to_slider(control.minimum), side.to_slider(control.maximum)]
    return max(reached, key=lambda position: position * sign)
