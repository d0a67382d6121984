# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is behind the lips: the source's own teeth where it shows them, else drawn teeth, tongue and cavity."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .colour import Canvas
from .frame import FaceFrame
from .mouth_deltas import Mouth
from .openings import Curve, Masks, box_around, lay_over, masks_of, positions_in_face, ramp
from .region import Part, Region, shown_part
from .rows import LOWER_LIP, UPPER_LIP
from .tone import Tone

# Display-referred BGR, 0 to 255.
CAVITY = np.array([18, 20, 46], np.float32)
TONGUE = np.array([74, 78, 158], np.float32)
TEETH = np.array([198, 231, 252], np.float32)
# Shade takes blue away first: the inside of a mouth is lit through red tissue, so its darks are warm and never grey.
SHADE_TINT = np.array([1.25, 1.10, 0.85], np.float32)
TOOTH_HEIGHT, TOOTH_PERIOD = 0.075, 0.062
FEATHER = 0.012


@dataclass(frozen=True)
class MouthLook:
    """A mouth, ready to be drawn.

    Attributes:
        mouth: its measures.
        masks: where the lips' skin ends.
        upper, lower: the source's inner lip edges.
    """

    mouth: Mouth
    masks: Masks
    upper: Curve
    lower: Curve
    tone: Tone

    @classmethod
    def of(cls, frame: FaceFrame, mouth: Mouth, tone: Tone) -> MouthLook:
        """Measure a mouth in a picture."""
        points = frame.points
        upper, lower = inner_edges(frame.points)
        numbers = [n for row in (*UPPER_LIP, *LOWER_LIP) for n in row]
        box = box_around(frame, points[numbers], 0.12)
        return cls(mouth, masks_of(frame, upper, lower, box), upper, lower, tone)


@dataclass(frozen=True)
class MouthPose:
    """The mouth in one frame: inner edges in face coordinates (the plane), and amounts from 0 to 1."""

    upper: Curve
    lower: Curve
    jaw: float
    pucker: float


def inner_edges(points: np.ndarray) -> tuple[Curve, Curve]:
    """Inner edges of upper and lower lip through landmarks (478, 2) in face coordinates."""
    return Curve.through(points[list(UPPER_LIP[0])]), Curve.through(points[list(LOWER_LIP[0])])


def draw_mouth(look: MouthLook, frame: FaceFrame, canvas: Canvas, region: Region, pose: MouthPose) -> np.ndarray:
    """Composite interior and lips over a region: (h, w, C) float32."""
    cover_upper = look.masks.sampled(look.masks.upper, region.upper)
    cover_lower = region.cover_lower
    out = region.base.copy()
    part = shown_part(cover_upper, cover_lower)
    if part is not None:
        inside = _interior(look, frame, canvas, region, part, pose)
        lay_over(out[part], inside, 1 - cover_upper[part])
    lay_over(out, region.lower_skin, cover_lower)
    return out


def _interior(
    look: MouthLook, frame: FaceFrame, canvas: Canvas, region: Region, part: Part, pose: MouthPose
) -> np.ndarray:
    plane = region.plane[part]
    x, y = positions_in_face(frame, plane)
    below_upper = y - pose.upper.at(x)
    above_lower = pose.lower.at(x) - y
    drawn = canvas.from_display(_draw(look, x, y, below_upper, above_lower, pose))
    if look.mouth.toothy == 0:
        return drawn
    # Teeth hang on the skull: they rise with the upper lip only so far that no gap opens above them.
    # A mouth drawn wider shows more of the row; what the source does not show is had by widening what it does.
    lift = np.minimum(pose.upper.at(x) - look.upper.at(x), 0)
    middle = np.float32((look.upper.start + look.upper.stop) / 2)
    wider = max((pose.upper.stop - pose.upper.start) / (look.upper.stop - look.upper.start), 1.0)
    spread = (x - middle) * np.float32(1 - wider**-0.8)
    source_y = y - lift
    depth = np.minimum(source_y - look.upper.at(x) + FEATHER, look.lower.at(x) - source_y)
    source_x = x - spread
    own_weight = ramp(-0.5 * FEATHER, FEATHER, depth) * np.float32(look.mouth.toothy)
    own_weight *= look.upper.beyond(source_x) <= 0
    across, down = frame.vectors_to_picture(np.eye(2)).astype(np.float32)
    at_x = plane[..., 0] - lift * down[0] - spread * across[0]
    at_y = plane[..., 1] - lift * down[1] - spread * across[1]
    own = region.source(cv2.merge([at_x, at_y]))
    changed = min(1.0, 4 * pose.jaw + 4 * pose.pucker)
    # Pursed lips shade what is behind them.
    shade = 1 - changed * 0.5 * (1 - ramp(0, 0.05, below_upper))
    own[..., :3] *= _shade(shade * np.float32(1 - 0.25 * pose.pucker))
    lay_over(drawn, own, own_weight)
    return drawn


