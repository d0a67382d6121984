# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the sliders of the rig and of LivePortrait to its key points.

``Sliders.of`` says what a pose asks for; ``kept`` takes away what of the source's own expression shall not stay,
``moved`` adds the sliders to the motion that the source shall have, ``opened`` lets the retargeting networks open and
close eyes and lips. At rest all of them leave everything exactly as it is, and what lies between rest and a slider's
end is in proportion on either side.

The rig becomes positions of AdvancedLivePortrait's ``ExpressionEditor`` (``inference.workflow.expression_editor``), and
these the published offsets of key points (``inference.workflow.keypoints``), with the couplings that the editor has: an
opening jaw lifts the head, a wink leans it. What the editor lacks:

- ``wink_l`` is its wink in the mirror. Its own formulas show which points are mirror images: looking left and right
  exchange 11 and 15, smiling moves 13 and 16, and 3 and 7, alike; 17 lies in the middle.
- ``brow_l`` and ``brow_r`` move both brows by half. The formulas move the points 1 and 2 of the brows against each
  other in every direction, so neither of them is one side's brow, and no published numbers raise one brow alone.
- ``head_x``, ``head_y`` and ``head_scale`` are LivePortrait's own shift and scale.
- ``mouth_close`` also closes by the lip network what is open in the source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ...controls import BY_NAME
from ...workflow import expression_editor, keypoints
from .description import LIVEPORTRAIT
from .keypoints import NECK_ROW, POINTS, Motion, MotionTrack
from .ratios import Ratios
from .rotations import angles_deg, rotation_matrix
from .transfer import SmallNetworks, per_source

# Ends of LivePortrait's image editor that the sliders of the same name reach at 1; the offsets of ``purse``, ``grin``
# and ``lip_open`` are those of the ``ExpressionEditor``'s woo, eee and aaa.
_POUT = 0.09
_SAME_OFFSETS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {"purse": ("woo", 15.0), "grin": ("eee", 15.0), "lip_open": ("aaa", 120.0)}
)
_POUT_POINT = 19
_MIRROR = {11: 15, 15: 11, 13: 16, 16: 13, 3: 7, 7: 3}

# Rows of the sample picture's expression that its sliders add: AdvancedLivePortrait's OnlyMouth and OnlyEyes.
SAMPLE_MOUTH_ROWS = (14, 17, 19, 20)
SAMPLE_EYE_ROWS = (1, 2, 11, 13, 15, 16)


@dataclass(frozen=True, eq=False)
class Sliders:
    """What the sliders of one frame ask for.

    Attributes:
        exp: (21, 3) added to the expression.
        angles_deg: (3,) added to pitch, yaw and roll, in LivePortrait's signs.
        shift: (2,) of the head to the picture's right and down, in face widths.
        scale: factor of the head's size.
        eyes, lips: added to the measured openness of eyes and lips.
        close: 0 to 1, how much of the source's open lips is closed.
        source: 0 to 1, how much of the source's own expression is kept.
        sample: (21,) how much of each row of the sample picture's expression is added.
        sample_angles: how much of its angles is added.
    """

    exp: np.ndarray
    angles_deg: np.ndarray
    shift: np.ndarray
    scale: float
    eyes: float
    lips: float
    close: float
    source: float
    sample: np.ndarray
    sample_angles: float

    @classmethod
    def of(cls, pose: Mapping[str, float]) -> Sliders:
        """From a pose, by control name; controls that it does not name rest."""
        own = {name: _value(pose, f"{LIVEPORTRAIT.name}_{name}") for name in _OWN}
        return cls(
            exp=_expression(pose, own),
            angles_deg=keypoints.rotation(_editor(pose)) + _mirrored_turn(pose),
            shift=np.array([_value(pose, "head_x"), -_value(pose, "head_y")]) + 0.0,
            scale=_value(pose, "head_scale"),
            eyes=own["eye_ratio"],
            lips=own["lip_ratio"],
            close=_value(pose, "mouth_close"),
            source=own["source_ratio"],
            sample=_sample_rows(own),
            sample_angles=own["sample_rotation"],
        )

    @property
    def uses_sample(self) -> bool:
        """A sample picture would change something."""
        return bool(self.sample.any()) or self.sample_angles != 0


_OWN = tuple(
    name.removeprefix(f"{LIVEPORTRAIT.name}_") for name in LIVEPORTRAIT.controls if BY_NAME[name].engine
)  # fmt: skip


def face_axes(width: float, angle: float) -> np.ndarray:
    """(2, 2) matrix from a shift in face widths along the picture's axes to key-point units along the crop's.

    Args:
        width: of the face, in key-point units (2 across the crop).
        angle: radians from the picture's x axis to the crop's, as ``Square.angle``.
    """
    cosine, sine = np.cos(angle), np.sin(angle)
    return width * np.array([[cosine, sine], [-sine, cosine]])


def kept(source: MotionTrack, sliders: Sequence[Sliders]) -> MotionTrack:
    """(n) the source's own motion (1 or n) with as much of its expression as the sliders keep.

    It takes the source's place before a clip drives it. The neck stays, as in AdvancedLivePortrait.
    """
    count = len(sliders)
    dropped = source.exp * (1.0 - np.array([one.source for one in sliders]))[:, None, None]
    dropped[:, NECK_ROW] = 0.0
    return MotionTrack(
        np.broadcast_to(source.rotation, (count, 3, 3)),
        source.exp - dropped,
        np.broadcast_to(source.t, (count, 3)),
        np.broadcast_to(source.scale, (count,)),
        np.broadcast_to(source.kp, (count, POINTS, 3)),
    )


