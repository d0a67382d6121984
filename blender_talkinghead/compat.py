# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between Blender 4.2, 4.5, 5.0 and 5.2, in this one file.

Collections are chosen by ``hasattr``, never by ``or``: an empty collection of strips is false.
A *container* is what strips lie in: the sequence editor or a meta strip. Ends are exclusive, in timeline frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import bpy

# Blender 4.4 renamed Sequence to Strip.
STRIP_TYPE: Any = bpy.types.Strip if hasattr(bpy.types, "Strip") else bpy.types.Sequence  # type: ignore[attr-defined]

# Blender 5.2 renamed the time properties; the old names warn there.
_HAS_NEW_TIME_NAMES = "left_handle" in STRIP_TYPE.bl_rna.properties
_CONTENT_START = "content_start" if _HAS_NEW_TIME_NAMES else "frame_start"
_LEFT = "left_handle" if _HAS_NEW_TIME_NAMES else "frame_final_start"
_RIGHT_OFFSET = "right_handle_offset" if _HAS_NEW_TIME_NAMES else "frame_offset_end"
_RIGHT = "right_handle" if _HAS_NEW_TIME_NAMES else "frame_final_end"
_TRIM_START = "content_trim_start" if _HAS_NEW_TIME_NAMES else "animation_offset_start"
_TRIM_END = "content_trim_end" if _HAS_NEW_TIME_NAMES else "animation_offset_end"
LAST_CHANNEL = 128

# Options of properties that hold a path, which may begin with //; 4.5 wants to be told.
PATH_OPTIONS: set[Any] = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()

# The last retiming key lies on the last picture until 4.5, and behind it from 5.0 on.
RETIMING_ENDS_BEHIND = bpy.app.version >= (5, 0, 0)

# Before 5.0 a mixdown of sound at another speed ends Blender at times: its resampler divides by zero.
MIXES_OTHER_SPEEDS = bpy.app.version >= (5, 0, 0)


def sequencer_scene(context: Any) -> Any | None:
    """The scene that the sequencer edits; from 5.0 on it can differ from the window's scene."""
    return getattr(context, "sequencer_scene", None) or context.scene


def edited_scene(window: Any) -> Any | None:
    """The scene whose edit a window shows; see ``sequencer_scene``."""
    return getattr(window.workspace, "sequencer_scene", None) or window.scene


def render_options(context: Any, scene: Any) -> dict[str, Any]:
    """Options of Blender's render operator that make it render a scene, be it the sequencer's or the window's."""
    if context.scene == scene:
        return {}
    has_option = "use_sequencer_scene" in bpy.ops.render.render.get_rna_type().properties  # type: ignore[call-arg]
    return {"use_sequencer_scene": True} if has_option else {"scene": scene.name}


def strips_in(container: Any) -> Any:
    """The collection of the strips directly in a container."""
    return container.strips if hasattr(container, "strips") else container.sequences


def all_strips(scene: Any) -> Any:
    """Every strip of a scene, those inside meta strips included; empty without a sequence editor."""
    editor = scene.sequence_editor
    if editor is None:
        return ()
    return editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all


def strip_named(scene: Any, name: str) -> Any | None:
    """The strip of that name; names are unique in a scene."""
    strips: Any = all_strips(scene)
    return strips.get(name) if strips else None


def container_of(strip: Any) -> Any:
    """The meta strip that holds a strip, or else the sequence editor."""
    return strip.parent_meta() or strip.id_data.sequence_editor


def active_strip(context: Any) -> Any | None:
    """The active strip of the sequencer's scene."""
    scene = sequencer_scene(context)
    if scene is None or scene.sequence_editor is None:
        return None
    return scene.sequence_editor.active_strip


def set_active_strip(scene: Any, strip: Any) -> None:
    """Make a strip the only selected one, and active."""
    for other in all_strips(scene):
        other.select = False
    strip.select = True
    scene.sequence_editor.active_strip = strip


