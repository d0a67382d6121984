# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drives a strip, as the worker is asked for it: files, face, transcript, and how they lie in time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy

from ...inference.acting import AUTOMATIC, CaptureSpec, is_template
from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.source import FaceChoice, Source, SourceKind
from .. import compat
from ..strips import folders, lookup, prerender, sources
from ..strips.sampling import scene_rate
from ..strips.sources import Rendering, StripSource
from . import driver_strips, driver_time
from .driver_strips import Part
from .driver_time import DriverTime, FileTime, PictureTime, SoundStripTime


@dataclass(frozen=True)
class Prerendering:
    """Pictures that Blender must render before a driver can be read.

    Attributes:
        strip: name of the driving strip.
        rendering: how.
        planned: where its pictures go.
        decided_by: what decides them, as far as the strip's properties tell.
    """

    strip: str
    rendering: Rendering
    planned: StripSource
    decided_by: tuple[object, ...]


@dataclass(frozen=True)
class Mixdown:
    """Sound that Blender must write to a file before a driver can be read.

    Attributes:
        strip: name of the driving strip.
        path: where it goes.
        decided_by: what decides it besides the strip's file.
    """

    strip: str
    path: Path
    decided_by: tuple[object, ...]


@dataclass(frozen=True)
class Medium:
    """A driver as the worker is asked for it.

    Attributes:
        part: what it drives.
        name: its strip's name, or its file's.
        files: paths that decide what is read.
        time: how it lies in time.
        spec: the clip; None for speech.
        transcript: what is said; "" for a clip.
        prerendering: what Blender must render first, or None.
        mixdown: what Blender must mix first, or None.
    """

    part: Part
    name: str
    files: tuple[str, ...]
    time: DriverTime
    spec: CaptureSpec | None = None
    transcript: str = ""
    prerendering: Prerendering | None = None
    mixdown: Mixdown | None = None

    @property
    def sound(self) -> Path:
        """The file that is listened to."""
        return self.mixdown.path if self.mixdown else Path(self.files[0])

    @property
    def zero(self) -> str:
        """From where the time of what is listened to counts, as in the request ``speak``."""
        # A sound strip begins with the first sample, wherever that lies in a movie file.
        return "sound" if isinstance(self.time, SoundStripTime) else "picture"


def medium_of(scene: Any, strip: Any, part: Part) -> Medium:
    """What drives a source strip.

    Raises:
        TalkingHeadError: a driver or its file is missing, or cannot be followed.
    """
    driver = driver_strips.driver_of(strip, part)
    if part is Part.SPEECH:
        return _speech_file(scene, strip) if driver is None else _speech_strip(scene, strip, driver)
    return _clip_file(scene, strip, part) if driver is None else _clip_strip(scene, strip, part, driver)


def acts_by_template(strip: Any, part: Part = Part.ACTING) -> bool:
    """Whether a clip of a source strip is a driving template: motion without pictures."""
    return not getattr(strip, part.name_kept) and is_template(getattr(strip, part.file))


def acts_whole(strip: Any) -> bool:
    """Whether the acting clip of a source strip is shown whole to its engine: no face is looked for in it."""
    return strip.th_acting_exact and driver_strips.sees_whole(strip) and not acts_by_template(strip)


def _clip_strip(scene: Any, strip: Any, part: Part, driver: Any) -> Medium:
    rendering = sources.rendering_of(scene, driver)
    face = FaceChoice(driver.th_face_index, (), max(0, driver.th_face_picture))
    if rendering is not Rendering.NONE:
        planned = _planned(driver)
        time = PictureTime(compat.left(driver), compat.right(driver), planned.picture_at)
        spec = _spec(strip, part, planned.source, face, scene_rate(scene))
        return Medium(
            part, driver.name, spec.source.files, time, spec,
            prerendering=Prerendering(driver.name, rendering, planned, driver_strips.shape_of(driver)),
        )  # fmt: skip
    if driver.type == "MOVIE":
        pictures = driver_time.of_movie(scene, driver)
        assert pictures is not None  # else rendering_of had asked for rendering
        source = Source(SourceKind.MOVIE, (str(folders.absolute(driver.filepath)),))
        return Medium(part, driver.name, source.files, pictures, _spec(strip, part, source, face, None))
    source, pictures = _sequence(driver)
    return Medium(part, driver.name, source.files, pictures, _spec(strip, part, source, face, scene_rate(scene)))


