# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the networks drew to a finished frame: at the source's resolution, pasted back, cut out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...face.face import Face
from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ...media.picture import Picture
from ..engine import Quality
from ..puppet.background import PersonLayers, is_cut_out
from ..puppet.colour import Canvas
from ..puppet.frame import FaceFrame
from ..puppet.matting import refined_matte
from ..puppet.warp import Warp
from .area import Area
from .full_resolution import composed, plain
from .paste import pasted
from .sources import SourceView

# How large a face is about, in parts of an area whose face is not known.
_FACE_SHARE = 0.15
# A matte of less than this part of the picture shows nobody.
_NOBODY = 0.002


@dataclass(frozen=True, eq=False)
class DrawnSquare:
    """One frame as the networks drew it; see ``model.Drawn``."""

    picture: np.ndarray
    flow: np.ndarray
    occlusion: np.ndarray


class FrameMaker:
    """Finishes the frames of one source with one choice of settings.

    Attributes:
        cuts_out: whether the person alone is wanted.
        lacks_person: nobody was found who could be cut out.
    """

    def __init__(self, tracker: FaceTracker, settings: Mapping[str, object]) -> None:
        self.cuts_out = bool(settings["cut_out"])
        self.lacks_person = False
        self._tracker = tracker
        self._feather = float(settings["feather"])  # type: ignore[arg-type]
        self._own_pixels = settings["resolution"] == "source"

    def finished(self, view: SourceView, drawn: DrawnSquare, quality: Quality) -> Picture:
        """A frame, without the cut-out."""
        if self._own_pixels:
            composition = composed(
                drawn.picture, drawn.flow, drawn.occlusion, view.crop, view.area, view.picture.size
            )  # fmt: skip
        else:
            composition = plain(drawn.picture, drawn.flow)
        return pasted(view.picture, view.area, composition, self._feather, quality)

    def cut(self, picture: Picture, face: Face | None, area: Area) -> Picture:
        """The person of a finished frame alone, with alpha.

        Args:
            face: the face in the source's picture; None where it is lost or not looked for.
            area: what is animated.
        """
        canvas = Canvas.of(picture)
        width = _FACE_SHARE * area.height
        if face is not None:
            frame = FaceFrame.of(face)
            width = frame.width * frame.span_px
        layers = PersonLayers.by_size(canvas, self._matte(canvas, face, width), width)
        return layers.cut(canvas.pixels, Warp(None), picture)

    def _matte(self, canvas: Canvas, face: Face | None, face_width: float) -> np.ndarray:
        pixels = canvas.pixels
        if pixels.shape[2] == 4 and is_cut_out(pixels[..., 3] / canvas.peak):
            return np.ones(pixels.shape[:2], np.float32)
        bgr = to_bgr8(canvas.picture)
        matte = refined_matte(bgr, self._tracker.person_matte(bgr, face), face_width)
        self.lacks_person |= bool(matte.mean() < _NOBODY)
        return matte
