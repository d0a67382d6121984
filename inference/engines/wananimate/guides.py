# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures that guide a section, made or corrected: skeletons, faces, masks, backgrounds: the stages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...face.picture_8bit import to_bgr8
from ...media.picture import PictureReader
from ..engine import FrameRequest
from .acting import Acting
from .canvas import DrawnCanvas
from .corrections import Corrections
from .faces import FACE_PX
from .preprocess.masks import without_person
from .shot import Shot

Told = Callable[[], None]
_WHITE = 127
# What corrected pictures should be as large as, and what becomes of others.
_FACE = "a face", "squeezed into a square"
_DRAWING = "the drawing", "fitted into it, with black borders"


@dataclass(frozen=True, eq=False)
class Guides:
    """What guides n frames.

    Attributes:
        pose: (n, H, W, 3) uint8 RGB skeletons on the canvas.
        faces: (n, 512, 512, 3) uint8 RGB.
        mask: (n, H, W) uint8, 1 where the character is drawn; None for everywhere.
        background: (n, H, W, 3) uint8 RGB, black there; None without.
    """

    pose: np.ndarray
    faces: np.ndarray
    mask: np.ndarray | None
    background: np.ndarray | None


class GuideMaker:
    """Makes what guides the frames of one source.

    Args:
        shot: whose person is replaced; None where nobody is.
        corrections: corrected pictures of the stages "pose", "face" and "mask".

    Attributes:
        warnings: a sentence on the corrected pictures of each stage whose proportions are others than those that are
            made; grows as they are read.
    """

    def __init__(
        self,
        pictures: PictureReader,
        canvas: DrawnCanvas,
        acting: Acting,
        shot: Shot | None,
        corrections: Mapping[str, Corrections],
    ) -> None:
        self._pictures = pictures
        self._canvas = canvas
        self._acting = acting
        self._shot = shot
        self._corrections = corrections
        self.warnings: dict[str, str] = {}

    def of(self, requests: Sequence[FrameRequest], told: Told) -> Guides:
        """What guides frames.

        Args:
            told: called often meanwhile; may raise to cancel.
        """
        pose, faces = self.acted(requests, told)
        if self._shot is None:
            return Guides(pose, faces, None, None)
        mask = self.masks(requests, told)
        return Guides(pose, faces, mask, np.stack(list(self._backgrounds(requests, mask, told))))

    def stage(self, name: str, requests: Sequence[FrameRequest], told: Told) -> Iterator[np.ndarray]:
        """(h, w, 3) uint8 B, G, R: a stage of frames."""
        if name in ("pose", "face"):
            shown = self.acted(requests, told)[name == "face"]
        elif name == "mask":
            shown = np.repeat(self.masks(requests, told)[..., None] * np.uint8(255), 3, axis=3)
        else:
            shown = self._backgrounds(requests, self.masks(requests, told), told)
        for picture in shown:
            yield np.ascontiguousarray(picture[..., ::-1])

    def acted(self, requests: Sequence[FrameRequest], told: Told) -> tuple[np.ndarray, np.ndarray]:
        """Skeletons and faces of frames; nothing is looked for in those that are corrected whole."""
        poses, faces = self._corrections["pose"], self._corrections["face"]
        made = [n for n, one in enumerate(requests) if one.index not in poses or one.index not in faces]
        found = self._acting.of([requests[n] for n in made], told) if made else None
        places = {n: place for place, n in enumerate(made)}
        skeletons, crops = [], []
        for n, request in enumerate(requests):
            told()
            if request.index in poses:
                skeletons.append(self._canvas.letterboxed(self._corrected("pose", request))[..., ::-1])
            else:
                assert found is not None
                skeletons.append(found[0][places[n]])
            if request.index in faces:
                crops.append(_face(self._corrected("face", request)))
            else:
                assert found is not None
                crops.append(found[1][places[n]])
        return np.stack(skeletons), np.stack(crops)

    def masks(self, requests: Sequence[FrameRequest], told: Told) -> np.ndarray:
        """(n, H, W) uint8, 1 where the character is drawn. Corrected ones are taken as they are."""
        corrected = self._corrections["mask"]
        made = [request for request in requests if request.index not in corrected]
        assert self._shot is not None
        found = iter(self._shot.masks(made, told) if made else ())
        return np.stack([
            self._corrected_mask(request) if request.index in corrected else next(found)
            for request in requests
        ])  # fmt: skip

    def close(self) -> None:
        """Close the files of corrected pictures."""
        for corrections in self._corrections.values():
            corrections.close()

    def _corrected_mask(self, request: FrameRequest) -> np.ndarray:
        return self._canvas.mask(self._corrected("mask", request).max(axis=2) > _WHITE)

    def _corrected(self, stage: str, request: FrameRequest) -> np.ndarray:
        """(h, w, 3) uint8 B, G, R: what somebody made for a frame."""
        corrections, canvas = self._corrections[stage], self._canvas
        bgr = corrections.bgr(request.index)
        if stage not in self.warnings:
            # Pictures of the source's proportions lie on the canvas as the source itself does.
            sizes = [(canvas.width, canvas.height), self._pictures.read(request.picture).size]
            face = stage == "face"
            what, how = _FACE if face else _DRAWING
            if sentence := corrections.warning(request.index, bgr, what, how, [(FACE_PX, FACE_PX)] if face else sizes):
                self.warnings[stage] = sentence
        return bgr

    def _backgrounds(self, requests: Sequence[FrameRequest], masks: np.ndarray, told: Told) -> Iterator[np.ndarray]:
        """(H, W, 3) uint8 RGB of each frame."""
        for request, mask in zip(requests, masks, strict=True):
            told()
            shown = self._canvas.letterboxed(to_bgr8(self._pictures.read(request.picture)))
            yield without_person(np.ascontiguousarray(shown[..., ::-1]), mask)


def _face(bgr: np.ndarray) -> np.ndarray:
    shrinks = bgr.shape[0] * bgr.shape[1] > FACE_PX**2
    resized = cv2.resize(bgr, (FACE_PX, FACE_PX), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.ascontiguousarray(resized[..., ::-1])
