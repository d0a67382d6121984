# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn over the Preview: the preview picture, face boxes and the 14 points. Only with a window."""

from collections.abc import Iterable, Sequence
from typing import Any

import bpy
import numpy as np
from bpy.props import BoolProperty

from .. import compat
from ..strips import lookup
from . import faces, preview, rig_points
from .placement import Placement, Point

POINT_RADIUS_PX = 5.0
GRAB_RADIUS_PX = 12.0
_CHOSEN_COLOR = (1.0, 0.72, 0.2, 1.0)
_OTHER_COLOR = (0.9, 0.9, 0.9, 0.8)
_SHADOW_COLOR = (0.0, 0.0, 0.0, 0.6)
_handles: list[Any] = []
_texture: dict[int, Any] = {}


def placement_of(scene: Any, strip: Any, source: Any, size: tuple[int, int]) -> Placement:
    """Where the picture of a source lies in the Preview.

    Args:
        strip: the source, or its result, whose transform is used.
        size: (width, height) of the picture in px.
    """
    aspect = scene.render.pixel_aspect_x / scene.render.pixel_aspect_y
    if source.th_as_seen or source.type not in {"IMAGE", "MOVIE"}:
        render = scene.render
        return Placement((render.resolution_x, render.resolution_y), pixel_aspect=aspect)
    transform = strip.transform
    return Placement(
        size=size,
        scale=(transform.scale_x, transform.scale_y),
        offset=(transform.offset_x, transform.offset_y),
        rotation=transform.rotation,
        origin=tuple(transform.origin),
        flip=(strip.use_flip_x, strip.use_flip_y),
        pixel_aspect=aspect,
    )


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


def _draw_picture() -> None:
    """Draw the preview over the strip, in view coordinates."""
    pair = active_pair(bpy.context)
    if pair is None:
        return
    scene, strip, source = pair
    picture = preview.picture_of(scene, source)
    if picture is None:
        return
    import gpu
    from gpu_extras.batch import batch_for_shader

    top_left, top_right, bottom_right, bottom_left = placement_of(scene, strip, source, picture.size).corners()
    shader = gpu.shader.from_builtin("IMAGE")
    corners = {"pos": (bottom_left, bottom_right, top_left, top_right), "texCoord": ((0, 0), (1, 0), (0, 1), (1, 1))}
    batch = batch_for_shader(shader, "TRI_STRIP", corners)
    gpu.state.blend_set("ALPHA")
    shader.bind()
    shader.uniform_sampler("image", _texture_of(picture))
    batch.draw(shader)
    gpu.state.blend_set("NONE")


def _texture_of(picture: preview.Picture) -> Any:
    """The picture on the graphics card; only the newest is kept there."""
    import gpu

    if picture.number not in _texture:
        _texture.clear()
        height, width, _ = picture.pixels.shape
        values = np.ascontiguousarray(picture.pixels[::-1], np.float32) / np.float32(255)
        data = gpu.types.Buffer("FLOAT", width * height * 4, values.reshape(-1))  # type: ignore[arg-type]
        _texture[picture.number] = gpu.types.GPUTexture((width, height), format="RGBA8", data=data)
    return _texture[picture.number]


def _draw_marks() -> None:
    """Draw boxes and points, in px of the region, so that they keep their size."""
    context = bpy.context
    pair = active_pair(context)
    if pair is None or not context.window_manager.th_show_face:
        return
    scene, strip, source = pair
    placement = placement_of(scene, strip, source, picture_size(source))
    if source.th_manual:
        _draw_points(context.region, placement, rig_points.points(source))
        return
    analysis = faces.of(source)
    for index, face in enumerate(analysis.faces if analysis else ()):
        _draw_box(context.region, placement, face, index == source.th_face_index)


def _draw_box(region: Any, placement: Placement, face: faces.FoundFace, chosen: bool) -> None:
    left, top, right, bottom = face.box
    loop = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
    corners = _in_region(region, placement, loop)
    _draw_line(corners, _SHADOW_COLOR, 4.0)
    _draw_line(corners, _CHOSEN_COLOR if chosen else _OTHER_COLOR, 2.0)


def _draw_points(region: Any, placement: Placement, points: Sequence[Point]) -> None:
    positions = _in_region(region, placement, points)
    for line in rig_points.LINES:
        _draw_line([positions[index] for index in line], _OTHER_COLOR, 1.0)
    for radius, color in ((POINT_RADIUS_PX + 1.5, _SHADOW_COLOR), (POINT_RADIUS_PX, _CHOSEN_COLOR)):
        for position in positions:
            _draw_disc(position, radius, color)


def _in_region(region: Any, placement: Placement, points: Iterable[Point]) -> list[Point]:
    to_region = region.view2d.view_to_region
    return [to_region(*placement.to_view(point), clip=False) for point in points]


def _draw_line(positions: Sequence[Point], color: Sequence[float], width_px: float) -> None:
    import gpu
    from gpu_extras.batch import batch_for_shader

    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    shader.bind()
    shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
    shader.uniform_float("lineWidth", width_px)
    shader.uniform_float("color", color)
    gpu.state.blend_set("ALPHA")
    batch_for_shader(shader, "LINE_STRIP", {"pos": [(x, y, 0.0) for x, y in positions]}).draw(shader)
    gpu.state.blend_set("NONE")


def _draw_disc(center: Point, radius_px: float, color: Sequence[float]) -> None:
    import gpu
    from gpu_extras.batch import batch_for_shader

    angles = np.linspace(0.0, 2.0 * np.pi, 17)
    rim = [(center[0] + radius_px * np.cos(angle), center[1] + radius_px * np.sin(angle)) for angle in angles]
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    shader.bind()
    shader.uniform_float("color", color)
    gpu.state.blend_set("ALPHA")
    triangles = [(0, place, place + 1) for place in range(1, len(rim))]
    batch_for_shader(shader, "TRIS", {"pos": [center, *rim]}, indices=triangles).draw(shader)
    gpu.state.blend_set("NONE")


def register() -> None:
    """Draw in every Preview."""
    bpy.types.WindowManager.th_show_face = BoolProperty(  # type: ignore[attr-defined]
        name="Show Face", description="Show the found faces, or the placed points, in the Preview", default=True
    )
    if not bpy.app.background:
        space = bpy.types.SpaceSequenceEditor
        _handles.append(space.draw_handler_add(_draw_picture, (), "PREVIEW", "POST_VIEW"))
        _handles.append(space.draw_handler_add(_draw_marks, (), "PREVIEW", "POST_PIXEL"))


def unregister() -> None:
    """Draw no more."""
    while _handles:
        bpy.types.SpaceSequenceEditor.draw_handler_remove(_handles.pop(), "PREVIEW")
    _texture.clear()
    del bpy.types.WindowManager.th_show_face  # type: ignore[attr-defined]
