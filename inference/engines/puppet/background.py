# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The person cut from the background: colours without the background's fringe, a plate behind, hold and cut-out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ...errors import ErrorCode, TalkingHeadError
from ...face.face import Face
from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ...media.picture import Alpha, Picture
from .colour import Canvas
from .field import CoarseField, identity
from .frame import FaceFrame, smoothstep
from .matting import refined_matte
from .push_pull import filled
from .warp import Box, Warp

_TILE_PX = 128
# Head motions over which the cut opens, in face widths: below, the surroundings follow, so that nothing jumps at rest.
_OPENING = 0.012
# How far beyond the matte the plate is filled, in face widths: hair finer than the matte lies there.
_RIM = 0.02
_OPAQUE, _CLEAR = 0.998, 0.002


@dataclass(frozen=True)
class PersonLayers:
    """A picture taken apart. Arrays have the canvas's channels; colour is premultiplied where it has alpha.

    Attributes:
        matte: (H, W) float32, 0 to 1, how much of each pixel is the person.
        fringe: (H, W, C) the person's own colour minus the picture's, which differ along the edge; int16 or float32.
        plate: (H, W, C) the background, filled in where the person stands.
        face_width: in px.
        limits: darkest and brightest value of the picture, and black and white: resampling overshoots at edges.
    """

    matte: np.ndarray
    fringe: np.ndarray
    plate: np.ndarray
    face_width: float
    limits: tuple[float, float]

    @classmethod
    def of(cls, canvas: Canvas, matte: np.ndarray, frame: FaceFrame) -> PersonLayers:
        """Take a picture apart by the matte (H, W) of its person."""
        return cls.by_size(canvas, matte, frame.width * frame.span_px)

    @classmethod
    def by_size(cls, canvas: Canvas, matte: np.ndarray, face_width: float) -> PersonLayers:
        """As ``of``, for figures without a face: ``face_width`` is about that of one, in px."""
        pixels = canvas.pixels
        reach = max(1, round(_RIM * face_width))
        near = cv2.dilate(matte, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
        behind = filled(pixels, (near <= 0.005).astype(np.float32))
        within = filled(pixels, (matte >= 0.97).astype(np.float32))
        covered = smoothstep(0.0, 0.06, near).astype(np.float32)
        # Soft towards the background only: what holds any of the person is replaced.
        seam = np.maximum(cv2.GaussianBlur(covered, (0, 0), max(0.4 * reach, 0.5)), smoothstep(0.0, 0.02, matte))
        seam = seam.astype(np.float32)[..., None]
        source = pixels.astype(np.float32)
        plate = source + (behind - source) * seam
        own = _without_background(source, behind, within, matte, canvas.peak)
        limits = min(0.0, float(pixels.min())), max(canvas.peak, float(pixels.max()))
        return cls(matte, _like(own - source, pixels, signed=True), _like(plate, pixels), face_width, limits)

    def hold(self, work: np.ndarray, box: Box | None, warp: Warp) -> None:
        """Put the plate behind the person in a warped frame, in place, where the head moves.

        Args:
            work: (H, W, C) of the canvas's kind, warped by ``warp`` in the box.
        """
        if warp.head is None or box is None:
            return
        opening = self._opening(warp.head)
        for x0, y0, x1, y1 in _tiles(box):
            amount = opening.displacement(x0, y0, x1, y1)[..., 0]
            if amount.max() <= 0:
                continue
            positions = warp.skin_map(x0, y0, x1, y1)
            matte = _bilinear(self.matte, positions)
            if matte.min() > _OPAQUE:
                continue
            behind = (amount * (1 - matte))[..., None]
            warped = work[y0:y1, x0:x1].astype(np.float32)
            mixed = warped * (1 - behind) + self.plate[y0:y1, x0:x1] * behind
            mixed += (amount * matte)[..., None] * _bilinear(self.fringe, positions)
            work[y0:y1, x0:x1] = _fitting(mixed, work)

    def cut(self, work: np.ndarray, warp: Warp, picture: Picture) -> Picture:
        """The person alone, with alpha, from a warped frame (H, W, C) of the canvas's kind."""
        height, width = work.shape[:2]
        peak = np.float32(1.0 if picture.pixels.dtype == np.float32 else np.iinfo(picture.pixels.dtype).max)
        out = np.zeros((height, width, 4), picture.pixels.dtype)
        for x0, y0, x1, y1 in _tiles((0, 0, width, height)):
            positions = _positions(warp, x0, y0, x1, y1)
            person = _bilinear(self.matte, positions)
            if person.max() < _CLEAR:
                continue
            values = work[y0:y1, x0:x1].astype(np.float32)
            if person.min() < _OPAQUE:
                values += _bilinear(self.fringe, positions)
                np.clip(values, *self.limits, out=values)
            if values.shape[2] == 4:
                own = np.clip(values[..., 3:], 0, peak) / peak
                colour = values[..., :3] / np.maximum(own, 1e-4)
                alpha = own * person[..., None]
            else:
                colour, alpha = values, person[..., None]
            if picture.pixels.dtype == np.float32:
                colour = colour * alpha
            out[y0:y1, x0:x1] = _fitting(np.concatenate([colour, alpha * peak], axis=2), out)
        kind = Alpha.PREMULTIPLIED if picture.pixels.dtype == np.float32 else Alpha.STRAIGHT
        return replace(picture, pixels=out, alpha=kind)

    def _opening(self, head: CoarseField) -> CoarseField:
        """How far the cut is open on the field's grid, 0 to 1, twice."""
        motion = np.linalg.norm(head.grid, axis=2)
        amount = smoothstep(0.0, _OPENING * self.face_width, motion).astype(np.float32)
        return replace(head, grid=np.dstack([amount, amount]))


def person_layers(canvas: Canvas, face: Face | None, chosen: Face, tracker: FaceTracker) -> PersonLayers:
    """A picture taken apart by the tracker's matte, or by its own transparency where that cuts the person out already.

    Args:
        face: the face in this picture; None where it is lost.
        chosen: the source's face, whose size then counts.

    Raises:
        TalkingHeadError: UNSUPPORTED_INPUT when the matte does not cover the face; WEIGHTS_MISSING.
    """
    frame = FaceFrame.of(chosen if face is None else face)
    pixels = canvas.pixels
    if pixels.shape[2] == 4 and is_cut_out(pixels[..., 3] / canvas.peak):
        return PersonLayers.of(canvas, np.ones(pixels.shape[:2], np.float32), frame)
    bgr = to_bgr8(canvas.picture)
    mask = tracker.person_matte(bgr, face)
    matte = refined_matte(bgr, mask, frame.width * frame.span_px)
    if face is not None:
        check_covers(matte, frame)
    return PersonLayers.of(canvas, matte, frame)


def is_cut_out(alpha: np.ndarray) -> bool:
    """Whether transparency (H, W), 0 to 1, is that of a figure: most of the border above its middle is clear.

    Rounded corners, a letterbox or a soft pixel are not: then the background inside is still to be taken away.
    """
    half = max(1, alpha.shape[0] // 2)
    border = np.concatenate([alpha[0], alpha[:half, 0], alpha[:half, -1]])
    return bool(np.mean(border < 0.1) > 0.5)


def check_covers(matte: np.ndarray, frame: FaceFrame) -> None:
    """Make sure that a matte (H, W) covers the face.

    Raises:
        TalkingHeadError: UNSUPPORTED_INPUT when it does not.
    """
    centre, half = frame.oval()
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = frame.to_picture(centre + half * np.column_stack([np.cos(angles), np.sin(angles)]) * 0.6)
    values = _bilinear(matte, ring[None].astype(np.float32))
    if float(values.mean()) < 0.5:
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            "The person cannot be told from the background in this picture.",
            "Set Background to Stretch and turn Cut Out off, or use a picture that has transparency.",
        )


def _without_background(
    source: np.ndarray, behind: np.ndarray, within: np.ndarray, matte: np.ndarray, peak: float
) -> np.ndarray:
    """(H, W, C) float32 colour of the person: unmixed where the matte is firm, continued from inside elsewhere."""
    firm = np.maximum(matte, 0.2)[..., None]
    unmixed = source + (1 - matte[..., None]) / firm * (source - behind)
    unmixed = np.clip(unmixed, 0, np.maximum(peak, source.max()))
    share = smoothstep(0.35, 0.9, matte).astype(np.float32)[..., None]
    return within + (unmixed - within) * share


def _tiles(box: Box) -> Iterator[Box]:
    x0, y0, x1, y1 = box
    for top in range(y0, y1, _TILE_PX):
        for left in range(x0, x1, _TILE_PX):
            yield left, top, min(left + _TILE_PX, x1), min(top + _TILE_PX, y1)


def _positions(warp: Warp, x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    if warp.head is None and warp.upper is None:
        return identity(x0, y0, x1, y1)
    return warp.skin_map(x0, y0, x1, y1)


def _bilinear(values: np.ndarray, positions: np.ndarray) -> np.ndarray:
    return cv2.remap(values, positions, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]


def _like(values: np.ndarray, pixels: np.ndarray, signed: bool = False) -> np.ndarray:
    """Values in the pixels' own type; differences of 8 bit values as int16, of others as float32."""
    if pixels.dtype == np.float32:
        return values.astype(np.float32)
    if signed:
        return np.rint(values).astype(np.int16) if pixels.dtype == np.uint8 else values.astype(np.float32)
    return np.rint(np.clip(values, 0, np.iinfo(pixels.dtype).max)).astype(pixels.dtype)


def _fitting(values: np.ndarray, work: np.ndarray) -> np.ndarray:
    """Values rounded and clipped to what an array holds."""
    if work.dtype == np.float32:
        return values
    return np.rint(np.clip(values, 0, np.iinfo(work.dtype).max))