def _draw(
    look: MouthLook, x: np.ndarray, y: np.ndarray, below: np.ndarray, above: np.ndarray, pose: MouthPose
) -> np.ndarray:
    """Drawn interior, display-referred BGR 0 to 255. ``below`` and ``above``: distance to upper and lower lip in U."""
    half = max((pose.upper.stop - pose.upper.start) / 2, 0.02)
    middle = (pose.upper.stop + pose.upper.start) / 2
    across = np.clip((x - np.float32(middle)) * np.float32(1 / half), -1, 1)
    side = np.sqrt(1 - (0.93 * across) ** 2)
    light = np.float32(look.tone.light)
    gap = below + above
    depth = 1 - 0.45 * np.clip(gap * np.float32(1 / 0.22), 0, 1)
    out = cv2.merge([depth * shade for shade in CAVITY * light])
    lay_over(out, *_tongue(across, side, below, above, light))
    if look.mouth.toothy < 1:
        colour, weight = _lower_teeth(look, x - middle, side, above, gap)
        lay_over(out, colour, weight * ramp(0.3, 0.85, np.float32(pose.jaw)))
        colour, weight = _upper_teeth(look, x, y, side, below, gap, middle)
        lay_over(out, colour * _shade(np.full_like(gap, 1 - 0.3 * pose.pucker)), weight)
    occlusion = 0.5 + 0.5 * ramp(0, 0.045, below) * (0.75 + 0.25 * ramp(0, 0.03, above))
    return out * _shade(occlusion)


def _tongue(
    across: np.ndarray, side: np.ndarray, below: np.ndarray, above: np.ndarray, light: np.float32
) -> tuple[np.ndarray, np.ndarray]:
    gap = below + above
    top = 0.030 + 0.38 * gap - above - 0.05 * across**2
    weight = ramp(0, 0.035, top) * ramp(0.05, 0.16, gap) * ramp(0, 0.5, side)
    groove = 1 - 0.16 * np.exp(-((across / 0.09) ** 2)) * ramp(0.02, 0.07, top)
    shade = (0.45 + 0.55 * side) * groove * (0.55 + 0.45 * ramp(0.0, 0.08, top)) * (0.6 + 0.4 * ramp(0, 0.04, above))
    return _shade(shade, TONGUE * light), weight


def _tooth_colour(look: MouthLook) -> np.ndarray:
    tone = 0.76 * TEETH + 0.24 * look.tone.skin
    return tone * np.float32(min(0.98 * look.tone.light + 0.04, 1.0))


def _upper_teeth(
    look: MouthLook, x: np.ndarray, y: np.ndarray, side: np.ndarray, below: np.ndarray, gap: np.ndarray, middle: float
) -> tuple[np.ndarray, np.ndarray]:
    # The row hangs from the skull, at the height of the source's closed lips.
    seam = float(look.upper.at(np.float32((look.upper.start + look.upper.stop) / 2)))
    offset = x - np.float32(middle)
    bite = 0.012 * np.abs(np.sin(np.pi * offset / TOOTH_PERIOD)) ** 0.7
    edge = seam + TOOTH_HEIGHT - 0.006 + bite - 1.1 * offset**2
    weight = ramp(0, 0.010, edge - y) * ramp(0, 0.03, gap)
    return _teeth(look, offset, side, below), weight


def _lower_teeth(
    look: MouthLook, offset: np.ndarray, side: np.ndarray, above: np.ndarray, gap: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    bite = 0.006 * np.abs(np.sin(np.pi * offset / (0.75 * TOOTH_PERIOD))) ** 0.7
    height = 0.034 - bite - 1.2 * offset**2
    weight = ramp(0, 0.012, height - above) * ramp(0.08, 0.16, gap)
    return 0.78 * _teeth(look, offset / 0.75, side, above), weight


def _teeth(look: MouthLook, offset: np.ndarray, side: np.ndarray, depth: np.ndarray) -> np.ndarray:
    lines = 1 - 0.10 * np.exp(-(((((offset / TOOTH_PERIOD + 0.5) % 1) - 0.5) / 0.09) ** 2))
    amount = (0.70 + 0.30 * ramp(0, 0.03, depth)) * (0.30 + 0.70 * side**1.5) * lines
    return _shade(amount, _tooth_colour(look))


def _shade(amount: np.ndarray, colour: np.ndarray | None = None) -> np.ndarray:
    """(h, w, 3) factors per channel for a shade (h, w) of 0 to 1, times a colour (3,)."""
    lit = np.maximum(amount, np.float32(1e-3), dtype=np.float32)
    factors = [lit**tint for tint in SHADE_TINT]
    return cv2.merge(factors if colour is None else [part * value for part, value in zip(factors, colour, strict=True)])
