# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses: named values of some sliders, the supplied set, and how they are mirrored, blended and kept in files.

A pose sets the sliders that it names and leaves the others alone. As text it is JSON::

    {"format": "talkinghead-pose", "version": 1, "name": "Grin", "controls": {"mouth_smile": 0.6, "eye_open": 0.9}}

``controls`` holds names and values of the control table, each inside its range; at least one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..controls import BY_NAME, POSE_NAMES, Group, checked_value, controls_in
from ..errors import ErrorCode, TalkingHeadError
from .visemes import VISEMES

FORMAT = "talkinghead-pose"
VERSION = 1
LONGEST_NAME = 60
# Panels keep the choice among them by place: new ones are appended.
GROUPS: tuple[Group, ...] = (
    Group.HEAD, Group.EYES, Group.BROWS, Group.MOUTH, Group.LIVEPORTRAIT, Group.TPSMM, Group.EMOTION,
    Group.EDTALK_WEIGHTS,
)  # fmt: skip

# The engines' own sliders that shape the face. The others say what the face is made from, which is no expression's.
ENGINE_EXPRESSIONS: tuple[str, ...] = (
    *(f"liveportrait_{name}" for name in ("pout", "purse", "grin", "lip_open", "eye_ratio", "lip_ratio")),
    *(control.name for control in controls_in(Group.EMOTION)),
)

# What changes places when left and right are exchanged, and what changes its sign.
_SWAPPED: Mapping[str, str] = {"wink_l": "wink_r", "wink_r": "wink_l", "brow_l": "brow_r", "brow_r": "brow_l"}
_NEGATED = frozenset({"head_yaw", "head_roll", "head_x", "gaze_x", "liveportrait_pout", "tpsmm_move_x", "tpsmm_turn"})


@dataclass(frozen=True)
class Pose:
    """A named pose.

    Attributes:
        name: for people, up to ``LONGEST_NAME`` characters of one line.
        values: by control name, each inside the control's range; at least one.
    """

    name: str
    values: Mapping[str, float]

    def to_text(self) -> str:
        """The JSON form, controls in panel order."""
        controls = {name: round(self.values[name], 6) for name in POSE_NAMES if name in self.values}
        data = {"format": FORMAT, "version": VERSION, "name": self.name, "controls": controls}
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Pose:
        """Read the JSON form.

        Raises:
            TalkingHeadError: INVALID_REQUEST that says what is wrong with the text.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise _invalid("This is not a Talking Head pose.", f"It must be JSON text with 'format': '{FORMAT}'.")
        if data.get("version") != VERSION:
            raise _invalid(
                f"The pose has version {data.get('version')}; this add-on reads version {VERSION}.",
                "Update Talking Head, or save the pose again.",
            )
        return cls(checked_name(data.get("name")), _checked_values(data.get("controls")))


def checked_name(name: object) -> str:
    """A pose's name without outer space.

    Raises:
        TalkingHeadError: INVALID_REQUEST for no text, several lines or too much text.
    """
    text = name.strip() if isinstance(name, str) else ""
    if not text or len(text) > LONGEST_NAME or not text.isprintable():
        raise _invalid("The pose has no usable name.", f"Give it a name of one line, up to {LONGEST_NAME} characters.")
    return text


def name_from(text: str) -> str:
    """A name that ``checked_name`` takes, made of any text, such as a strip's name."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return line.strip()[:LONGEST_NAME].strip() or "Pose"


def mirrored_pose(values: Mapping[str, float]) -> dict[str, float]:
    """A pose with the subject's left and right exchanged; twice gives the pose back.

    Args:
        values: by control name; any part of a pose.
    """
    return {_SWAPPED.get(name, name): 0.0 - value if name in _NEGATED else value for name, value in values.items()}


def blended(
    current: Mapping[str, float], pose: Mapping[str, float], amount: float, groups: Collection[Group] = GROUPS
) -> dict[str, float]:
    """The sliders that a pose sets, on the way from their current values to the pose's.

    Args:
        current: values of at least the controls that the pose names.
        amount: 0 (current) to 1 (pose).
        groups: which controls take part.
    """
    return {
        name: current[name] + (value - current[name]) * amount
        for name, value in pose.items()
        if BY_NAME[name].group in groups
    }


