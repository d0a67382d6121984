# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which strip or file drives a face. A driver is found by a tag and by its name, so that renaming does not lose it.

Splitting or duplicating a driver duplicates its tag: then the name decides, and where the strip of that name lies
elsewhere in time, the one that lies beside the portrait; so pieces that were cut or duplicated together stay together.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

from ...inference.controls import PROPERTY_PREFIX
from ...inference.engines import description_of
from ...inference.engines.description import EngineDescription
from ...inference.errors import ErrorCode, TalkingHeadError
from .. import compat
from ..strips import lookup


class Part(str, Enum):
    """What a driver does. The members name the strip properties that belong to it.

    The head, or eyes and brows, are the acting's unless a clip of their own is chosen for them.
    """

    ACTING = "acting"
    SPEECH = "speech"
    HEAD = "acting_head"
    EXPRESSION = "acting_expression"

    @property
    def switch(self) -> str:
        """Property: whether the driver is on."""
        return "th_speech_on" if self is Part.SPEECH else "th_acting_on"

    @property
    def label(self) -> str:
        """What it drives, in sentences."""
        return {Part.HEAD: "head", Part.EXPRESSION: "expression"}.get(self, self.value)

    @property
    def panel(self) -> str:
        """Label of the panel in which it is chosen."""
        return "Speech" if self is Part.SPEECH else "Acting"

    @property
    def reference(self) -> str:
        """Property: the present name of the driving strip."""
        return f"th_{self.value}"

    @property
    def name_kept(self) -> str:
        """Property: the driving strip's name when it was chosen."""
        return f"th_{self.value}_name"

    @property
    def tag(self) -> str:
        """Property: the driving strip's ``th_driver_tag``."""
        return f"th_{self.value}_tag"

    @property
    def file(self) -> str:
        """Property: a driving file, where no strip is chosen."""
        return f"th_{self.value}_file"


# Clips beside the acting clip, which give a part of the face in its place.
ADDED = frozenset({Part.HEAD, Part.EXPRESSION})
# Result strips are image strips, so they are among the first.
_CLIPS = frozenset({"MOVIE", "IMAGE", "SCENE", "META", "MOVIECLIP"})
_TYPES = {Part.SPEECH: frozenset({"SOUND", "MOVIE"})}


def is_on(strip: Any, part: Part) -> bool:
    """Whether a source strip has a driver of this kind switched on."""
    if not getattr(strip, part.switch) or not can_drive(strip, part):
        return False
    return part not in ADDED or (is_chosen(strip, part) and takes_parts(strip))


def can_drive(strip: Any, part: Part) -> bool:
    """Whether a driver of this kind changes anything: an engine without sliders takes only what it knows itself."""
    engine = description_of(strip.th_engine)
    return bool(engine.controls) or (engine.takes.audio if part is Part.SPEECH else engine.takes.driving_video)


def is_chosen(strip: Any, part: Part) -> bool:
    """Whether a driver of this kind is chosen, a strip or a file."""
    return bool(getattr(strip, part.name_kept) or getattr(strip, part.file))


def takes_parts(strip: Any) -> bool:
    """Whether parts of a strip's face can come from clips of their own: not where a clip moves all at once."""
    return not (description_of(strip.th_engine).takes.whole_body and strip.th_acting_exact)


def sees_whole(strip: Any) -> bool:
    """Whether a strip's engine animates whole pictures with its settings, so that there need be no face."""
    engine = description_of(strip.th_engine)
    return engine.sees_whole(_values(strip, engine, (engine.whole_when[0],)))


def acts_itself(strip: Any) -> bool:
    """Whether a strip's own pictures act with its engine's settings, instead of a clip."""
    engine = description_of(strip.th_engine)
    return engine.acts_itself(_values(strip, engine, (name for name, _values in engine.self_acting)))


def sliders_of(strip: Any) -> frozenset[str]:
    """Names of the controls that a strip's engine heeds with its settings: the body of a figure has none."""
    engine = description_of(strip.th_engine)
    return frozenset(engine.heeded(_values(strip, engine, (engine.whole_when[0],))))


def _values(strip: Any, engine: EngineDescription, names: Iterable[str]) -> dict[str, object]:
    """Some of the engine's settings as they are on a strip."""
    return {name: getattr(strip, f"{PROPERTY_PREFIX}{engine.name}_{name}") for name in names if name}


