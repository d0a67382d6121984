# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that the frames of a source depend on, as far as it is cheap to look at, in hashes that can be compared.

A *state* is a hash for each kind of thing, so that it can be told what has changed. It is the same after source and
result were moved, renamed, split or copied, and on another computer. What Blender itself has to render or compute,
such as the inside of a scene strip or what a driver of Blender's gives, cannot be told this way: see ``uncertain``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import bpy

from ...inference.controls import CONTROLS, POSE_CONTROLS, Control, Group, controls_in
from ...inference.engines import description_of
from ...inference.engines.description import EngineDescription, SettingKind
from ...inference.errors import TalkingHeadError
from .. import compat
from ..drivers import driver_media, driver_strips, drivers, exact
from ..drivers.driver_strips import Part
from . import curve_state, fingerprint, folders, lookup
from .pairs import ROLE_RESULT
from .sampling import DECIMALS, scene_rate

SLIDERS, ENGINE, FACE, SOURCE, TIME, DRIVERS = "sliders", "engine", "face", "source", "time", "drivers"
_FILE_TYPES = frozenset({"IMAGE", "MOVIE"})


def of(source: Any) -> dict[str, str]:
    """The state of a source strip: a short hash by kind."""
    anchor = lookup.facts_of(source).anchor
    engine = description_of(source.th_engine)
    heeded = driver_strips.sliders_of(source)
    parts = {
        SLIDERS: _sliders(source, [c for c in POSE_CONTROLS if c.name in heeded], anchor),
        ENGINE: (engine.name, engine.version, *_settings(source, engine)),
        FACE: _face(source),
        SOURCE: _source(source, anchor),
        TIME: () if lookup.is_still(source) else (str(scene_rate(source.id_data)), *_content_time(source)),
        DRIVERS: _drivers(source, anchor) if drivers.driven(source) else (),
    }
    return {kind: _digest(values) for kind, values in parts.items()}


def uncertain(source: Any) -> bool:
    """Whether the frames of a source may be out of date though its state is the same: then only planning them tells."""
    if source.type not in _FILE_TYPES or source.th_as_seen or curve_state.layered(source.id_data):
        return True
    names = {control.property_name for control in CONTROLS}
    prefix = source.path_from_id() + "."
    if any(curve.data_path[len(prefix) :] in names for curve in curve_state.drivers_of(source)):
        return True
    driving = (driver_strips.find(source, part) for part in Part if driver_strips.is_on(source, part))
    return any(strip is not None and _is_made_by_blender_or_us(strip) for strip in driving)


def _is_made_by_blender_or_us(driver: Any) -> bool:
    return driver.type not in (*_FILE_TYPES, "SOUND") or driver.th_as_seen or driver.th_role == ROLE_RESULT


def _digest(values: tuple[object, ...]) -> str:
    return hashlib.blake2b(repr(values).encode(), digest_size=6).hexdigest()


def _sliders(source: Any, controls: Sequence[Control], anchor: int) -> tuple[object, ...]:
    names = [control.property_name for control in controls]
    animated = curve_state.of_properties(source, frozenset(names), anchor)
    return tuple(_slider(source, name, animated) for name in names)


def _slider(source: Any, name: str, animated: Mapping[str, tuple[object, ...]]) -> tuple[object, ...]:
    curve = animated.get(name)
    value = round(getattr(source, name), DECIMALS)
    return (name, value) if curve is None else (name, curve, value if curve_state.is_muted(curve) else "")


def _settings(source: Any, engine: EngineDescription) -> Iterator[object]:
    from .. import properties  # which needs the strips' modules itself

    try:
        values = properties.settings_of(source)
    except TalkingHeadError as error:  # a value that the engine does not take; rendering says so
        values = {"error": str(error)}
    paths = {setting.name for setting in engine.settings if setting.kind is SettingKind.PATH}
    for name, value in sorted(values.items()):
        yield name, fingerprint.of_path(str(value)) if name in paths and value else value


def _face(source: Any) -> tuple[object, ...]:
    points = tuple(round(float(value), 5) for value in source.th_points) if source.th_manual else ()
    return source.th_face_index, source.th_face_picture, points


def _source(source: Any, anchor: int) -> tuple[object, ...]:
    plain: tuple[object, ...] = (source.type, source.th_as_seen, *_files(source))
    if source.type in _FILE_TYPES and not source.th_as_seen:
        return plain
    names = ("blend_alpha", "color_multiply", "color_saturation", "use_flip_x", "use_flip_y")
    curves = (*names, *(f"transform.{prop.identifier}" for prop in source.transform.bl_rna.properties))
    return (
        *plain, source.id_data.render.resolution_x, source.id_data.render.resolution_y,
        curve_state.values_of(source.transform), curve_state.values_of(source.crop),
        *(getattr(source, name) for name in names), _modifiers(source),
        tuple(sorted(curve_state.of_properties(source, curves, anchor).items())),
    )  # fmt: skip


