# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is behind the lids: a plate with the whole iris and eyeball, the lashes, and their compositing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .colour import Canvas
from .deltas import LID_LIFT, Eye
from .eye_plate import Eyeball, paint_plate
from .frame import FaceFrame, smoothstep
from .openings import (
    Box,
    Curve,
    Masks,
    box_around,
    lay_over,
    masks_of,
    pixels_in_face,
    positions_in_face,
    ramp,
    sample_box,
)
from .region import Part, Region, shown_part
from .tone import Tone

# Display-referred BGR of an eyeball in full light, in the shade of its socket.
WHITE = np.array([158, 164, 176], np.float32)
# Travel of the iris at a gaze of 1, in eye widths.
GAZE_X, GAZE_UP, GAZE_DOWN = 0.24, 0.20, 0.16
LASH_WIDTH, LASH_STRENGTH = 0.030, 0.75
# Gaze or lid travel (in eye widths) over which the plate replaces the source's own pixels.
PLATE_FADE = 0.02
# Contact shadow of the upper lid: strength, and depth in eye widths.
SHADOW, SHADOW_DEPTH = 0.42, 0.07


@dataclass(frozen=True)
class EyeLook:
    """One eye, ready to be drawn.

    Attributes:
        eye: its measures.
        masks: where the lids' skin ends.
        plate: (h, w, C) float32 eyeball without lids over ``masks.box``.
        lashes: (h, w) float32 opacity of the lash line, over ``masks.box``, moving with the upper layer.
        lash_colour: (C,) float32.
        iris: (2,) centre in face coordinates.
        iris_radius: in U.
        upper, lower: the source's lid edges.
    """

    eye: Eye
    masks: Masks
    plate: np.ndarray
    lashes: np.ndarray
    lash_colour: np.ndarray
    iris: np.ndarray
    iris_radius: float
    upper: Curve
    lower: Curve

    @classmethod
    def of(cls, frame: FaceFrame, eye: Eye, canvas: Canvas, tone: Tone) -> EyeLook:
        """Measure an eye in a picture and paint its plate."""
        rows, points = eye.rows, frame.points
        upper, lower = Curve.through(points[list(rows.upper[0])]), Curve.through(points[list(rows.lower[0])])
        arch = np.sqrt(np.sin(np.linspace(0, np.pi, len(upper.y))).clip(0))
        lid = upper.raised(LID_LIFT * eye.width * arch)
        box = box_around(frame, points[[*rows.upper[0], *rows.lower[0]]], 0.45 * eye.width)
        rim = points[list(rows.iris[1:])]
        iris = points[rows.iris[0]]
        radius = float(np.clip(np.linalg.norm(rim - iris, axis=1).mean(), 0.12 * eye.width, 0.32 * eye.width))
        pixels = pixels_in_face(frame, box)
        colours = _crop_repeated(canvas, box)
        bright = canvas.from_display(WHITE * np.float32(tone.light))
        plate = paint_plate(colours, pixels, Eyeball(upper, lower, iris, radius, eye.width, bright))
        near_lid = np.abs(pixels[..., 1] - upper.at(pixels[..., 0])) < 0.06 * eye.width
        near_lid &= upper.beyond(pixels[..., 0]) == 0
        lash_colour = _dark(colours, near_lid)
        lashes = _lashes(pixels, lid, eye.width, 0.7 / frame.span_px)
        return cls(eye, masks_of(frame, lid, lower, box), plate, lashes, lash_colour, iris, radius, upper, lower)

    def gaze_shift(self, gaze_x: float, gaze_y: float) -> np.ndarray:
        """(2,) travel of the iris in face coordinates; the iris keeps most of itself between the corners."""
        width = self.eye.width
        keep = 0.55 * self.iris_radius
        room_right = max(self.upper.stop - keep - self.iris[0], 0.0)
        room_left = max(self.iris[0] - keep - self.upper.start, 0.0)
        x = float(np.clip(GAZE_X * width * gaze_x, -0.85 * room_left, 0.85 * room_right))
        return np.array([x, -(GAZE_UP if gaze_y > 0 else GAZE_DOWN) * width * gaze_y])


@dataclass(frozen=True)
class EyePose:
    """One eye in one frame.

    Attributes:
        shift: (2,) gaze in face coordinates.
        closing: 0 as in the source, 1 closed, down to -0.5 wide open.
        lid: the upper lid's edge in face coordinates (the plane).
    """

    shift: np.ndarray
    closing: float
    lid: Curve


