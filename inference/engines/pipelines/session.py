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
from ..diffusion.noise import frame_noise
from ..engine import Drawn, DrivingClip, FrameRequest, Notes, Quality
from ..video.colours import ColourShift
from ..video.segments import drawn_frames, latent_frames, ping_pong
from ..wananimate.canvas import DrawnCanvas
from ..wananimate.finishing import Finisher, opaque
from .adapter import SectionAsk
from .drawing import Drawing

_CHANNELS, _SCALE = 16, 8


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


class PipelineSession:
    """Films of a picture's person who does what a clip's actor does; see ``engine.ChainSession``.

    Attributes:
        warnings: sentences about model files that the user should read.
    """

    def __init__(
        self, parts: Parts, pictures: PictureReader, choice: FaceChoice, settings: Mapping[str, object]
    ) -> None:
        self.warnings: list[str] = []
        self._parts, self._pictures, self._choice, self._settings = parts, pictures, choice, settings
        self._picture = pictures.read(choice.picture)
        self._canvas = DrawnCanvas.of(self._picture.size, self._whole("size"))
        finishing = {"mode": "animate", "keep_background": False, "cut_out": settings["cut_out"]}
        self._finisher = Finisher(parts.tracker, self._canvas, finishing)
        self._drawing: Drawing | None = None
        self._kept: tuple[bytes, np.ndarray] | None = None

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The clip, where the picture is: what will be done."""
        wanted = list(requests)
        for request, rgb in zip(wanted, self._acted(wanted), strict=True):
            drawn = self._canvas.taken(rgb[..., ::-1].astype(np.float32) / 255, self._picture.size)
            yield request.index, opaque(self._picture, np.clip(drawn, 0, 1))

    def steps(self, section: Section) -> int:
        """Those of the setting, whatever the section's length."""
        return self._whole("steps")

    def draw(
        self, section: Section, requests: Sequence[FrameRequest], before: Drawn | None, told: Callable[[int], None]
    ) -> Drawn:
        """Draw a section.

        Returns:
            "latents" (16, T, h, w) float32; "tail" (carried, 3, H, W) float16 RGB, -1 to 1, the last frames as they are
            carried over; "colours" (2, 3) float32, what is done to the colors of all its frames.

        Raises:
            TalkingHeadError: INVALID_REQUEST without a clip; what reading and running the networks raises.
        """
        clip = self._acted(requests)
        clip = clip[ping_pong(len(clip), drawn_frames(len(clip)))]
        drawing = self._networks()
        ask = SectionAsk(
            picture=self._letterboxed(self._picture),
            clip=clip,
            known=None if before is None else _carried(before, section.before),
            texts=drawing.texts(self._parts.notes, drawing.adapter.prompts(self._settings)),
            steps=self._whole("steps"),
            guidance=self._number("guidance"),
            solver=str(self._settings["solver"]),
            shift=self._number("shift"),
            noise=self._noise(section, latent_frames(len(clip)) + drawing.adapter.extra_latents),
        )
        latents = drawing.draw(ask, told)
        return self._left(section, latents, before, lambda: told(self.steps(section)))

    def finish(self, section: Section, requests: Sequence[FrameRequest], drawn: Drawn) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, decoded, at the picture's size."""
        video = self._decoded(np.asarray(drawn["latents"]))
        shift = ColourShift.of_array(np.asarray(drawn["colours"]))
        for request in requests:
            place = request.index - section.frames.start
            frame = shift.applied(video[:, place : place + 1])[:, 0]
            yield request.index, self._finisher.finished(self._picture, (frame.transpose(1, 2, 0) + 1) / 2, None)

    def stage(self, name: str, requests: Sequence[FrameRequest]) -> Iterator[tuple[int, Picture]]:
        """There are no stages.

        Raises:
            TalkingHeadError: INVALID_REQUEST.
        """
        label = self._parts.description.label
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"{label} has no helper pictures '{name}'.", "Draw the film itself."
        )

    def close(self) -> None:
        """Free what the session holds."""
        self._drawing = self._kept = None

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

    def _noise(self, section: Section, latents: int) -> np.ndarray:
        """(16, latents, h, w) float32; a section that gets longer keeps the noise of what it had."""
        shape = (_CHANNELS, self._canvas.height // _SCALE, self._canvas.width // _SCALE)
        name, seed = self._parts.description.name, self._whole("seed")
        streams = [frame_noise(seed, section.number, shape, f"{name} {k}").numpy() for k in range(latents)]
        return np.stack(streams, axis=1)

    def _left(self, section: Section, latents: np.ndarray, before: Drawn | None, told: Callable[[], None]) -> Drawn:
        """What is kept of a drawn section."""
        video = self._decoded(latents, told)[:, : len(section.frames)]
        shift = ColourShift.none()
        if before is not None and self._settings["steady_colours"]:
            known = _carried(before, section.before).swapaxes(0, 1)
            shift = ColourShift.between(video[:, : section.before], known)
        last = shift.applied(video[:, -self._whole("carried") :])
        tail = np.ascontiguousarray(last.swapaxes(0, 1)).astype(np.float16)
        return {"latents": latents, "tail": tail, "colours": shift.array()}

    def _decoded(self, latents: np.ndarray, told: Callable[[], None] = lambda: None) -> np.ndarray:
        """(3, n, H, W) float32 RGB, -1 to 1; what was decoded last is kept, since sections are finished when drawn."""
        key = np.ascontiguousarray(latents).tobytes()
        if self._kept is None or self._kept[0] != key:
            self._kept = None  # so that never two are held
            self._kept = key, self._networks().decode(latents, told)
        return self._kept[1]

    def _networks(self) -> Drawing:
        if self._drawing is None:
            self._drawing, warnings = self._parts.drawing()
            self.warnings += [sentence for sentence in warnings if sentence not in self.warnings]
        return self._drawing

    def _whole(self, name: str) -> int:
        return int(str(self._settings[name]))

    def _number(self, name: str) -> float:
        return float(str(self._settings[name]))


def _carried(before: Drawn, count: int) -> np.ndarray:
    """(count, 3, H, W) float32: the last frames of the section before."""
    return np.asarray(before["tail"])[-count:].astype(np.float32)