def _checked_values(controls: object) -> dict[str, float]:
    if not isinstance(controls, dict) or not controls:
        raise _invalid("The pose sets no slider.", "'controls' must hold names and numbers.")
    for name, value in controls.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _invalid(f"{name} = {value!r} is not a number.", "Write plain numbers in 'controls'.")
    return {name: checked_value(name, value) for name, value in controls.items()}


def _invalid(message: str, hint: str) -> TalkingHeadError:
    return TalkingHeadError(ErrorCode.INVALID_REQUEST, message, hint)


def _face(**values: float) -> dict[str, float]:
    """An expression: it sets the whole face and how the head is held, so that nothing of the last one is left."""
    groups = (Group.EYES, Group.BROWS, Group.MOUTH)
    rest = {control.name: control.rest for group in groups for control in controls_in(group)}
    engines = {name: BY_NAME[name].rest for name in ENGINE_EXPRESSIONS}
    return {"head_pitch": 0.0, "head_roll": 0.0, **rest, **values, **engines}


# Tuned by eye on the two portraits of the demo with the puppet engine (``python -m tools.contact_sheet --poses``).
# Where the mouth has to lose a smile that the portrait may wear, lips and corners are brought closer together.
EXPRESSIONS: tuple[Pose, ...] = (
    Pose("Neutral", {control.name: control.rest for group in GROUPS for control in controls_in(group)}),
    Pose("Smile", _face(mouth_smile=0.8, mouth_wide=0.25, eye_open=0.85, brow=0.1)),
    Pose("Laugh", _face(head_pitch=5, mouth_smile=0.9, mouth_wide=0.4, jaw_open=0.55, eye_open=0.55, brow=0.25)),
    Pose("Sad", _face(head_pitch=-8, head_roll=3, mouth_smile=-1, mouth_wide=-0.7, mouth_pucker=0.25, mouth_close=1,
                      eye_open=0.75, gaze_y=-0.4, brow=0.3)),
    Pose("Angry", _face(head_pitch=-6, brow=-1, eye_open=1.15, mouth_smile=-1, mouth_wide=-0.6, mouth_close=1)),
    Pose("Surprised", _face(head_pitch=3, brow=1, eye_open=1.45, jaw_open=0.6, mouth_wide=-0.4, mouth_pucker=0.3)),
    Pose("Afraid", _face(head_pitch=-2, brow=0.8, eye_open=1.5, jaw_open=0.25, mouth_wide=0.2, mouth_smile=-1)),
    Pose("Disgusted", _face(head_pitch=4, head_roll=-5, brow=-0.8, brow_l=0.3, eye_open=0.55, mouth_smile=-1,
                            mouth_wide=-0.4, mouth_close=0.9, gaze_x=0.3)),
    Pose("Wink", _face(head_roll=5, wink_l=1, brow_l=-0.3, brow_r=0.4, mouth_smile=0.7, mouth_wide=0.15)),
    Pose("Sleepy", _face(head_pitch=-8, head_roll=5, eye_open=0.3, brow=0.2, gaze_y=-0.3, mouth_smile=-0.5,
                         mouth_wide=-0.3, mouth_close=0.6)),
)  # fmt: skip

# What the shapes of speech are called in the gallery. They set the mouth alone, and leave its smile as it is.
_VISEME_NAMES: Mapping[str, str] = {
    "sil": "Silence", "PP": "P B M", "FF": "F V", "TH": "Th", "DD": "D T", "kk": "G K", "CH": "Ch J Sh", "SS": "S Z",
    "nn": "L N", "RR": "R", "aa": "Ah", "E": "Eh", "I": "Ee", "O": "Oh", "U": "Oo",
}  # fmt: skip
_SPOKEN = ("jaw_open", "mouth_wide", "mouth_pucker", "mouth_close")
MOUTH_SHAPES: tuple[Pose, ...] = tuple(
    Pose(_VISEME_NAMES[viseme], {name: BY_NAME[name].rest for name in _SPOKEN} | dict(values))
    for viseme, values in VISEMES.items()
)
SUPPLIED: tuple[Pose, ...] = EXPRESSIONS + MOUTH_SHAPES
