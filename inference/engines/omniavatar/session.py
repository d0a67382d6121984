# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OmniAvatar opened on one portrait. Networks are loaded when the first section is drawn."""

from __future__ import annotations

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
from ..video.opened import OpenedVideo
from ..video.segments import drawn_frames, ping_pong
from .description import LEAD_FRAMES, OMNIAVATAR
from .listening import Listener
from .portrait import Portrait
from .sizes import PUBLISHED_TOKENS, frames_at_once

if TYPE_CHECKING:
    from .drawing import Drawing

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


class OmniAvatarSession(OpenedVideo["Drawing"]):
    """Films of one portrait; see ``engine.ChainSession``.

    Attributes:
        warnings: sentences about settings and model files that the user should read.
    """

    def __init__(
        self, parts: Parts, pictures: PictureReader, choice: FaceChoice, settings: Mapping[str, object]
    ) -> None:
        super().__init__(OMNIAVATAR, settings, parts.drawing)
        self._parts = parts
        picture = pictures.read(choice.picture)
        self._portrait = Portrait(parts.tracker, picture, str(settings["size"]), bool(settings["cut_out"]))
        self._warn_of_length()

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The portrait: it has no sliders, and what it will do only its networks know."""
        for request in requests:
            yield request.index, self._portrait.resting()

    def draw(
        self, section: Section, requests: Sequence[FrameRequest], before: Drawn | None, told: Callable[[int], None]
    ) -> Drawn:
        """Draw a section; see ``OpenedVideo`` for what is kept.

        Raises:
            TalkingHeadError: INVALID_REQUEST without a sound; what reading and running the networks raises.
        """
        from ..diffusion.noise import frame_noise
        from .sampling import SectionAsk

        drawing = self._networks()
        audio = self._audio(section, requests, lambda: told(0))
        frames = len(audio)
        text, negative = drawing.texts(self._parts.notes, self._prompts())
        known = self._image if before is None else drawing.encode(self._known(section, before), lambda: told(0))
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
        return self._left(section, latents, before, lambda: told(self.steps(section)), lead=_lead(section))

    def finish(
        self, section: Section, requests: Sequence[FrameRequest], drawn: Drawn, told: Callable[[], None]
    ) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, decoded, at the portrait's size."""
        for request, rgb in self._frames(section, requests, drawn, told, lead=_lead(section)):
            yield request.index, self._portrait.finished(rgb)

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

    @property
    def _size(self) -> tuple[int, int]:
        return self._portrait.height, self._portrait.width

    def _audio(self, section: Section, requests: Sequence[FrameRequest], told: Callable[[], None]) -> np.ndarray:
        """(n, width) float32: what is heard in each frame that is drawn, n = 4k + 1."""
        heard = self._listener.at([request.speech for request in requests], told)
        if _lead(section):
            heard = np.concatenate([self._listener.lead(LEAD_FRAMES, told), heard])
        return heard[ping_pong(len(heard), drawn_frames(len(heard), _LEAST))]

    def _known(self, section: Section, before: Drawn) -> np.ndarray:
        """(3, n, H, W) float32 RGB, -1 to 1: the frames that the section begins with."""
        return np.ascontiguousarray(self._carried(section, before).swapaxes(0, 1))

    def _prompts(self) -> tuple[str, str]:
        from .prompts import NEGATIVE, PROMPT

        prompt, negative = str(self._settings["prompt"]).strip(), str(self._settings["negative"]).strip()
        return prompt or PROMPT, negative or NEGATIVE

    def _warn_of_length(self) -> None:
        most = frames_at_once(PUBLISHED_TOKENS, self._portrait.height, self._portrait.width)
        if self._whole("frames_at_once") > most:
            self._warn(
                f"More than {most} Frames at Once were not foreseen at {self._portrait.width} x"
                f" {self._portrait.height} px; they need more memory, and the motion may repeat."
            )


def _lead(section: Section) -> int:
    """Frames that are drawn before a section's own."""
    return 0 if section.needs else LEAD_FRAMES