def selected_strips(context: Any) -> list[Any]:
    """The selected strips of the sequencer's scene."""
    scene = sequencer_scene(context)
    return [] if scene is None else [strip for strip in all_strips(scene) if strip.select]


def content_start(strip: Any) -> int:
    """Timeline frame of the first frame of content, which trimming may hide."""
    return round(getattr(strip, _CONTENT_START))


def set_content_start(strip: Any, frame: int) -> None:
    """Move content and handles together."""
    setattr(strip, _CONTENT_START, frame)


def content_duration(strip: Any) -> int:
    """Timeline frames of content, the hidden ones included.

    4.2 has no property for it: there ``frame_duration`` is the number of pictures, whatever the strip's speed.
    """
    return right(strip) + round(getattr(strip, _RIGHT_OFFSET)) - content_start(strip)


def content_trim_start(strip: Any) -> int:
    """Pictures of the media that are cut off for good at the start."""
    return int(getattr(strip, _TRIM_START, 0))


def content_trim_end(strip: Any) -> int:
    """Pictures of the media that are cut off for good at the end."""
    return int(getattr(strip, _TRIM_END, 0))


def left(strip: Any) -> int:
    """First visible frame."""
    return int(getattr(strip, _LEFT))


def right(strip: Any) -> int:
    """Frame after the last visible one."""
    return int(getattr(strip, _RIGHT))


def set_left(strip: Any, frame: int) -> None:
    """Move the left handle."""
    setattr(strip, _LEFT, frame)


def set_right(strip: Any, frame: int) -> None:
    """Move the right handle, which is exclusive."""
    setattr(strip, _RIGHT, frame)


def retiming_keys(strip: Any) -> int:
    """How many retiming keys a strip has; 0 for one that was never retimed."""
    return len(getattr(strip, "retiming_keys", ()))


def retiming_steps(strip: Any) -> list[int]:
    """Frames between neighbouring retiming keys."""
    frames = [int(key.timeline_frame) for key in getattr(strip, "retiming_keys", ())]
    return [after - before for before, after in pairwise(frames)]


def last_retiming_key(strip: Any) -> int:
    """Timeline frame of the last retiming key, which belongs to the end of the content.

    Not read from the key: Blender takes the frame of a key from another strip where a scene has several.
    """
    return content_start(strip) + content_duration(strip) - (0 if RETIMING_ENDS_BEHIND else 1)


def open_container(scene: Any) -> Any:
    """What the sequencer shows: the meta strip that is open, or else the sequence editor, which must exist."""
    editor = scene.sequence_editor
    return editor.meta_stack[-1] if len(editor.meta_stack) else editor


def new_image_strip(
    container: Any, name: str, path: str, channel: int, start: int, fit_method: str = "ORIGINAL"
) -> Any:
    """A new image strip of one existing file. Frame rate, resolution and view transform of the scene stay."""
    with unchanged_scene(container.id_data):
        return strips_in(container).new_image(
            name=name, filepath=path, channel=channel, frame_start=start, fit_method=fit_method
        )


def add_movie_with_sound(path: str, channel: int, start: int) -> None:
    """Add a movie at its own speed, and its sound on a channel beside it, in the sequencer of the context.

    Args:
        path: absolute; kept as the user wants paths to be kept.

    Raises:
        RuntimeError: Blender cannot read it.
    """
    add: Any = bpy.ops.sequencer.movie_strip_add
    relative = bpy.context.preferences.filepaths.use_relative_paths and bpy.data.is_saved
    options: dict[str, Any] = {"adjust_playback_rate": True, "use_framerate": False, "relative_path": relative}
    if "move_strips" in add.get_rna_type().properties:
        options["move_strips"] = False  # else it waits for the mouse from 5.0 on, and crashes in background
    add("EXEC_DEFAULT", filepath=path, channel=channel, frame_start=start, fit_method="FIT", sound=True, **options)