def _sequence(driver: Any) -> tuple[Source, PictureTime]:
    """A driving image sequence: unlike an animated one it has a picture for each element, in the order of time."""
    if len(driver.elements) == 1:
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            f"The strip '{driver.name}' is a single picture, which does not act.",
            "Choose a movie strip or an image sequence.",
        )
    described = sources.describe_elements(driver)
    return described.source, PictureTime(compat.left(driver), compat.right(driver), described.picture_at)


def _planned(driver: Any) -> StripSource:
    folder = folders.preview_place().path / folders.safe_name(f"driver-{driver.id_data.name}-{driver.name}")
    return prerender.plan(driver, folder, lookup.facts_of(driver).anchor)


def _clip_file(scene: Any, strip: Any, part: Part) -> Medium:
    path = _file(strip, part)
    face = FaceChoice(strip.th_acting_face if part is Part.ACTING else 0)
    spec = _spec(strip, part, Source(SourceKind.MOVIE, (str(path),)), face, None)
    return Medium(part, path.name, spec.source.files, _file_time(scene, strip), spec)


def _spec(strip: Any, part: Part, source: Source, face: FaceChoice, rate: Fraction | None) -> CaptureSpec:
    # Stored as a float; nobody sets smoothing finer than a thousandth.
    smoothing = round(strip.th_acting_smoothing, 3)
    # The neutral picture that the user chose is one of the acting clip.
    neutral = strip.th_acting_neutral if part is Part.ACTING else AUTOMATIC
    return CaptureSpec(source, face, neutral, smoothing, rate, whole=acts_whole(strip))


def _speech_file(scene: Any, strip: Any) -> Medium:
    path = _file(strip, Part.SPEECH)
    return Medium(
        Part.SPEECH, path.name, (str(path),), _file_time(scene, strip), transcript=strip.th_transcript.strip()
    )


def _speech_strip(scene: Any, strip: Any, driver: Any) -> Medium:
    transcript = strip.th_transcript.strip()
    if driver.type == "MOVIE":
        path = _existing(folders.absolute(driver.filepath), driver.name)
        time: DriverTime = driver_time.of_movie_sound(scene, driver)
    else:
        path = _existing(sound_path(driver), driver.name)
        found = driver_time.of_sound(scene, driver, path)
        if found is None:
            return _mixed_sound(scene, driver, path, transcript)
        time = found
    return Medium(Part.SPEECH, driver.name, (str(path),), time, transcript=transcript)


def _mixed_sound(scene: Any, driver: Any, path: Path, transcript: str) -> Medium:
    name = folders.safe_name(f"driver-{scene.name}-{driver.name}")
    mixed = folders.preview_place().path / f"{name}.wav"
    decided_by = (driver.volume, *driver_strips.shape_of(driver))
    return Medium(
        Part.SPEECH, driver.name, (str(path),), driver_time.of_mixdown(scene, driver), transcript=transcript,
        mixdown=Mixdown(driver.name, mixed, decided_by),
    )  # fmt: skip


def sound_path(strip: Any) -> Path:
    """The file of a sound strip."""
    sound = strip.sound
    return Path(bpy.path.abspath(sound.filepath, library=sound.library)) if sound else Path()


def _file_time(scene: Any, strip: Any) -> FileTime:
    return FileTime(lookup.facts_of(strip).anchor, scene_rate(scene))


def _file(strip: Any, part: Part) -> Path:
    return _existing(folders.absolute(getattr(strip, part.file)), strip.name)


def _existing(path: Path, name: str) -> Path:
    if not path.is_file():
        raise TalkingHeadError(
            ErrorCode.SOURCE_MISSING,
            f"The file {path} of the driver '{name}' does not exist.",
            "Put the file back, or choose another driver.",
        )
    return path
