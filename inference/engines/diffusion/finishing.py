# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From drawn squares to finished frames: colors, paste-back, cut-out. All of it applies to what was drawn already."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from ...face.face import Face
from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ...media.picture import Alpha, Picture
from ..engine import FrameRequest, Quality
from ..liveportrait.colour_match import match_colours
from ..liveportrait.paste import PastePlace, paste, paste_place
from ..lost_faces import LostFaces
from ..puppet.background import person_layers
from ..puppet.colour import Canvas, peak_of
from ..puppet.warp import Warp
from .squares import SourceView, SourceViews, cut_plane

log = logging.getLogger(__name__)

_KEPT = 4
# Where drawing and source differ by more than about this, they do not show the same, and colors cannot be compared.
_ALIKE = 0.1
# Parts of the square's side by which the person is pasted beyond the matte; what counts as a person, and as nothing.
_RIM, _SURE, _TRACE = 0.02, 0.5, 0.02
# They are compared in squares of so many px.
_COMPARED_PX = 64


class Finisher:
    """Finishes the frames of one source with one choice of settings.

    Args:
        settings: of them ``feather``, ``colour_match`` and ``cut_out``.
        warnings: the session's; pictures in which the face is lost are told there.
    """

    def __init__(
        self, tracker: FaceTracker, views: SourceViews, settings: Mapping[str, object], warnings: list[str]
    ) -> None:
        self._tracker = tracker
        self._views = views
        self._feather = float(settings["feather"])  # type: ignore[arg-type]
        self._matches = bool(settings["colour_match"])
        self._cuts_out = bool(settings["cut_out"])
        self._lost = LostFaces(warnings)
        self._place_of = lru_cache(maxsize=_KEPT)(paste_place)

    def frames(
        self,
        requests: Sequence[FrameRequest],
        latents: np.ndarray,
        decode: Callable[[np.ndarray], Iterable[np.ndarray]],
    ) -> Iterator[tuple[int, Picture]]:
        """The frames of requests, each with its index. Pictures in which the face is lost are passed through.

        Args:
            latents: (n, 4, h, w), one for each request.
            decode: gives (S, S, 3) float32 R, G, B, 0 to 1, of each of such latents, as ``Pictures.decode`` does.
        """
        for request, latent in zip(requests, latents, strict=True):
            view = self._views.of(request.picture, Quality.FINAL)
            if view is None:
                if self._lost.add(request.picture):
                    log.warning("The face was lost in picture %d.", request.picture + 1)
                picture = self._views.pictures.read(request.picture)
            else:
                (drawn,) = decode(latent[None])
                picture = self.pasted(view, drawn)
            yield request.index, self._cut(picture, None if view is None else view.face) if self._cuts_out else picture

    def pasted(self, view: SourceView, drawn: np.ndarray) -> Picture:
        """A drawn square, (S, S, 3) float32 R, G, B, 0 to 1, in its picture.

        In a moving source only the person is pasted: what is drawn behind is the chosen picture's, not the frame's.
        """
        colours = matched(view, drawn) if self._matches else drawn
        place = self._place_of(view.square, view.picture.size, self._feather, len(drawn))
        whole = paste(view.picture, colours, place)
        if place is None or self._views.is_still:
            return whole
        return paste(view.picture, colours, self._on_person(view, whole, place))

    def _on_person(self, view: SourceView, whole: Picture, place: PastePlace) -> PastePlace:
        """The place without what is the background both in the source and in the drawing."""
        x0, y0, x1, y1 = place.box
        mattes = [self._tracker.person_matte(to_bgr8(one), view.face)[y0:y1, x0:x1] for one in (view.picture, whole)]
        person = np.maximum(*mattes)
        left, top, right, bottom = (int(edge) for edge in view.face.box())
        face = person[max(top - y0, 0) : max(bottom - y0, 1), max(left - x0, 0) : max(right - x0, 1)]
        if not face.size or face.mean() < _SURE:
            return place  # a figure that the network takes for no person
        reach = max(1, round(_RIM * view.square.side))
        person = cv2.dilate(person, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
        person = cv2.GaussianBlur(person, (0, 0), reach / 2)
        # A trace of a matte is none: the background stays bit for bit.
        person = np.clip((person - _TRACE) / (1 - 2 * _TRACE), 0, 1)
        return replace(place, mask=place.mask * person[..., None])

    def _cut(self, picture: Picture, face: Face | None) -> Picture:
        """The person of a finished frame alone, with alpha; ``face`` is the one in the source's picture."""
        canvas = Canvas.of(picture)
        layers = person_layers(canvas, face, self._views.chosen, self._tracker)
        return layers.cut(canvas.pixels, Warp(None), picture)


def matched(view: SourceView, drawn: np.ndarray) -> np.ndarray:
    """A drawn square, (S, S, 3) float32 R, G, B, 0 to 1, in the source's colors.

    Each frame is compared by itself, so that it is the same whichever others are finished with it, and only where it
    shows the same as the source: what has moved or opened does not count.
    """
    source = view.crop.astype(np.float32) / 255
    opacity = _opacity(view)
    difference = _small(source) - _small(drawn)
    weight = _small(opacity)
    if not (weight > 0.5).any():
        return drawn
    difference = difference - np.median(difference[weight > 0.5], axis=0)
    alike = np.exp(-np.square(np.linalg.norm(difference, axis=2) / _ALIKE)).astype(np.float32)
    alike = cv2.resize(alike, (drawn.shape[1], drawn.shape[0]), interpolation=cv2.INTER_LINEAR)
    return match_colours(source, drawn, opacity * alike).applied(drawn)


def _small(values: np.ndarray) -> np.ndarray:
    return cv2.resize(values.astype(np.float32), (_COMPARED_PX, _COMPARED_PX), interpolation=cv2.INTER_AREA)


def _opacity(view: SourceView) -> np.ndarray:
    """(S, S) float32, 0 to 1: how much of each pixel of the square shows something of the picture."""
    pixels = view.picture.pixels
    if view.picture.alpha is Alpha.NONE:
        opacity = np.ones(pixels.shape[:2], np.float32)
    else:
        opacity = np.clip(pixels[..., 3].astype(np.float32) / peak_of(pixels), 0, 1)
    return cut_plane(opacity, view.square, len(view.crop))
