# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rig: one table of controls, from which strip properties, panels, documentation and the wire format come.

Names become F-curve paths in users' files (``th_`` + name) and never change. Left and right are the subject's own.
Every control at its rest value means untouched pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from .errors import ErrorCode, TalkingHeadError

PROPERTY_PREFIX = "th_"


class Group(str, Enum):
    """Panels and driver strengths are by group."""

    HEAD = "head"
    EYES = "eyes"
    BROWS = "brows"
    MOUTH = "mouth"
    STRENGTH = "strength"
    LIVEPORTRAIT = "liveportrait"
    TPSMM = "tpsmm"
    EMOTION = "emotion"
    EDTALK_WEIGHTS = "edtalk weights"


class Unit(str, Enum):
    """Unit of a control's value."""

    DEGREE = "degree"
    FACE_WIDTH = "face width"
    FACTOR = "factor"
    AMOUNT = "amount"


@dataclass(frozen=True)
class Control:
    """One slider. ``soft`` limits are what dragging reaches; hard limits can be typed.

    ``engine`` is empty for the rig, which every engine knows, else the one engine that has this control.
    """

    name: str
    group: Group
    unit: Unit
    minimum: float
    maximum: float
    rest: float
    label: str
    description: str
    soft_minimum: float | None = None
    soft_maximum: float | None = None
    engine: str = ""

    @property
    def property_name(self) -> str:
        """Name of the strip property, and so of the F-curve path."""
        return PROPERTY_PREFIX + self.name

    @property
    def soft_range(self) -> tuple[float, float]:
        """Soft limits, the hard ones where none are set."""
        low = self.minimum if self.soft_minimum is None else self.soft_minimum
        high = self.maximum if self.soft_maximum is None else self.soft_maximum
        return low, high


def _angle(name: str, label: str, description: str) -> Control:
    return Control(name, Group.HEAD, Unit.DEGREE, -45.0, 45.0, 0.0, label, description, -20.0, 20.0)


def _shift(name: str, label: str, description: str) -> Control:
    return Control(name, Group.HEAD, Unit.FACE_WIDTH, -0.5, 0.5, 0.0, label, description)


def _both_ways(name: str, group: Group, label: str, description: str, soft_minimum: float | None = None) -> Control:
    return Control(name, group, Unit.AMOUNT, -1.0, 1.0, 0.0, label, description, soft_minimum)


def _one_way(name: str, group: Group, label: str, description: str) -> Control:
    return Control(name, group, Unit.AMOUNT, 0.0, 1.0, 0.0, label, description)


def _strength(name: str, label: str, description: str) -> Control:
    return Control(name, Group.STRENGTH, Unit.FACTOR, 0.0, 2.0, 1.0, label, description)


def _liveportrait(name: str, label: str, description: str, low: float, high: float, rest: float = 0.0) -> Control:
    group = Group.LIVEPORTRAIT
    return Control(
        f"liveportrait_{name}", group, Unit.AMOUNT, low, high, rest, label, description, engine="liveportrait"
    )


def _tpsmm(name: str, unit: Unit, label: str, description: str, low: float, high: float, rest: float = 0.0) -> Control:
    return Control(f"tpsmm_{name}", Group.TPSMM, unit, low, high, rest, label, description, engine="tpsmm")


def _emotion(name: str, label: str) -> Control:
    text = f"How much of EDTalk's preset '{label.lower()}' the expression takes: 0 is none, 1 all of it"
    return Control(
        f"edtalk_{name}", Group.EMOTION, Unit.AMOUNT, 0.0, 1.5, 0.0, label, text, 0.0, 1.0, engine="edtalk"
    )  # fmt: skip


def _weights(what: str, count: int, label: str) -> tuple[Control, ...]:
    """Offsets of EDTalk's motion weights; what each of them moves, the published model does not say."""
    return tuple(
        Control(
            f"edtalk_{what}_{number:02d}",
            Group.EDTALK_WEIGHTS,
            Unit.AMOUNT,
            -10.0,
            10.0,
            0.0,
            f"{label} {number}",
            f"Added to number {number} of EDTalk's {count} {label.lower()} weights",
            -3.0,
            3.0,
            engine="edtalk",
        )
        for number in range(1, count + 1)
    )