def moved(
    motion: MotionTrack, sliders: Sequence[Sliders], axes: np.ndarray, sample: Motion | None = None
) -> MotionTrack:
    """(n) motion with the sliders added; where they rest it comes back exactly.

    Args:
        motion: of the source in each frame (n), as ``kept`` or as driven from that.
        axes: (2, 2) or (n, 2, 2) as ``face_axes``.
        sample: of the sample picture; without one its sliders do nothing.
    """
    exp = motion.exp + np.stack([one.exp for one in sliders])
    angles = np.stack([one.angles_deg for one in sliders])
    if sample is not None:
        exp = exp + np.stack([one.sample for one in sliders])[..., None] * own_expression(sample)
        sampled = np.array([one.sample_angles for one in sliders])
        angles = angles + sampled[:, None] * np.array([sample.pitch, sample.yaw, sample.roll])
    t = np.array(motion.t, np.float64)
    t[:, :2] += np.einsum("...ij,...j->...i", axes, np.stack([one.shift for one in sliders]))
    scale = motion.scale * np.array([one.scale for one in sliders])
    return MotionTrack(_turned(motion.rotation, angles), exp, t, scale, motion.kp)


def opened(x_s: np.ndarray, sliders: Sequence[Sliders], ratios: Ratios, networks: SmallNetworks) -> np.ndarray:
    """(n, 21, 3) offsets of key points that open and close eyes and lips; zero where the sliders rest.

    The networks' answers count relative to what they answer for the source's own openness, so that a slider that just
    begins to move does not make the face jump.

    Args:
        x_s: (1 or n, 21, 3) the source's key points.
        ratios: the source's openness (1 or n).
    """
    count = len(sliders)
    offsets = np.zeros((count, POINTS, 3))
    eyes, lips = np.broadcast_to(ratios.eyes, (count, 2)), np.broadcast_to(ratios.lips, (count,))
    wanted_eyes = np.maximum(eyes.mean(axis=1) + [one.eyes for one in sliders], 0.0)
    if any(one.eyes != 0 for one in sliders):
        offsets += _from_rest(networks.eye, x_s, eyes, eyes.mean(axis=1), wanted_eyes)
    if any(one.lips != 0 or one.close != 0 for one in sliders):
        kept = 1.0 - np.array([one.close for one in sliders])
        wanted_lips = np.maximum(lips * kept + [one.lips for one in sliders], 0.0)
        offsets += _from_rest(networks.lip, x_s, lips[:, None], lips, wanted_lips)
    return offsets


def own_expression(sample: Motion) -> np.ndarray:
    """(21, 3) expression without the shift of the whole head, which AdvancedLivePortrait leaves out too."""
    exp = np.array(sample.exp, np.float64)
    exp[NECK_ROW, :2] = 0.0
    return exp


def _from_rest(
    network: Callable[[np.ndarray, np.ndarray], np.ndarray],
    x_s: np.ndarray,
    measured: np.ndarray,
    rest: np.ndarray,
    wanted: np.ndarray,
) -> np.ndarray:
    """A retargeting network's answer for the wanted openness, less that for the openness at rest (all n)."""
    answers = [per_source(network, x_s, np.column_stack([measured, target])) for target in (wanted, rest)]
    return answers[0] - answers[1]


def _value(pose: Mapping[str, float], name: str) -> float:
    return float(pose.get(name, BY_NAME[name].rest))


def _editor(pose: Mapping[str, float]) -> dict[str, float]:
    """Positions of the ExpressionEditor's sliders."""
    sides = (_value(pose, "brow_l") + _value(pose, "brow_r")) / 2
    return expression_editor.from_rig({**pose, "brow": _value(pose, "brow") + sides})


def _expression(pose: Mapping[str, float], own: Mapping[str, float]) -> np.ndarray:
    """(21, 3) what is added to the expression."""
    editor = _editor(pose)
    for name, (slider, end) in _SAME_OFFSETS.items():
        editor[slider] += own[name] * end
    result = keypoints.offsets(editor) + _mirrored(keypoints.offsets({"wink": _left_wink(pose)}))
    result[_POUT_POINT, 0] += own["pout"] * _POUT
    return result


def _left_wink(pose: Mapping[str, float]) -> float:
    """The left eye's wink as the editor's slider would stand for the right one's."""
    return expression_editor.from_rig({"wink_r": _value(pose, "wink_l")})["wink"]


def _mirrored(offsets: np.ndarray) -> np.ndarray:
    """(21, 3) the same on the other side of the face."""
    order = [_MIRROR.get(point, point) for point in range(POINTS)]
    return offsets[order] * np.array([-1.0, 1.0, 1.0]) + 0.0


def _mirrored_turn(pose: Mapping[str, float]) -> np.ndarray:
    """(3,) degrees by which the left eye's wink turns the head: yaw and roll the other way round."""
    return keypoints.rotation({"wink": _left_wink(pose)}) * np.array([1.0, -1.0, -1.0]) + 0.0


def _sample_rows(own: Mapping[str, float]) -> np.ndarray:
    rows = np.full(POINTS, own["sample_expression"])
    rows[list(SAMPLE_MOUTH_ROWS)] += own["sample_mouth"]
    rows[list(SAMPLE_EYE_ROWS)] += own["sample_eyes"]
    return rows


def _turned(rotation: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """(n, 3, 3) with (n, 3) degrees added to pitch, yaw and roll; without them bit for bit the same."""
    pitch, yaw, roll = (angles_deg(rotation) + angles).T
    turned = rotation_matrix(pitch, yaw, roll)
    return np.where(np.any(angles != 0, axis=1).reshape(-1, 1, 1), turned, rotation)
