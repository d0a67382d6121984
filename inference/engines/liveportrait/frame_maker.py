# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a redrawn square to a finished frame: colours, paste-back, cut-out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...face.face import Face
from ...face.tracker import FaceTracker
from ...media.picture import Alpha, Picture
from ..puppet.background import person_layers
from ..puppet.colour import Canvas, peak_of
from ..puppet.warp import Warp
from .colour_match import ColourMatch, match_colours
from .crop import Square, sample_square
from .opened import AnyModel
from .paste import PastePlace, paste, paste_place
from .source_faces import SourceFace

_KEPT = 4


class FrameMaker:
    """Finishes the frames of one source with one choice of settings."""

    def __init__(self, tracker: FaceTracker, model: AnyModel, settings: Mapping[str, object], chosen: Face) -> None:
        self._tracker = tracker
        self._model = model
        self._chosen = chosen
        self._feather = float(settings["feather"])  # type: ignore[arg-type]
        self._matches = bool(settings["colour_match"])
        self.cuts_out = bool(settings["cut_out"])
        self._match_of: dict[tuple[int, Square], ColourMatch] = {}
        self._place_of: dict[tuple[Square, tuple[int, int]], PastePlace | None] = {}

    def prepare(self, sources: list[SourceFace]) -> None:
        """Measure the colours of sources, which draws each of them once at rest."""
        new = {_identity(source): source for source in sources if _identity(source) not in self._match_of}
        if not self._matches or not new:
            return
        for source in new.values():
            at_rest = self._model.decode([source.features], source.x_s, source.x_s)[0]
            own = source.crop.astype(np.float32) / 255
            self._match_of[_identity(source)] = match_colours(own, at_rest, _inside(source))
        _forget(self._match_of, len(sources) + _KEPT)

    def finished(self, source: SourceFace, redrawn: np.ndarray) -> Picture:
        """A frame, without the cut-out.

        Args:
            redrawn: (512, 512, 3) float32 RGB, 0 to 1.
        """
        match = self._match_of.get(_identity(source)) if self._matches else None
        place = self._place(source)
        return paste(source.picture, redrawn if match is None else match.applied(redrawn), place)

    def cut(self, picture: Picture, face: Face | None) -> Picture:
        """The person of a finished frame alone, with alpha.

        Args:
            face: the face in the source's picture; None where it is lost.
        """
        canvas = Canvas.of(picture)
        layers = person_layers(canvas, face, self._chosen, self._tracker)
        return layers.cut(canvas.pixels, Warp(None), picture)

    def _place(self, source: SourceFace) -> PastePlace | None:
        key = source.square, source.picture.size
        if key not in self._place_of:
            self._place_of[key] = paste_place(source.square, source.picture.size, self._feather)
            _forget(self._place_of, _KEPT)
        return self._place_of[key]


def _identity(source: SourceFace) -> tuple[int, Square]:
    """What tells apart the sources of a session: a preview's squares differ from final frames'."""
    return source.index, source.square


def _inside(source: SourceFace) -> np.ndarray:
    """(512, 512) float32: how much of each pixel of the square shows something of the picture."""
    pixels = source.picture.pixels
    if source.picture.alpha is Alpha.NONE:
        opacity = np.ones(pixels.shape[:2], np.float32)
    else:
        opacity = np.clip(pixels[..., 3].astype(np.float32) / peak_of(pixels), 0, 1)
    return sample_square(opacity, source.square)


def _forget(kept: dict, most: int) -> None:
    while len(kept) > most:
        del kept[next(iter(kept))]