CONTROLS: tuple[Control, ...] = (
    _angle("head_pitch", "Head Pitch", "Tilts the head up (positive) or down"),
    _angle("head_yaw", "Head Yaw", "Turns the head to the image's right (positive) or left"),
    _angle("head_roll", "Head Roll", "Leans the head clockwise (positive) or counter-clockwise"),
    _shift("head_x", "Head X", "Moves the head to the image's right (positive) or left, in face widths"),
    _shift("head_y", "Head Y", "Moves the head up (positive) or down, in face widths"),
    Control(
        "head_scale",
        Group.HEAD,
        Unit.FACTOR,
        0.5,
        2.0,
        1.0,
        "Head Scale",
        "Brings the head nearer (above 1) or away",
        0.9,
        1.2,
    ),
    Control(
        "eye_open",
        Group.EYES,
        Unit.AMOUNT,
        0.0,
        1.5,
        1.0,
        "Eye Openness",
        "Opens both eyes: 0 is closed, 1 as in the source, above 1 wide",
    ),
    _one_way("wink_l", Group.EYES, "Wink Left", "Closes the subject's left eye"),
    _one_way("wink_r", Group.EYES, "Wink Right", "Closes the subject's right eye"),
    _both_ways("gaze_x", Group.EYES, "Gaze X", "Turns the eyes to the image's right (positive) or left"),
    _both_ways("gaze_y", Group.EYES, "Gaze Y", "Turns the eyes up (positive) or down"),
    _both_ways("brow", Group.BROWS, "Brows", "Raises (positive) or lowers both eyebrows"),
    _both_ways("brow_l", Group.BROWS, "Brow Left", "Raises or lowers the subject's left eyebrow, added to Brows"),
    _both_ways("brow_r", Group.BROWS, "Brow Right", "Raises or lowers the subject's right eyebrow, added to Brows"),
    _one_way("jaw_open", Group.MOUTH, "Jaw Open", "Opens the mouth, as in 'aaa'"),
    _both_ways("mouth_wide", Group.MOUTH, "Mouth Wide", "Pulls the mouth corners apart, as in 'eee'", 0.0),
    _both_ways("mouth_pucker", Group.MOUTH, "Mouth Pucker", "Rounds the lips, as in 'woo'", 0.0),
    _both_ways("mouth_smile", Group.MOUTH, "Smile", "Lifts (positive) or drops the mouth corners"),
    _one_way("mouth_close", Group.MOUTH, "Mouth Close", "Brings the lips together, also where the source's are open"),
    _strength("strength_head", "Head Strength", "How much of the driver's head motion is used"),
    _strength("strength_eyes", "Eyes Strength", "How much of the driver's eye motion is used"),
    _strength("strength_brows", "Brows Strength", "How much of the driver's eyebrow motion is used"),
    _strength("strength_mouth", "Mouth Strength", "How much of the driver's mouth motion is used"),
    _strength("strength_blinks", "Blink Strength", "How much of the automatic blinking is used while a sound speaks"),
    _strength("strength_sway", "Sway Strength", "How much the head moves by itself while a sound speaks"),
    _liveportrait("pout", "Pout", "Pushes the lips to the image's right (positive) or left", -1.0, 1.0),
    _liveportrait("purse", "Purse", "Purses (positive) or flattens the lips, added to Mouth Pucker", -4 / 3, 1.0),
    _liveportrait("grin", "Grin", "Draws the lips back from the teeth, added to Mouth Wide", 0.0, 1.0),
    _liveportrait(
        "lip_open", "Lip Open", "Opens (positive) or presses the lips; unlike Jaw Open it leaves the head", -0.75, 1.0
    ),
    _liveportrait(
        "eye_ratio",
        "Eye Ratio",
        "Opens (positive) or closes the eyes by a network: added to their height in parts of their width",
        -0.8,
        0.8,
    ),
    _liveportrait(
        "lip_ratio",
        "Lip Ratio",
        "Opens (positive) or closes the lips by a network: added to their gap in parts of the mouth's width",
        -0.8,
        0.8,
    ),
    _liveportrait("source_ratio", "Source Ratio", "How much of the source's own expression is kept", 0.0, 1.0, 1.0),
    _liveportrait(
        "sample_expression", "Sample Expression", "How much of the sample picture's expression is added", -0.2, 1.2
    ),
    _liveportrait(
        "sample_rotation", "Sample Rotation", "How much of the sample picture's head angles is added", -0.2, 1.2
    ),
    _liveportrait("sample_mouth", "Sample Mouth", "How much of the sample picture's mouth alone is added", -0.2, 1.2),
    _liveportrait(
        "sample_eyes", "Sample Eyes", "How much of the sample picture's eyes and brows alone is added", -0.2, 1.2
    ),
    _tpsmm(
        "move_x",
        Unit.AMOUNT,
        "Move X",
        "Moves the figure to the image's right (positive) or left: 1 is half the animated square",
        -1.0,
        1.0,
    ),
    _tpsmm(
        "move_y",
        Unit.AMOUNT,
        "Move Y",
        "Moves the figure up (positive) or down: 1 is half the animated square",
        -1.0,
        1.0,
    ),
    _tpsmm("turn", Unit.DEGREE, "Turn", "Turns the figure clockwise (positive) or counter-clockwise", -180.0, 180.0),
    _tpsmm("scale", Unit.FACTOR, "Scale", "Makes the figure larger (above 1) or smaller", 0.25, 4.0, 1.0),
    _tpsmm("gain", Unit.FACTOR, "Motion Gain", "Makes all motion of the driver larger or smaller", 0.0, 3.0, 1.0),
    _emotion("angry", "Angry"),
    _emotion("contempt", "Contempt"),
    _emotion("disgusted", "Disgusted"),
    _emotion("fear", "Fear"),
    _emotion("happy", "Happy"),
    _emotion("sad", "Sad"),
    _emotion("surprised", "Surprised"),
    Control(
        "edtalk_neutral",
        Group.EMOTION,
        Unit.AMOUNT,
        0.0,
        1.0,
        0.0,
        "Neutral",
        "How much of the source's own expression gives way to EDTalk's preset 'neutral'",
        engine="edtalk",
    ),
    *_weights("mouth", 20, "Mouth"),
    *_weights("pose", 6, "Pose"),
    *_weights("expression", 10, "Expression"),
)

