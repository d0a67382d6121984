# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a preview depends on, cheap enough to be looked at many times a second, and which strip it is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

from .. import compat, properties
from ..drivers import driver_strips, drivers
from ..jobs import job_steps
from ..strips import lookup, sampling
from ..strips.pairs import ROLE_SOURCE


@dataclass(frozen=True)
class State:
    """All that a preview depends on, but what is in files.

    Attributes:
        setup: strip, files, face, engine and settings, which seldom change.
        frame: the scene's current frame.
        shown: the nearest frame that the strip shows.
        element: name of the file that the strip shows there; "" for what is no image strip.
        sliders: as ``sampling.present_values``.
        drivers: as ``drivers.state_of``.
        size_px: longest side of the picture.
    """

    setup: tuple[object, ...]
    frame: int
    shown: int
    element: str
    sliders: tuple[float, ...]
    drivers: tuple[object, ...]
    size_px: int


def state_of(scene: Any, strip: Any, size_px: int) -> State:
    """What a preview of a source strip depends on now."""
    shown = job_steps.shown_frame(scene, strip)
    return State(
        setup=_setup_of(strip),
        frame=scene.frame_current,
        shown=shown,
        element=strip.strip_elem_from_frame(shown).filename if strip.type == "IMAGE" else "",
        sliders=tuple(sampling.present_values(scene, strip)),
        drivers=drivers.state_of(strip),
        size_px=size_px,
    )


def source_to_show(scene: Any, name: str) -> Any | None:
    """The strip that the preview is of: the source of the active strip if that is animated, else the one named.

    Args:
        name: the strip that was shown until now.
    """
    editor = scene.sequence_editor
    active = editor.active_strip if editor else None
    source = lookup.source_of(active) if active is not None else None
    if source is not None and source.th_role == ROLE_SOURCE:
        return source
    return compat.strip_named(scene, name)


def scene_to_show(name: str) -> Any | None:
    """The scene of that name while a window edits it, else what the first window edits."""
    edited = [
        getattr(window.workspace, "sequencer_scene", None) or window.scene
        for window in bpy.context.window_manager.windows
    ]
    scene = bpy.data.scenes.get(name)
    return scene if scene is not None and (scene in edited or not edited) else next(iter(edited), None)


def _setup_of(strip: Any) -> tuple[object, ...]:
    elements = getattr(strip, "elements", ())
    return (
        strip.id_data.name, strip.name, strip.type,
        strip.th_engine, tuple(sorted(properties.settings_of(strip).items())),
        strip.th_face_index, strip.th_face_picture, properties.points_of(strip), strip.th_as_seen,
        compat.content_start(strip), *driver_strips.shape_of(strip),
        getattr(strip, "filepath", ""), getattr(strip, "directory", ""), getattr(strip, "alpha_mode", ""),
        len(elements), elements[0].filename if elements else "",
    )  # fmt: skip
