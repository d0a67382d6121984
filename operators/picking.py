# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators share that take clicks in the Preview."""

from typing import Any

import bpy

from ..blender_talkinghead.jobs import service
from ..blender_talkinghead.preview import mask_marks, overlay
from ..blender_talkinghead.preview.placement import Placement, Point
from ..blender_talkinghead.strips import folders, lookup, prerender, sources, uncovering
from ..blender_talkinghead.strips.sources import Rendering
from ..inference.errors import TalkingHeadError


class PickInPreview:
    """A modal operator that takes mouse events inside a Preview; all others pass, so that the view can be moved.

    Attributes:
        dragged: number of the point that follows the mouse; None for none.
    """

    dragged: int | None
    # Of the source that is shown itself, between ``begin`` and ``end``.
    _source_id = ""

    def begin(self, context: Any, source: Any) -> set[str]:
        """Take events from now on, with the source itself to be seen, not what was drawn over it."""
        self.dragged = None
        self._source_id = source.th_id
        self._scene_name = source.id_data.name
        uncovering.uncover(source)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def end(self, context: Any, result: set[str]) -> set[str]:
        """Show what was shown before, and no mask points any more; gives ``result`` back."""
        mask_marks.end()
        scene = bpy.data.scenes.get(self._scene_name)
        if scene is not None:
            uncovering.cover(scene)
        context.workspace.status_text_set(None)
        service.redraw()
        return result

    def cancel(self, context: Any) -> None:
        """Blender ends it by itself, such as when its window is closed."""
        if self._source_id:
            self.end(context, {"CANCELLED"})

    @staticmethod
    def answer_of(event: Any) -> set[str] | None:
        """How the user ends it with Enter or Escape; None where it goes on."""
        if event.value != "PRESS":
            return None
        if event.type == "ESC":
            return {"CANCELLED"}
        return {"FINISHED"} if event.type in {"RET", "NUMPAD_ENTER"} else None

    def find_preview(self, context: Any, event: Any) -> tuple[Any, Point] | None:
        """The Preview region under the mouse, and the mouse in it."""
        for area in context.window.screen.areas:
            for region in area.regions if area.type == "SEQUENCE_EDITOR" else ():
                x, y = event.mouse_x - region.x, event.mouse_y - region.y
                if region.type == "PREVIEW" and 0 <= x < region.width and 0 <= y < region.height:
                    return region, (x, y)
        return None

    def placed(self, context: Any) -> tuple[Any, Placement] | None:
        """The source and where its picture lies; None when it is gone, or when another one was made active since."""
        pair = overlay.active_pair(context)
        if pair is None:
            return None
        scene, strip, source = pair
        if self._source_id:
            if source.th_id != self._source_id:
                return None
            strip = source
        return source, overlay.placement_of(scene, strip, source, overlay.picture_size(source))


def shown_picture(source: Any) -> int:
    """The picture on which points are placed: the one at the current frame."""
    scene = source.id_data
    try:
        if sources.rendering_of(scene, source) is Rendering.NONE:
            shown = sources.describe(scene, source)
        else:
            shown = prerender.plan(source, folders.preview_place().path, lookup.facts_of(source).anchor)
        return shown.picture_at(scene.frame_current)
    except TalkingHeadError:  # what cannot be a source is told when frames are asked for
        return max(source.th_face_picture, 0)


def reach(region: Any) -> float:
    """How far from a point a click takes it, in view units."""
    (x0, _), (x1, _) = (region.view2d.region_to_view(x, 0) for x in (0, overlay.GRAB_RADIUS_PX))
    return abs(x1 - x0)