BY_NAME: Mapping[str, Control] = {control.name: control for control in CONTROLS}

# What an engine is given: all but the strengths, which are used up when drivers are mixed in. New ones are appended:
# the order is part of saved tracks and frame names.
POSE_CONTROLS: tuple[Control, ...] = tuple(c for c in CONTROLS if c.group is not Group.STRENGTH)
POSE_NAMES: tuple[str, ...] = tuple(c.name for c in POSE_CONTROLS)
# The rig: what every engine understands.
RIG_NAMES: tuple[str, ...] = tuple(c.name for c in POSE_CONTROLS if not c.engine)


def names_for(engine: str) -> tuple[str, ...]:
    """The rig and an engine's own controls, by name."""
    return tuple(c.name for c in POSE_CONTROLS if c.engine in ("", engine))


def rest_pose() -> dict[str, float]:
    """Every pose control at rest."""
    return {control.name: control.rest for control in POSE_CONTROLS}


def pose_from(values: Mapping[str, float]) -> dict[str, float]:
    """A whole pose: given values over the rest, each within its limits.

    Raises:
        TalkingHeadError: INVALID_REQUEST for an unknown name or a value that is no finite number in range.
    """
    pose = rest_pose()
    for name, value in values.items():
        pose[name] = checked_value(name, value)
    return pose


def checked_value(name: str, value: float) -> float:
    """The value as a float if the control exists and takes it.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    control = BY_NAME.get(name)
    if control is None or control.group is Group.STRENGTH:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"There is no control named '{name}'.",
            "Use one of: " + ", ".join(POSE_NAMES) + ".",
        )
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not control.minimum <= number <= control.maximum:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"{name} = {value} is outside its range.",
            f"Use a value from {control.minimum:g} to {control.maximum:g}.",
        )
    return number


def controls_in(group: Group) -> tuple[Control, ...]:
    """The controls of a group, in panel order."""
    return tuple(control for control in CONTROLS if control.group is group)
