# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the drawn canvas to finished frames: at the source's size and depth, over the shot, cut out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np

from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ...media.picture import Alpha, Picture
from ..puppet.background import PersonLayers, is_cut_out
from ..puppet.colour import Canvas, peak_of, srgb_to_linear
from ..puppet.frame import FaceFrame
from ..puppet.matting import refined_matte
from ..puppet.warp import Warp
from .canvas import DrawnCanvas

# Width of a face where none is found, in parts of the picture's height.
_FACE_SHARE = 0.12
# Over so many px of the canvas what was drawn gives way to the shot, inside of the mask.
_SOFT_PX = 3


class Finisher:
    """Finishes the frames of one source.

    Args:
        settings: of them ``mode``, ``keep_background`` and ``cut_out``.
    """

    def __init__(self, tracker: FaceTracker, canvas: DrawnCanvas, settings: Mapping[str, object]) -> None:
        self._tracker = tracker
        self._canvas = canvas
        self._keeps = settings["mode"] == "replace" and bool(settings["keep_background"])
        self._cuts_out = bool(settings["cut_out"])

    def finished(self, source: Picture, drawn: np.ndarray, mask: np.ndarray | None) -> Picture:
        """A frame of the source's size and depth.

        Args:
            source: its picture.
            drawn: (height, width, 3) float32 RGB of the canvas, 0 to 1.
            mask: (height, width), 1 where the character was drawn; None for everywhere.
        """
        colours = np.clip(self._canvas.taken(drawn, source.size), 0, 1)[..., ::-1]
        share = None if mask is None else np.clip(self._canvas.taken(_softened(mask), source.size), 0, 1)
        whole = opaque(source, np.ascontiguousarray(colours))
        made = mixed(source, whole, share) if self._keeps and share is not None else whole
        return self._cut(made, share) if self._cuts_out or _is_figure(source) else made

    def _cut(self, made: Picture, share: np.ndarray | None) -> Picture:
        """The drawn person alone, with alpha; of a shot only where somebody was replaced."""
        canvas = Canvas.of(made)
        bgr = to_bgr8(made)
        face = next(iter(self._tracker.faces(bgr)), None)
        width = _FACE_SHARE * bgr.shape[0]
        if face is not None:
            frame = FaceFrame.of(face)
            width = frame.width * frame.span_px
        matte = refined_matte(bgr, self._tracker.person_matte(bgr, face), width)
        layers = PersonLayers.by_size(canvas, matte if share is None else matte * share, width)
        return layers.cut(canvas.pixels, Warp(None), made)


def opaque(source: Picture, bgr: np.ndarray) -> Picture:
    """Colors (H, W, 3) float32 B, G, R, display-referred 0 to 1, as an opaque picture of a source's kind."""
    pixels = source.pixels
    peak = peak_of(pixels)
    values = srgb_to_linear(bgr) if pixels.dtype == np.float32 else np.rint(bgr * np.float32(peak))
    if source.alpha is not Alpha.NONE:
        values = np.concatenate([values, np.full((*values.shape[:2], 1), peak, np.float32)], axis=2)
    return replace(source, pixels=np.ascontiguousarray(values.astype(pixels.dtype)))


def mixed(source: Picture, drawn: Picture, share: np.ndarray) -> Picture:
    """A source's picture with what was drawn over it; where the share is 0 its pixels stay bit for bit.

    Args:
        drawn: of the same size and kind, opaque.
        share: (H, W) float32, 0 to 1.
    """
    old, new = source.pixels.astype(np.float32), drawn.pixels.astype(np.float32)
    if source.alpha is Alpha.STRAIGHT:
        values = _mixed_straight(old, new, share[..., None], peak_of(source.pixels))
    else:
        values = old + share[..., None] * (new - old)
    pixels = source.pixels.copy()
    whole = values if pixels.dtype == np.float32 else np.rint(values)
    np.copyto(pixels, whole.astype(pixels.dtype), where=share[..., None] > 0)
    return replace(source, pixels=pixels)


def _mixed_straight(old: np.ndarray, new: np.ndarray, share: np.ndarray, peak: float) -> np.ndarray:
    """Colors weighted by their opacity, so that what is hidden in clear pixels does not show at the seam."""
    weight = (1 - share) * old[..., 3:] / peak
    alpha = weight + share * new[..., 3:] / peak
    colour = (weight * old[..., :3] + share * new[..., 3:] / peak * new[..., :3]) / np.maximum(alpha, 1e-6)
    return np.concatenate([colour, alpha * peak], axis=2)


def _softened(mask: np.ndarray) -> np.ndarray:
    """(H, W) float32 of a mask of 0 and 1: soft at its rim, but nothing outside of it; not at the picture's edge."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _SOFT_PX + 1, 2 * _SOFT_PX + 1))
    inner = cv2.erode(mask.astype(np.float32), kernel, borderType=cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(inner, (0, 0), _SOFT_PX / 2, borderType=cv2.BORDER_REPLICATE)
    return soft * mask


def _is_figure(source: Picture) -> bool:
    """Whether the source is a figure that somebody cut out: then so is the result."""
    return source.alpha is not Alpha.NONE and is_cut_out(
        source.pixels[..., 3].astype(np.float32) / peak_of(source.pixels)
    )