def draw_eye(look: EyeLook, frame: FaceFrame, region: Region, pose: EyePose) -> np.ndarray:
    """Composite eyeball, lids and lashes over a region: (h, w, C) float32."""
    cover_upper = look.masks.sampled(look.masks.upper, region.upper)
    cover_lower = region.cover_lower
    out = region.base.copy()
    part = shown_part(cover_upper, cover_lower)
    if part is not None:
        inside = _eyeball(look, frame, region, part, pose)
        lay_over(out[part], inside, 1 - cover_upper[part])
    lay_over(out, region.lower_skin, cover_lower)
    if pose.closing > 0:
        lash = look.masks.sampled(look.lashes, region.upper)[..., None]
        strength = LASH_STRENGTH * float(smoothstep(0, 0.5, np.array(pose.closing)))
        out += (lash * np.float32(strength)) * (look.lash_colour - out)
    return out


def _eyeball(look: EyeLook, frame: FaceFrame, region: Region, part: Part, pose: EyePose) -> np.ndarray:
    width = look.eye.width
    plane = region.plane[part]
    travel = max(float(np.hypot(*pose.shift)), 0.3 * abs(pose.closing) * width)
    fade = float(smoothstep(0, PLATE_FADE * width, np.array(travel)))
    if fade == 0:
        return region.source(plane)
    x, y = positions_in_face(frame, plane)
    weight = _gaze_weight(look, x, pose.shift)
    across, down = frame.vectors_to_picture(pose.shift).astype(np.float32)
    where = plane - cv2.merge([weight * across, weight * down])
    out = sample_box(look.plate, look.masks.box, where)
    # The lid throws a soft shadow that goes where the lid goes; the plate itself has none.
    depth = (y - pose.lid.at(x)) * np.float32(1 / width)
    out[..., :3] *= (1 - SHADOW * np.exp(-np.maximum(depth, 0) / SHADOW_DEPTH))[..., None]
    if fade < 1:
        own = region.source(plane)
        out = own + np.float32(fade) * (out - own)
    return out


def _gaze_weight(look: EyeLook, x: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """1 on the moved iris, 0 at the corners, so that the iris keeps its shape and the corners stay."""
    centre = look.iris[0] + shift[0]
    edge = 0.9 * look.iris_radius
    left = max(centre - edge - look.upper.start, 1e-3)
    right = max(look.upper.stop - centre - edge, 1e-3)
    offset = x - np.float32(centre)
    beyond = np.maximum(np.abs(offset) - edge, 0)
    return 1 - ramp(0, 1, beyond / np.where(offset < 0, left, right).astype(np.float32))


def _crop_repeated(canvas: Canvas, box: Box) -> np.ndarray:
    """A box of the source as float32, its edge repeated outside the picture."""
    width, height = canvas.size
    x = np.clip(np.arange(box[0], box[2]), 0, width - 1)
    y = np.clip(np.arange(box[1], box[3]), 0, height - 1)
    return canvas.pixels[y[:, None], x].astype(np.float32)


def _dark(colours: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Colour of the darkest part of a region: that of lashes."""
    found = colours[where]
    if not len(found):
        return np.zeros(colours.shape[2], np.float32)
    brightness = found[:, :3].sum(axis=1)
    return found[brightness <= np.percentile(brightness, 8)].mean(axis=0)


def _lashes(pixels: np.ndarray, lid: Curve, width: float, smallest: float) -> np.ndarray:
    """Opacity of a lash line just below the skin's edge, thinner at the inner corner side, with strands below it."""
    x, y = pixels[..., 0], pixels[..., 1]
    thick = np.maximum(LASH_WIDTH * width, smallest)
    t = (x - lid.start) / max(lid.stop - lid.start, 1e-6)
    along = np.clip(1 - (2 * t - 1) ** 4, 0, 1)
    depth = (y - lid.at(x)) / thick
    line = np.exp(-((depth - 0.4) ** 2))
    strands = np.exp(-((np.maximum(depth, 0) / 1.6) ** 2)) * (depth > 0)
    strands *= 0.5 + 0.5 * np.cos(2 * np.pi * (t + 0.012 * depth * np.sign(t - 0.5)) * 26)
    return (along * np.maximum(line, 0.6 * strands)).astype(np.float32)