def current_name(strip: Any, part: Part) -> str:
    """Present name of the driving strip; the name it had if it is gone; "" if none was chosen."""
    found = find(strip, part)
    return getattr(strip, part.name_kept) if found is None else found.name


def assign(strip: Any, part: Part, name: str) -> None:
    """Choose the driving strip by name; "" chooses none."""
    setattr(strip, part.name_kept, name)
    driver = compat.strip_named(strip.id_data, name) if name else None
    if driver is not None and not driver.th_driver_tag:
        driver.th_driver_tag = uuid.uuid4().hex
    setattr(strip, part.tag, "" if driver is None else driver.th_driver_tag)


def find(strip: Any, part: Part) -> Any | None:
    """The driving strip, or None: by tag, name and time, then by tag and time, then by tag and name, then by name."""
    name, tag = getattr(strip, part.name_kept), getattr(strip, part.tag)
    named = compat.strip_named(strip.id_data, name) if name else None
    if not tag or (named is not None and named.th_driver_tag == tag and _shared_frames(strip, named)):
        return named
    tagged = [other for other in compat.all_strips(strip.id_data) if other.th_driver_tag == tag]
    return max(tagged, key=lambda other: (_shared_frames(strip, other), other == named), default=named)


def candidates(strip: Any, part: Part) -> Iterator[Any]:
    """The strips of the scene that can drive a source strip."""
    own = {strip.name, *(result.name for result in lookup.results_of(strip))}
    for other in compat.all_strips(strip.id_data):
        if other.type in _TYPES.get(part, _CLIPS) and other.name not in own:
            yield other


def suggestions(strip: Any, part: Part, text: str) -> list[str]:
    """Names of strips that can drive, for the search field."""
    return [other.name for other in candidates(strip, part) if text.lower() in other.name.lower()]


def driver_of(strip: Any, part: Part) -> Any | None:
    """The strip that drives; None where a file does.

    Raises:
        TalkingHeadError: INVALID_REQUEST when there is none, it is gone, or it cannot drive this strip.
    """
    name = getattr(strip, part.name_kept)
    if not name:
        if getattr(strip, part.file):
            return None
        raise _invalid(
            f"The {part.label} of '{strip.name}' has no driver.",
            f"Choose a strip or a file in the panel {part.panel}, or switch it off.",
        )
    driver = find(strip, part)
    if driver is None:
        raise _invalid(
            f"The strip '{name}', which drives the {part.label} of '{strip.name}', is gone.",
            f"Choose another driver, or switch {part.panel} off.",
        )
    _check(strip, driver, part)
    return driver


def placement_of(driver: Any) -> tuple[object, ...]:
    """Where a driver lies in time, and its shape."""
    return driver.name, compat.content_start(driver), *shape_of(driver)


def shape_of(driver: Any) -> tuple[object, ...]:
    """How a driver's content is trimmed, retimed and played, as far as its properties tell, wherever it lies."""
    start = compat.content_start(driver)
    names = ("sound_offset", "use_reverse_frames", "strobe", "stream_index")
    return (
        compat.left(driver) - start, compat.right(driver) - start, compat.content_duration(driver),
        compat.content_trim_start(driver), compat.content_trim_end(driver), tuple(compat.retiming_steps(driver)),
        *(getattr(driver, name, None) for name in names),
    )  # fmt: skip


def _shared_frames(strip: Any, other: Any) -> int:
    return max(0, min(compat.right(strip), compat.right(other)) - max(compat.left(strip), compat.left(other)))


def _check(strip: Any, driver: Any, part: Part) -> None:
    if driver == strip or driver in lookup.results_of(strip) or _holds(driver, strip):
        raise _invalid(
            f"The strip '{driver.name}' cannot drive itself.", "Choose another strip, with the face of an actor."
        )
    if driver.type not in _TYPES.get(part, _CLIPS):
        needed = "a sound strip, or a movie strip with sound" if part is Part.SPEECH else "a movie strip"
        raise _invalid(f"The strip '{driver.name}' cannot drive {part.label}.", f"Choose {needed}.")


def _holds(meta: Any, strip: Any) -> bool:
    parent = strip.parent_meta()
    return parent is not None and (parent == meta or _holds(meta, parent))


def _invalid(message: str, hint: str) -> TalkingHeadError:
    return TalkingHeadError(ErrorCode.INVALID_REQUEST, message, hint)
