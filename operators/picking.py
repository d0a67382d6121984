# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators share that take clicks in the Preview."""

from typing import Any

from ..blender_talkinghead.preview import overlay
from ..blender_talkinghead.preview.placement import Placement, Point
from ..blender_talkinghead.strips import folders, lookup, prerender, sources
from ..blender_talkinghead.strips.sources import Rendering
from ..inference.errors import TalkingHeadError


class PickInPreview:
    """A modal operator that takes mouse events inside a Preview; all others pass, so that the view can be moved."""

    def find_preview(self, context: Any, event: Any) -> tuple[Any, Point] | None:
        """The Preview region under the mouse, and the mouse in it."""
        for area in context.window.screen.areas:
            for region in area.regions if area.type == "SEQUENCE_EDITOR" else ():
                x, y = event.mouse_x - region.x, event.mouse_y - region.y
                if region.type == "PREVIEW" and 0 <= x < region.width and 0 <= y < region.height:
                    return region, (x, y)
        return None

    def placed(self, context: Any) -> tuple[Any, Placement] | None:
        """The source and where its picture lies; None when it is gone."""
        pair = overlay.active_pair(context)
        if pair is None:
            return None
        scene, strip, source = pair
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
