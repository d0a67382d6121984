# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a driving clip is asked for, as plain data: which face, from where, relative to which frame."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from .errors import ErrorCode, TalkingHeadError
from .performance import parse_rate
from .source import FaceChoice, Source, absolute, relative

AUTOMATIC = -1
DEFAULT_SMOOTHING = 0.5
# A driving template: motion that LivePortrait found earlier, without pictures.
TEMPLATE_SUFFIX = ".pkl"


def is_template(name: str) -> bool:
    """Whether a file is a driving template, by its name."""
    return name.lower().endswith(TEMPLATE_SUFFIX)


@dataclass(frozen=True)
class CaptureSpec:
    """A face to be tracked through a clip.

    Attributes:
        source: the clip.
        face: which face; ``face.picture`` is the picture on which ``face.index`` counts the faces, largest first.
        neutral: picture index on which the actor's face rests, from which all motion is measured; AUTOMATIC finds one.
        smoothing: 0 (none) to 1 (strong).
        rate: pictures a second of a sequence of stills; None for a movie, which knows its own.
        whole: no face is looked for: the clip is shown whole to an engine that animates more than faces.
    """

    source: Source
    face: FaceChoice = field(default_factory=FaceChoice)
    neutral: int = AUTOMATIC
    smoothing: float = DEFAULT_SMOOTHING
    rate: Fraction | None = None
    whole: bool = False

    def __post_init__(self) -> None:
        if self.neutral < AUTOMATIC:
            raise _invalid("the neutral picture is negative")
        if not 0 <= self.smoothing <= 1:
            raise _invalid("smoothing must be from 0 to 1")

    @property
    def is_template(self) -> bool:
        """Whether the clip is a driving template."""
        return is_template(self.source.files[0])

    def to_dict(self, base: Path | None = None) -> dict[str, object]:
        """JSON form."""
        return {
            "source": self.source.to_dict(base),
            "face": self.face.to_dict(),
            "neutral": self.neutral,
            "smoothing": self.smoothing,
            "rate": str(self.rate) if self.rate else "",
            "whole": self.whole,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object], base: Path | None = None) -> CaptureSpec:
        """Read the JSON form.

        Raises:
            TalkingHeadError: INVALID_REQUEST.
        """
        try:
            return cls(
                source=Source.from_dict(_object(data.get("source")), base),
                face=FaceChoice.from_dict(_object(data.get("face"))),
                neutral=int(data.get("neutral", AUTOMATIC)),  # type: ignore[call-overload]
                smoothing=float(data.get("smoothing", DEFAULT_SMOOTHING)),  # type: ignore[arg-type]
                rate=parse_rate(data["rate"]) if data.get("rate") else None,
                whole=data.get("whole") is True,
            )
        except (TypeError, ValueError, OverflowError) as error:
            raise _invalid(str(error)) from error


@dataclass(frozen=True)
class ExactMotion:
    """The actor's own motion, frame by frame of a job, instead of those sliders' share.

    Engines that take landmark motion get that of mouth and brows; ``head`` and ``eyes`` are 0 then. Engines that take a
    driving video are shown the clip itself, and all four count.

    Attributes:
        capture: the driving clip.
        positions: place in the clip of each frame, in pictures and parts of one; None where the clip shows nothing.
        mouth, brows, head, eyes: strength of each frame, 0 to 2; () for ``head`` and ``eyes`` means 0 throughout.
    """

    capture: CaptureSpec
    positions: tuple[float | None, ...]
    mouth: tuple[float, ...]
    brows: tuple[float, ...]
    head: tuple[float, ...] = ()
    eyes: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for name in ("head", "eyes"):
            if not getattr(self, name):
                object.__setattr__(self, name, (0.0,) * len(self.positions))
        strengths = (self.mouth, self.brows, self.head, self.eyes)
        if any(len(values) != len(self.positions) for values in strengths):
            raise _invalid("positions and strengths must be as many as frames")
        numbers = [*(p for p in self.positions if p is not None), *(value for values in strengths for value in values)]
        if not all(math.isfinite(number) and number >= 0 for number in numbers):
            raise _invalid("positions and strengths must be numbers from 0 on")

    def __len__(self) -> int:
        return len(self.positions)

    def to_dict(self, base: Path | None = None) -> dict[str, object]:
        """JSON form."""
        return {
            "capture": self.capture.to_dict(base),
            "positions": list(self.positions),
            "mouth": list(self.mouth),
            "brows": list(self.brows),
            "head": list(self.head),
            "eyes": list(self.eyes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object], base: Path | None = None) -> ExactMotion:
        """Read the JSON form.

        Raises:
            TalkingHeadError: INVALID_REQUEST.
        """
        try:
            positions = tuple(None if p is None else float(p) for p in data["positions"])  # type: ignore[attr-defined]
            mouth = tuple(float(value) for value in data["mouth"])  # type: ignore[attr-defined]
            brows = tuple(float(value) for value in data["brows"])  # type: ignore[attr-defined]
            head = tuple(float(value) for value in data.get("head", ()))  # type: ignore[attr-defined]
            eyes = tuple(float(value) for value in data.get("eyes", ()))  # type: ignore[attr-defined]
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise _invalid(f"exact motion: {error}") from error
        return cls(CaptureSpec.from_dict(_object(data.get("capture")), base), positions, mouth, brows, head, eyes)


@dataclass(frozen=True)
class ExactSpeech:
    """A sound that an engine listens to itself, frame by frame of a job, instead of the mouth's sliders' share.

    Attributes:
        sound: path of a sound file, or of a movie with sound.
        times_s: place in the sound of each frame; None where it is not heard.
        strengths: of each frame, 0 to 2.
        zero: from where ``times_s`` count: "sound", the first sample, or "picture", the first picture of a movie, as in
            the request ``speak``.
    """

    sound: str
    times_s: tuple[float | None, ...]
    strengths: tuple[float, ...]
    zero: str = "sound"

    def __post_init__(self) -> None:
        if self.zero not in ("sound", "picture"):
            raise _unheard("'zero' must be 'sound' or 'picture'")
        if len(self.strengths) != len(self.times_s):
            raise _unheard("times and strengths must be as many as frames")
        numbers = [*(time for time in self.times_s if time is not None), *self.strengths]
        if not self.sound or not all(math.isfinite(number) and number >= 0 for number in numbers):
            raise _unheard("times and strengths must be numbers from 0 on")

    def __len__(self) -> int:
        return len(self.times_s)

    def to_dict(self, base: Path | None = None) -> dict[str, object]:
        """JSON form."""
        return {
            "sound": relative(self.sound, base),
            "times_s": list(self.times_s),
            "strengths": list(self.strengths),
            "zero": self.zero,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object], base: Path | None = None) -> ExactSpeech:
        """Read the JSON form.

        Raises:
            TalkingHeadError: INVALID_REQUEST.
        """
        try:
            times_s = tuple(None if time is None else float(time) for time in data["times_s"])  # type: ignore[attr-defined]
            strengths = tuple(float(value) for value in data["strengths"])  # type: ignore[attr-defined]
            sound, zero = absolute(str(data["sound"]), base), str(data.get("zero", "sound"))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise _unheard(str(error)) from error
        return cls(sound, times_s, strengths, zero)


def _unheard(details: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST, f"The driving sound cannot be used: {details}.", "Choose the sound again."
    )


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _invalid("an object is missing")
    return value


def _invalid(details: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST, f"The driving clip cannot be used: {details}.", "Choose the clip again."
    )
