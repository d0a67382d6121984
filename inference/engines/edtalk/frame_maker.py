# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a redrawn square to a finished frame: colours, paste-back, cut-out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from ...face.face import Face
from ...face.tracker import FaceTracker
from ...media.picture import Alpha, Picture
from ..liveportrait.colour_match import ColourMatch, match_colours
from ..liveportrait.crop import sample_square
from ..liveportrait.paste import paste, paste_place
from ..puppet.background import person_layers
from ..puppet.colour import Canvas, peak_of
from ..puppet.warp import Warp
from .crop import NETWORK_PX
from .source_faces import Networks, SourceFace
from .weights import Weights

_KEPT = 4


class FrameMaker:
    """Finishes the frames of one source with one choice of settings."""

    def __init__(self, tracker: FaceTracker, model: Networks, settings: Mapping[str, object], chosen: Face) -> None:
        self._tracker = tracker
        self._model = model
        self._chosen = chosen
        self._feather = float(settings["feather"])  # type: ignore[arg-type]
        self._matches = bool(settings["colour_match"])
        self.cuts_out = bool(settings["cut_out"])
        self._match: ColourMatch | None = None
        # Frames are finished in several threads; this cache may be used by all of them.
        self._place_of = lru_cache(maxsize=_KEPT)(paste_place)

    @property
    def lacks_colours(self) -> bool:
        """Whether colours are matched and were not measured yet."""
        return self._matches and self._match is None

    def measure_colours(self, reference: SourceFace) -> None:
        """Measure what takes redrawn squares to the source's colours, on one of its pictures, redrawn at rest.

        Once for all pictures of a source: it is the networks' own bias, and would cost a second redraw for each.
        """
        at_rest = self._model.decode(reference.code, Weights.of_rows(reference.own[None]))[0]
        self._match = match_colours(reference.crop.astype(np.float32) / 255, at_rest, _inside(reference))

    def finished(self, source: SourceFace, redrawn: np.ndarray) -> Picture:
        """A frame, without the cut-out.

        Args:
            redrawn: (256, 256, 3) float32 RGB, 0 to 1.
        """
        matched = redrawn if self._match is None else self._match.applied(redrawn)
        place = self._place_of(source.square, source.picture.size, self._feather, NETWORK_PX)
        return paste(source.picture, matched, place)

    def cut(self, picture: Picture, face: Face | None) -> Picture:
        """The person of a finished frame alone, with alpha.

        Args:
            face: the face in the source's picture; None where it is lost.
        """
        canvas = Canvas.of(picture)
        layers = person_layers(canvas, face, self._chosen, self._tracker)
        return layers.cut(canvas.pixels, Warp(None), picture)


def _inside(source: SourceFace) -> np.ndarray:
    """(256, 256) float32: how much of each pixel of the square shows something of the picture."""
    pixels = source.picture.pixels
    if source.picture.alpha is Alpha.NONE:
        opacity = np.ones(pixels.shape[:2], np.float32)
    else:
        opacity = np.clip(pixels[..., 3].astype(np.float32) / peak_of(pixels), 0, 1)
    return sample_square(opacity, source.square, NETWORK_PX)
