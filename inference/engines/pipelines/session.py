# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pipeline's engine opened on a picture and a clip: what all such engines share. Networks are loaded when needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from ...errors import ErrorCode, TalkingHeadError
from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ...film import Section
from ...media.picture import Picture, PictureReader
from ...source import FaceChoice
from ..description import EngineDescription
from ..engine import Drawn, DrivingClip, FrameRequest, Notes, Quality
from ..video.opened import OpenedVideo
from ..video.segments import drawn_frames, latent_frames, ping_pong
from ..wananimate.canvas import DrawnCanvas
from ..wananimate.finishing import Finisher, opaque
from .adapter import SectionAsk
from .drawing import Drawing


@dataclass(frozen=True)
class Parts:
    """What a session works with.

    Attributes:
        drawing: gives the networks and the warnings about their files; called when they are first needed.
        clip: the clip that acts; None without.
        notes: where rows of prompts are kept; None for nowhere.
    """

    description: EngineDescription
    tracker: FaceTracker
    drawing: Callable[[], tuple[Drawing, Sequence[str]]]
    clip: DrivingClip | None
    notes: Notes | None


class PipelineSession(OpenedVideo[Drawing]):
    """Films of a picture's person who does what a clip's actor does; see ``engine.ChainSession``.

    Attributes:
        warnings: sentences about model files that the user should read.
    """

    def __init__(
        self, parts: Parts, pictures: PictureReader, choice: FaceChoice, settings: Mapping[str, object]
    ) -> None:
        super().__init__(parts.description, settings, parts.drawing)
        self._parts = parts
        self._picture = pictures.read(choice.picture)
        self._canvas = DrawnCanvas.of(self._picture.size, self._whole("size"))
        finishing = {"mode": "animate", "keep_background": False, "cut_out": settings["cut_out"]}
        self._finisher = Finisher(parts.tracker, self._canvas, finishing)

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The clip, where the picture is: what will be done."""
        wanted = list(requests)
        for request, rgb in zip(wanted, self._acted(wanted), strict=True):
            drawn = self._canvas.taken(rgb[..., ::-1].astype(np.float32) / 255, self._picture.size)
            yield request.index, opaque(self._picture, np.clip(drawn, 0, 1))

    def draw(
        self, section: Section, requests: Sequence[FrameRequest], before: Drawn | None, told: Callable[[int], None]
    ) -> Drawn:
        """Draw a section; see ``OpenedVideo`` for what is kept.

        Raises:
            TalkingHeadError: INVALID_REQUEST without a clip; what reading and running the networks raises.
        """
        clip = self._acted(requests)
        clip = clip[ping_pong(len(clip), drawn_frames(len(clip)))]
        drawing = self._networks()
        latents = latent_frames(len(clip)) + drawing.adapter.extra_latents
        ask = SectionAsk(
            picture=self._letterboxed(self._picture),
            clip=clip,
            known=None if before is None else self._carried(section, before),
            texts=drawing.texts(self._parts.notes, drawing.adapter.prompts(self._settings)),
            steps=self._whole("steps"),
            guidance=self._number("guidance"),
            solver=str(self._settings["solver"]),
            shift=self._number("shift"),
            noise=self._noise(section, latents, self._canvas.height, self._canvas.width, self._parts.description.name),
        )
        return self._left(section, drawing.draw(ask, told), before, lambda: told(self.steps(section)))

    def finish(
        self, section: Section, requests: Sequence[FrameRequest], drawn: Drawn, told: Callable[[], None]
    ) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, decoded, at the picture's size."""
        for request, rgb in self._frames(section, requests, drawn, told):
            yield request.index, self._finisher.finished(self._picture, rgb, None)

    @property
    def _size(self) -> tuple[int, int]:
        return self._canvas.height, self._canvas.width

    def _acted(self, requests: Sequence[FrameRequest]) -> np.ndarray:
        """(n, height, width, 3) uint8 RGB: the clip at each frame, on the canvas."""
        clip = self._parts.clip
        if clip is None:
            raise TalkingHeadError(
                ErrorCode.INVALID_REQUEST,
                f"{self._parts.description.label} needs a driving clip.",
                "Choose a movie strip that acts; without one nothing moves.",
            )
        positions = [0.0 if request.driving is None else request.driving.position for request in requests]
        places = [min(max(int(np.floor(position + 0.5)), 0), len(clip) - 1) for position in positions]
        with closing(clip.pictures(sorted(set(places)))) as reader:
            return np.stack([self._letterboxed(reader.read(place)) for place in places])

    def _letterboxed(self, picture: Picture) -> np.ndarray:
        """(height, width, 3) uint8 RGB."""
        return np.ascontiguousarray(self._canvas.letterboxed(to_bgr8(picture))[..., ::-1])