def _modifiers(strip: Any) -> tuple[object, ...]:
    return tuple((modifier.type, *curve_state.values_of(modifier)) for modifier in strip.modifiers)


def _files(strip: Any) -> tuple[object, ...]:
    """The files that a strip shows or plays, by content and not by path."""
    if strip.type == "IMAGE":
        folder = folders.absolute(strip.directory)
        used = {element.filename: None for element in strip.elements}
        order = {name: index for index, name in enumerate(used)}
        shown = tuple(order[element.filename] for element in strip.elements)
        return (shown, *fingerprint.of_files([str(folder / name) for name in used]))
    if strip.type == "SOUND":
        return fingerprint.of_files([str(driver_media.sound_path(strip))])
    return fingerprint.of_files([str(folders.absolute(strip.filepath))]) if hasattr(strip, "filepath") else ()


def _content_time(strip: Any) -> tuple[object, ...]:
    """How the content of a strip plays, wherever it lies and however it is trimmed."""
    names = ("use_reverse_frames", "strobe", "stream_index", "fps")
    steps = tuple(compat.retiming_steps(strip))
    # Reversed and retimed content counts from its end or by its keys, so its whole length matters.
    whole = bool(steps) or strip.use_reverse_frames
    ends = (compat.content_duration(strip), compat.content_trim_start(strip), compat.content_trim_end(strip))
    return steps, ends if whole else (), tuple(getattr(strip, name, None) for name in names)


def _drivers(source: Any, anchor: int) -> tuple[object, ...]:
    parts = (_driver(source, part, anchor) for part in Part if driver_strips.is_on(source, part))
    return (*parts, *_strengths(source, anchor))


def _strengths(source: Any, anchor: int) -> tuple[object, ...]:
    """How much of the drivers is used, as far as the engine heeds it: without sliders it shows a clip as it is."""
    controls = controls_in(Group.STRENGTH)
    if driver_strips.sliders_of(source):
        return _sliders(source, controls, anchor)
    speaks, acts = (driver_strips.is_on(source, part) for part in (Part.SPEECH, Part.ACTING))
    groups = exact.taken(source) - ({Group.MOUTH} if speaks else set()) if acts else frozenset()
    shown = [c for c in controls if c.name in {f"strength_{group.value}" for group in groups}]
    heard = [c for c in controls if c.name == f"strength_{Group.MOUTH.value}" and exact.hears(source)]
    return *_whether_any(source, shown, anchor), *_sliders(source, heard, anchor)


def _whether_any(source: Any, strengths: Sequence[Control], anchor: int) -> tuple[object, ...]:
    """Only a clip all of whose strengths are 0 is not shown, which keys may decide frame by frame."""
    if curve_state.of_properties(source, frozenset(control.property_name for control in strengths), anchor):
        return _sliders(source, strengths, anchor)
    return (any(round(getattr(source, control.property_name), DECIMALS) for control in strengths),)


def _driver(source: Any, part: Part, anchor: int) -> tuple[object, ...]:
    scene_time = str(scene_rate(source.id_data))
    own = _speech_settings(source) if part is Part.SPEECH else _clip_settings(source, part)
    driver = driver_strips.find(source, part)
    if driver is None:
        path = getattr(source, part.file)
        return part.value, scene_time, own, fingerprint.of_file(bpy.path.abspath(path)) if path else ""
    face = (driver.th_face_index, driver.th_face_picture, driver.th_as_seen)
    place = (compat.content_start(driver) - anchor, *driver_strips.shape_of(driver), getattr(driver, "fps", None))
    volume = driver.volume if driver.type == "SOUND" and compat.retiming_keys(driver) > 2 else None
    return part.value, scene_time, own, driver.type, face, place, volume, *_files(driver)


def _speech_settings(source: Any) -> tuple[object, ...]:
    # Only where it counts, so that it puts no frame of other engines out of date.
    heard = (source.th_speech_exact,) if exact.can_hear(source) else ()
    return (source.th_transcript.strip(), source.th_idle_seed, *heard)


def _clip_settings(source: Any, part: Part) -> tuple[object, ...]:
    smoothing = round(source.th_acting_smoothing, 3)
    own = (source.th_acting_face, source.th_acting_neutral) if part is Part.ACTING else ()
    return (source.th_acting_exact, *own, smoothing)
