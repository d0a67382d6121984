# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a file to an animated portrait in one step: dropped onto the sequencer, or chosen in the menu Add."""

from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, IntProperty, StringProperty

from ..blender_talkinghead import compat, consent, preferences
from ..blender_talkinghead.jobs import jobs, service
from ..blender_talkinghead.jobs.jobs import Target
from ..blender_talkinghead.strips import folders, portraits
from ..inference.errors import TalkingHeadError
from . import base

_DROP_REGIONS = frozenset({"WINDOW", "PREVIEW"})


def _no_sequencer(context: Any) -> str:
    in_sequencer = context.area is not None and context.area.type == "SEQUENCE_EDITOR"
    return "" if in_sequencer else "Do this in a Video Sequencer"


class TALKINGHEAD_OT_drop_portrait(bpy.types.Operator):
    """Add pictures or movies as strips on free channels and animate the faces in them"""

    bl_idname = "talkinghead.drop_portrait"
    bl_label = "Add Portrait"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(
        name="File Path", description="The picture or movie", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    directory: StringProperty(
        name="Folder", description="Folder of the files", subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"}
    )
    files: CollectionProperty(
        name="Files",
        description="The pictures or movies in the folder; each becomes a strip",
        type=bpy.types.OperatorFileListElement,
        options={"SKIP_SAVE", "HIDDEN"},
    )
    frame: IntProperty(
        name="Frame",
        description="Timeline frame on which the strips begin; without it the current one",
        options={"SKIP_SAVE", "HIDDEN"},
    )
    filter_image: BoolProperty(description="Show pictures", default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_movie: BoolProperty(description="Show movies", default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: BoolProperty(description="Show folders", default=True, options={"HIDDEN", "SKIP_SAVE"})

    properties: Any  # Blender's, as of every operator

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, _no_sequencer, base.blender_renders)

    def invoke(self, context: Any, event: Any) -> set[str]:
        if not self.filepath and not self.files:
            context.window_manager.fileselect_add(self)
            return {"RUNNING_MODAL"}
        if not self.properties.is_property_set("frame"):
            self.frame = _frame_under(context, event)
        return self.execute(context)

    def execute(self, context: Any) -> set[str]:
        scene = compat.sequencer_scene(context)
        frame = self.frame if self.properties.is_property_set("frame") else scene.frame_current
        try:
            strips = portraits.add(context, self._paths(), frame)
        except TalkingHeadError as error:
            return base.report_error(self, error)
        targets = [Target(strip.id_data.name, strip.name, "STRIP") for strip in strips]
        if not bpy.app.background and not consent.given():
            bpy.ops.talkinghead.give_consent("INVOKE_DEFAULT", then="talkinghead.animate_portrait")  # type: ignore[attr-defined]
            return {"FINISHED"}
        return self._animate(targets)

    def _paths(self) -> list[Path]:
        names = [entry.name for entry in self.files if entry.name]
        if names and self.directory:
            return [folders.absolute(self.directory) / name for name in names]
        return [folders.absolute(self.filepath)]

    def _animate(self, targets: list[Target]) -> set[str]:
        """Animate the strips one after the other; strips whose faces cannot be found stay as they are."""
        for target in targets:
            try:
                _begin(target)
            except TalkingHeadError as error:
                self.report({"WARNING"} if not bpy.app.background else {"ERROR"}, str(error))
        return {"FINISHED"}


def _begin(target: Target) -> None:
    make = lambda control: jobs.animate(target, control)  # noqa: E731
    if bpy.app.background:
        service.run_to_end(jobs.ANIMATE_TITLE, make)
    else:
        service.start(jobs.ANIMATE_TITLE, make, strip=target.strip)
        base.watch()


def _frame_under(context: Any, event: Any) -> int:
    """The frame at which files were dropped; over the Preview the current one."""
    region = context.region
    if region is None or region.type != "WINDOW" or context.space_data.view_type == "PREVIEW":
        return int(compat.sequencer_scene(context).frame_current)
    return round(region.view2d.region_to_view(event.mouse_x - region.x, event.mouse_y - region.y)[0])


class TALKINGHEAD_FH_portrait(bpy.types.FileHandler):
    """Offers to animate pictures and movies that are dropped onto the sequencer.

    Where Blender's own handlers take the file as well, it asks which one is meant.
    """

    bl_idname = "TALKINGHEAD_FH_portrait"
    bl_label = "Talking Head Portrait"
    bl_import_operator = "talkinghead.drop_portrait"
    bl_file_extensions = portraits.EXTENSIONS

    @classmethod
    def poll_drop(cls, context: Any) -> bool:
        return (
            preferences.preferences().offer_on_drop
            and context.area is not None
            and context.area.type == "SEQUENCE_EDITOR"
            and context.region is not None
            and context.region.type in _DROP_REGIONS
        )


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_OT_drop_portrait, TALKINGHEAD_FH_portrait))
