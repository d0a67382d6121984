# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn over the Preview: the preview picture, face boxes, landmarks and the 14 points. Only with a window.

Drawing takes what is there. What has to be computed or looked after first is done by ``watch``, on the timer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
from bpy.props import BoolProperty

from .. import compat
from ..jobs import service
from ..strips import lookup
from . import faces, hiding, look, marks, mask_marks, picture_drawing, preview, rig_points, view_transform
from .look import placement_of

__all__ = ["GRAB_RADIUS_PX", "active_pair", "picture_size", "placement_of", "watch"]

GRAB_RADIUS_PX = 12.0
_BLACK = (0.0, 0.0, 0.0, 1.0)
_handles: list[Any] = []


def picture_size(source: Any) -> tuple[int, int]:
    """(width, height) in px of a source's picture: as the worker said, else as the strip says."""
    analysis = faces.of(source)
    if analysis is not None:
        return analysis.size
    elements = getattr(source, "elements", None)
    if elements and elements[0].orig_width > 0:
        return elements[0].orig_width, elements[0].orig_height
    render = source.id_data.render
    return render.resolution_x, render.resolution_y


def active_pair(context: Any) -> tuple[Any, Any, Any] | None:
    """(scene, active strip, its source) for drawing and picking; None when there is nothing to draw."""
    scene, strip = compat.sequencer_scene(context), compat.active_strip(context)
    source = lookup.source_of(strip) if strip is not None else None
    return None if source is None else (scene, strip, source)


def watch() -> bool:
    """A beat of the timer, after the preview's: prepare what drawing needs. True while something is hidden."""
    for scene, strip, source in _shown_pairs():
        picture = preview.picture_of(scene, source)
        shown = look.shown_by(source, strip)
        if picture is not None and not service.blender_renders():
            if view_transform.refresh(scene, look.look_of(source, shown).space):
                service.redraw()
        hiding.update(scene, source, picture, look.look_of(source, shown))
    return hiding.tidy_up(preview.active())


def _shown_pairs() -> Iterator[tuple[Any, Any, Any]]:
    """(scene, active strip, its source) of the scenes whose edit a window shows."""
    scenes = {scene.name: scene for scene in map(compat.edited_scene, bpy.context.window_manager.windows) if scene}
    for scene in scenes.values():
        editor = scene.sequence_editor
        strip = editor.active_strip if editor else None
        source = lookup.source_of(strip) if strip is not None else None
        if source is not None:
            yield scene, strip, source


def _draw_picture() -> None:
    """Draw the preview over the strip, in view coordinates."""
    pair = active_pair(bpy.context)
    if pair is None:
        return
    scene, strip, source = pair
    picture = preview.picture_of(scene, source)
    if picture is None:
        return
    shown = look.shown_by(source, strip)
    its_look = look.look_of(source, shown)
    if its_look.replaces or hiding.covers(scene):
        picture_drawing.draw_rectangle(_frame_of(scene), _BLACK)
    placement = placement_of(scene, shown, source, picture.size)
    picture_drawing.draw_picture(picture.pixels, placement, its_look, view_transform.ready(scene))


def _frame_of(scene: Any) -> tuple[tuple[float, float], ...]:
    """The corners of the scene's frame in view coordinates."""
    render = scene.render
    half_width = render.resolution_x * render.pixel_aspect_x / render.pixel_aspect_y / 2
    half_height = render.resolution_y / 2
    return tuple((x * half_width, y * half_height) for x, y in ((-1, 1), (1, 1), (1, -1), (-1, -1)))


def _draw_marks() -> None:
    """Draw boxes, landmarks and points, in px of the region, so that they keep their size."""
    context = bpy.context
    manager, pair = context.window_manager, active_pair(context)
    if pair is None:
        return
    scene, strip, source = pair
    if mask_marks.picture_of(source) is not None:  # the source itself is shown then
        mask_marks.draw(context.region, placement_of(scene, source, source, picture_size(source)), source)
        return
    placement = placement_of(scene, strip, source, picture_size(source))
    if not (manager.th_show_face or manager.th_show_landmarks):
        return
    if source.th_manual:
        if manager.th_show_face:
            marks.draw_points(context.region, placement, rig_points.points(source))
        return
    marks.draw_faces(context.region, placement, source, boxes=manager.th_show_face, landmarks=manager.th_show_landmarks)


def _redraw(_self: Any, _context: Any) -> None:
    service.redraw()


def register() -> None:
    """Draw in every Preview."""
    manager: Any = bpy.types.WindowManager
    manager.th_show_face = BoolProperty(
        name="Show Face",
        description="Show the found faces, or the placed points, in the Preview",
        default=True,
        update=_redraw,
    )
    manager.th_show_landmarks = BoolProperty(
        name="Show Landmarks",
        description="Show the outline, brows, eyes, irises, lips and nose of the found faces in the Preview",
        default=False,
        update=_redraw,
    )
    hiding.register()
    service.watchers.append(watch)
    service.leavers += [view_transform.forget_all, mask_marks.end]
    if not bpy.app.background:
        space = bpy.types.SpaceSequenceEditor
        _handles.append(space.draw_handler_add(_draw_picture, (), "PREVIEW", "POST_VIEW"))
        _handles.append(space.draw_handler_add(_draw_marks, (), "PREVIEW", "POST_PIXEL"))


def unregister() -> None:
    """Draw no more."""
    while _handles:
        bpy.types.SpaceSequenceEditor.draw_handler_remove(_handles.pop(), "PREVIEW")
    picture_drawing.free()
    service.watchers.remove(watch)
    hiding.unregister()
    service.leavers.remove(view_transform.forget_all)
    service.leavers.remove(mask_marks.end)
    view_transform.forget_all()
    mask_marks.end()
    manager: Any = bpy.types.WindowManager
    del manager.th_show_face, manager.th_show_landmarks
