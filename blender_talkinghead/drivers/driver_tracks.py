# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tracks of drivers, kept in memory by everything that decides them, and what the worker said when it read them."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...inference.motion.track import Track
from ...inference.protocol import Message
from .. import compat
from ..jobs import service
from . import driver_media, driver_strips
from .driver_media import Medium
from .driver_strips import Part

_MOST = 32


@dataclass(frozen=True)
class Wanted:
    """A track that a strip needs.

    Attributes:
        medium: what is to be read.
        request, fields: what the worker is asked.
        key: hash of everything that decides the track.
    """

    medium: Medium
    request: str
    fields: Mapping[str, object]
    key: str

    @property
    def part(self) -> Part:
        """What the track drives."""
        return self.medium.part


@dataclass(frozen=True)
class ReadTrack:
    """A track and its report.

    Attributes:
        report: sentences and facts for the panel.
    """

    track: Track
    report: tuple[str, ...]


_tracks: OrderedDict[str, ReadTrack] = OrderedDict()
# Which track a strip's settings stood for when they were last looked at, so that panels need not look at files.
_latest: dict[tuple[object, ...], str] = {}
_changes = 0


def wanted(scene: Any, strip: Any, part: Part) -> Wanted:
    """The track that a driver of a source strip needs.

    Raises:
        TalkingHeadError: the driver is missing or cannot be followed.
    """
    medium = driver_media.medium_of(scene, strip, part)
    if medium.spec is not None:
        request, fields = "capture", {"spec": medium.spec.to_dict()}
    else:
        sound = {"sound": str(medium.sound), "transcript": medium.transcript, "stream": 0, "zero": medium.zero}
        request, fields = "speak", sound
    # Pictures that Blender renders change with the edit as well: only reading them again tells.
    states = [] if medium.prerendering else [_state(name) for name in medium.files]
    made = medium.prerendering or medium.mixdown
    decided_by = json.dumps([request, fields, states, made.decided_by if made else ()], sort_keys=True)
    key = hashlib.sha256(decided_by.encode()).hexdigest()  # a sequence may have thousands of files
    _latest[settings_of(strip, part)] = key
    return Wanted(medium, request, fields, key)


def all_wanted(scene: Any, strip: Any) -> tuple[Wanted, ...]:
    """The tracks that a source strip needs.

    Raises:
        TalkingHeadError: a driver is missing or cannot be followed.
    """
    return tuple(wanted(scene, strip, part) for part in Part if driver_strips.is_on(strip, part))


def pending(scene: Any, strip: Any) -> tuple[Wanted, ...]:
    """Those of :func:`all_wanted` that are not in memory.

    Raises:
        TalkingHeadError: a driver is missing or cannot be followed.
    """
    return tuple(item for item in all_wanted(scene, strip) if item.key not in _tracks)


def remember(item: Wanted, answer: Message) -> ReadTrack:
    """Keep what the worker answered."""
    global _changes
    track = Track.from_message(answer.fields, answer.array())
    read = ReadTrack(track, _report(item, track, answer.fields))
    _tracks[item.key] = read
    _tracks.move_to_end(item.key)
    while len(_tracks) > _MOST:
        _tracks.popitem(last=False)
    _changes += 1
    return read


def of(item: Wanted) -> ReadTrack | None:
    """The track, if it was read."""
    return _tracks.get(item.key)


def shown(strip: Any, part: Part) -> ReadTrack | None:
    """The track of a driver as far as it is known without looking at files; for panels."""
    key = _latest.get(settings_of(strip, part))
    return _tracks.get(key) if key else None


def forget(item: Wanted) -> None:
    """Have a track read again."""
    global _changes
    _tracks.pop(item.key, None)
    _changes += 1


def changes() -> int:
    """A number that differs after every track that was read or forgotten."""
    return _changes


def settings_of(strip: Any, part: Part) -> tuple[object, ...]:
    """What decides a driver's track, files not looked at."""
    driver = driver_strips.find(strip, part)
    common: tuple[object, ...] = (strip.id_data.name, part, getattr(strip, part.file))
    if part is Part.SPEECH:
        retimed = driver and compat.retiming_keys(driver) > 2 and driver_strips.shape_of(driver)
        return (*common, driver and _content_of(driver), strip.th_transcript, retimed)
    face = driver and (_content_of(driver), driver.th_face_index, driver.th_face_picture, driver.th_as_seen)
    own = (strip.th_acting_face, strip.th_acting_neutral) if part is Part.ACTING else ()
    return (*common, face, *own, strip.th_acting_smoothing, driver_media.acts_whole(strip))


def forget_all() -> None:
    """Forget everything: another file is open."""
    global _changes
    _tracks.clear()
    _latest.clear()
    _changes += 1


def _content_of(driver: Any) -> tuple[object, ...]:
    """What a driver shows, as far as its properties tell; its name where they do not."""
    if driver.type == "SOUND":
        return (driver.sound.filepath if driver.sound else "",)
    if driver.type == "IMAGE":
        return (driver.directory, len(driver.elements), driver.elements[0].filename, driver.elements[-1].filename)
    return (getattr(driver, "filepath", "") or driver.name,)


def _state(name: str) -> tuple[int, int]:
    state = Path(name).stat()
    return state.st_size, state.st_mtime_ns


def _report(item: Wanted, track: Track, fields: Mapping[str, Any]) -> tuple[str, ...]:
    facts = _speech_facts(item, track, fields) if item.part is Part.SPEECH else _acting_facts(item, track, fields)
    return (*facts, *(finding.text for finding in track.findings))


def _acting_facts(item: Wanted, track: Track, fields: Mapping[str, Any]) -> list[str]:
    spec = item.medium.spec
    whole = spec is not None and spec.whole
    read = "pictures, shown whole" if whole else "pictures tracked"
    read = "frames of motion" if spec and spec.is_template else read
    facts = [f"{fields['pictures']} {read}", f"Neutral picture: {track.neutral + 1}"]
    if int(fields["faces"]) > 1:
        facts.append(f"Up to {fields['faces']} faces were seen at once.")
    if item.medium.prerendering:
        facts.append("Blender rendered its pictures. Press Read Driver again after changing what it shows.")
    return facts


def _speech_facts(item: Wanted, track: Track, fields: Mapping[str, Any]) -> list[str]:
    facts = [f"{float(len(track) / track.rate):.1f} s of sound heard"]
    if fields["method"] == "phones":
        count = len(item.medium.transcript.split())
        facts.append(f"{fields['words']} of {count} words of the transcript found")
    return facts


def register() -> None:
    """Forget when another file is opened."""
    service.leavers.append(forget_all)


def unregister() -> None:
    """Forget everything."""
    service.leavers.remove(forget_all)
    forget_all()
