# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OmniAvatar opened on one portrait. Networks are loaded when the first section is drawn."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...errors import ErrorCode, TalkingHeadError
from ...face.tracker import FaceTracker
from ...film import Section
from ...media.picture import Picture, PictureReader
from ...source import FaceChoice
from ..engine import Drawn, DrivingSound, FrameRequest, Notes, Quality
from ..video.segments import drawn_frames, ping_pong
from .description import LEAD_FRAMES, OMNIAVATAR
from .listening import Listener
from .portrait import Portrait
from .sizes import PUBLISHED_TOKENS, frames_at_once

if TYPE_CHECKING:
    from .drawing import Drawing

log = logging.getLogger(__name__)

# Fewer frames than that are not drawn together.
_LEAST = 5


@dataclass(frozen=True)
class Parts:
    """What a session works with.

    Attributes:
        drawing: gives the networks and the warnings about their files; called when they are first needed.
        sound: the sound that speaks; None without.
        notes: where the prompts' rows are kept; None for nowhere.
    """

    tracker: FaceTracker
    drawing: Callable[[], tuple[Drawing, Sequence[str]]]
    sound: DrivingSound | None
    notes: Notes | None


class OmniAvatarSession:
    """Films of one portrait; see ``engine.ChainSession``.

    Attributes:
        warnings: sentences about settings and model files that the user should read.
    """

    def __init__(
        self, parts: Parts, pictures: PictureReader, choice: FaceChoice, settings: Mapping[str, object]
    ) -> None:
        self.warnings: list[str] = []
        self._parts = parts
        self._settings = settings
        picture = pictures.read(choice.picture)
        self._portrait = Portrait(parts.tracker, picture, str(settings["size"]), bool(settings["cut_out"]))
        self._drawing: Drawing | None = None
        self._kept: tuple[str, np.ndarray] | None = None
        self._warn_of_length()

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The portrait: it has no sliders, and what it will do only its networks know."""
        for request in requests:
            yield request.index, self._portrait.resting()

    def steps(self, section: Section) -> int:
        """Those of the setting, whatever the section's length."""
        return self._whole("steps")

    def draw(
        self, section: Section, requests: Sequence[FrameRequest], before: Drawn | None, told: Callable[[int], None]
    ) -> Drawn:
        """Draw a section.

        Returns:
            "latents" (16, T, h, w) float32; "tail" (overlap, 3, H, W) float16 RGB, -1 to 1, the last frames as they are
            carried over; "colours" (2, 3) float32, what is done to the colors of all its frames.

        Raises:
            TalkingHeadError: INVALID_REQUEST without a sound; what reading and running the networks raises.
        """
        from ..diffusion.noise import frame_noise
        from .sampling import SectionAsk

        drawing = self._networks()
        audio = self._audio(section, requests)
        frames = len(audio)
        text, negative = drawing.texts(self._parts.notes, self._prompts())
        known = self._image if before is None else drawing.encode(_carried(before), lambda: told(0))
        size = drawing.latent_size(frames, self._portrait.height, self._portrait.width)
        ask = SectionAsk(
            image=self._image,
            known=known,
            audio=audio,
            text=text,
            negative=negative,
            steps=self._whole("steps"),
            guidance=self._number("guidance"),
            audio_guidance=self._number("audio_guidance"),
            shift=self._number("shift"),
            noise=frame_noise(self._whole("seed"), section.number, size, "start").numpy(),
        )
        latents = drawing.draw(ask, told)
        return self._left(section, latents, before, lambda: told(self.steps(section)))

    def finish(self, section: Section, requests: Sequence[FrameRequest], drawn: Drawn) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, decoded, at the portrait's size."""
        from ..video.colours import ColourShift

        video = self._decoded(np.asarray(drawn["latents"]))
        shift = ColourShift.of_array(np.asarray(drawn["colours"]))
        for request in requests:
            place = request.index - section.frames.start + _lead(section)
            yield request.index, self._portrait.finished(shift.applied(video[:, place : place + 1])[:, 0])

    def stage(self, name: str, requests: Sequence[FrameRequest]) -> Iterator[tuple[int, Picture]]:
        """There are no stages.

        Raises:
            TalkingHeadError: INVALID_REQUEST.
        """
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"{OMNIAVATAR.label} has no helper pictures '{name}'.", "Draw the film itself."
        )

    def close(self) -> None:
        """Free what the session holds."""
        self._drawing = None
        self._kept = None

    @cached_property
    def _listener(self) -> Listener:
        sound = self._parts.sound
        if sound is None:
            raise TalkingHeadError(
                ErrorCode.INVALID_REQUEST,
                f"{OMNIAVATAR.label} needs a sound to speak.",
                "Add a sound strip as driver; silence will do for a portrait that listens.",
            )
        return Listener(sound, lambda: self._networks().hearing)

    @cached_property
    def _image(self) -> np.ndarray:
        """(16, 1, h, w) float32 latents of the portrait."""
        return self._networks().encode(self._portrait.frame())

    def _audio(self, section: Section, requests: Sequence[FrameRequest]) -> np.ndarray:
        """(n, width) float32: what is heard in each frame that is drawn, n = 4k + 1."""
        heard = self._listener.at([request.speech for request in requests])
        if _lead(section):
            heard = np.concatenate([self._listener.lead(LEAD_FRAMES), heard])
        return heard[ping_pong(len(heard), drawn_frames(len(heard), _LEAST))]

    def _prompts(self) -> tuple[str, str]:
        from .prompts import NEGATIVE, PROMPT

        prompt, negative = str(self._settings["prompt"]).strip(), str(self._settings["negative"]).strip()
        return prompt or PROMPT, negative or NEGATIVE

    def _left(self, section: Section, latents: np.ndarray, before: Drawn | None, told: Callable[[], None]) -> Drawn:
        """What is kept of a section."""
        from ..video.colours import ColourShift

        video = self._decoded(latents, told)
        shift = ColourShift.none()
        if before is not None and self._settings["steady_colours"]:
            carried = _carried(before)
            shift = ColourShift.between(video[:, : carried.shape[1]], carried)
        end = _lead(section) + len(section.frames)
        tail = shift.applied(video[:, max(end - self._overlap, 0) : end])
        return {
            "latents": latents,
            "tail": np.ascontiguousarray(tail.transpose(1, 0, 2, 3)).astype(np.float16),
            "colours": shift.array(),
        }

    def _decoded(self, latents: np.ndarray, told: Callable[[], None] = lambda: None) -> np.ndarray:
        """(3, n, H, W) float32 RGB, -1 to 1; that of the last latents is remembered, as drawing needs it as well."""
        key = hashlib.blake2b(np.ascontiguousarray(latents).tobytes(), digest_size=16).hexdigest()
        if self._kept is None or self._kept[0] != key:
            self._kept = None
            self._kept = key, self._networks().decode(latents, told)
        return self._kept[1]

    def _networks(self) -> Drawing:
        if self._drawing is None:
            self._drawing, warnings = self._parts.drawing()
            self._warn(*warnings)
        return self._drawing

    @property
    def _overlap(self) -> int:
        return int(str(self._settings["overlap"]))

    def _warn_of_length(self) -> None:
        most = frames_at_once(PUBLISHED_TOKENS, self._portrait.height, self._portrait.width)
        if self._whole("frames_at_once") > most:
            self._warn(
                f"More than {most} Frames at Once were not foreseen at {self._portrait.width} x"
                f" {self._portrait.height} px; they need more memory, and the motion may repeat."
            )

    def _whole(self, name: str) -> int:
        return int(self._settings[name])  # type: ignore[call-overload]

    def _number(self, name: str) -> float:
        return float(self._settings[name])  # type: ignore[arg-type]

    def _warn(self, *sentences: str) -> None:
        for sentence in sentences:
            if sentence not in self.warnings:
                self.warnings.append(sentence)
                log.warning(sentence)


def _lead(section: Section) -> int:
    """Frames that are drawn before a section's own."""
    return 0 if section.needs else LEAD_FRAMES


def _carried(before: Drawn) -> np.ndarray:
    """(3, overlap, H, W) float32 RGB, -1 to 1."""
    return np.ascontiguousarray(np.asarray(before["tail"], np.float32).transpose(1, 0, 2, 3))