def new_movie_strip(container: Any, name: str, path: str, channel: int, start: int) -> Any:
    """A new movie strip of an existing file, one picture a frame. The scene's settings stay."""
    with unchanged_scene(container.id_data):
        return strips_in(container).new_movie(
            name=name, filepath=path, channel=channel, frame_start=start, fit_method="ORIGINAL"
        )


@contextmanager
def unchanged_scene(scene: Any) -> Iterator[None]:
    """Put back what inserting a strip may change in a scene: frame rate, resolution, view transform, length."""
    render, view = scene.render, scene.view_settings
    kept = [
        (owner, name, getattr(owner, name))
        for owner, names in (
            (render, ("fps", "fps_base", "resolution_x", "resolution_y", "resolution_percentage")),
            (view, ("view_transform", "look")),
            (scene, ("frame_start", "frame_end")),
        )
        for name in names
    ]
    try:
        yield
    finally:
        for owner, name, value in kept:
            if getattr(owner, name) != value:
                setattr(owner, name, value)


def set_png_output(scene: Any, depth: int) -> None:
    """Make a scene render RGBA PNG of 8 or 16 bit, uncompressed."""
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):  # 5.0: formats are offered by kind of medium
        settings.media_type = "IMAGE"
    settings.file_format = "PNG"
    settings.color_mode = "RGBA"
    settings.color_depth = str(depth)
    settings.compression = 0


def fcurves_of(datablock: Any) -> list[Any]:
    """The F-curves of a data-block's own action; from 4.4 on those of its slot."""
    return _curves(datablock.animation_data)


def fcurves_of_nla(datablock: Any) -> list[Any]:
    """The F-curves of the actions in a data-block's NLA tracks."""
    animation = datablock.animation_data
    tracks = () if animation is None else animation.nla_tracks
    return [curve for track in tracks for strip in track.strips for curve in _curves(strip)]


def _curves(owner: Any) -> list[Any]:
    """The F-curves of the action that animation data or an NLA strip names."""
    if owner is None or owner.action is None:
        return []
    action = owner.action
    if not (hasattr(action, "layers") and hasattr(owner, "action_slot")):
        return list(action.fcurves)
    slot = owner.action_slot
    if slot is None:
        return []
    return [
        curve
        for layer in action.layers
        for strip in layer.strips
        for bag in strip.channelbags
        if bag.slot_handle == slot.handle
        for curve in bag.fcurves
    ]


def new_fcurve(datablock: Any, path: str, index: int = 0) -> Any:
    """A new F-curve in the data-block's own action, which it must have; from 4.4 on in its slot, made if needed."""
    animation = datablock.animation_data
    action = animation.action
    if not hasattr(animation, "action_slot"):
        return action.fcurves.new(path, index=index)
    if animation.action_slot is None:
        animation.action_slot = action.slots.new(id_type=datablock.id_type, name=datablock.name)
    return action.fcurve_ensure_for_datablock(datablock, path, index=index)


def fcurve_groups(datablock: Any) -> Any:
    """The groups of F-curves in the data-block's own action, which must have a curve already."""
    return _curve_owner(datablock).groups


def remove_fcurve(datablock: Any, curve: Any) -> None:
    """Remove an F-curve from the data-block's own action."""
    _curve_owner(datablock).fcurves.remove(curve)


def _curve_owner(datablock: Any) -> Any:
    animation = datablock.animation_data
    action = animation.action
    if not hasattr(animation, "action_slot"):
        return action
    bags = (strip.channelbag(animation.action_slot) for layer in action.layers for strip in layer.strips)
    return next(bag for bag in bags if bag is not None)


def shift_keys(strip: Any, frames: int) -> None:
    """Move the keys of a strip's own curves in time; moving its content in Blender takes them along."""
    prefix = strip.path_from_id() + "."
    for curve in fcurves_of(strip.id_data):
        if curve.data_path.startswith(prefix):
            for key in curve.keyframe_points:
                key.co_ui.x += frames
            curve.update()
