# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Getting models, and naming the folders of programs that have them."""

from functools import partial
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from ..blender_talkinghead import preferences, properties
from ..blender_talkinghead.jobs import service
from ..blender_talkinghead.jobs.runner import JobMaker
from ..blender_talkinghead.worker import models, models_job
from ..inference.engines import description_of
from ..inference.weights.catalogue import SETS
from . import base

_ITEMS = tuple(
    (entry.name, entry.label, f"{sum(file.size for file in entry.files) / 1e6:.0f} MB, {len(entry.files)} files")
    for entry in SETS.values()
)
_WHERE = "Choose ComfyUI's folder, its folder models, or the one that has the model files."


class TALKINGHEAD_OT_get_models(base.JobOperator, bpy.types.Operator):
    """Download the models that the engine needs; says first which, how large, under which licence and from where"""

    bl_idname = "talkinghead.get_models"
    bl_label = models_job.TITLE
    about_strip = False

    layout: Any  # Blender's, while it draws
    models: EnumProperty(name="Models", description="Which models are downloaded", items=_ITEMS, options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.set_up_queued, base.worker_not_ready)

    def invoke(self, context: Any, event: Any) -> set[str]:
        if not self.properties.is_property_set("models"):
            self.models = _needed(context) or self.models
        if bpy.app.background:
            return self.execute(context)
        models.forget()
        return context.window_manager.invoke_props_dialog(self, width=640)

    def draw(self, context: Any) -> None:
        self.layout.prop(self, "models")
        column = self.layout.column(align=True)
        for line in models_job.announcement(self.models):
            column.label(text=line)
        self.layout.operator("talkinghead.add_model_folder", icon="FILE_FOLDER")

    def execute(self, context: Any) -> set[str]:
        # The dialog's OK comes here as well; only then is there a window to run behind.
        return super().execute(context) if bpy.app.background else self.start(context)

    def job(self, context: Any) -> tuple[str, JobMaker]:
        return models_job.TITLE, partial(models_job.get_models, self.models)


def _needed(context: Any) -> str:
    """The set that the active strip's engine lacks, or else needs; "" where it needs none."""
    source = properties.source_of_active(context)
    if source is None:
        return ""
    states = models.models_states(description_of(source.th_engine), properties.settings_of(source))
    lacking = (state.weights.name for state in states if not state.present)
    return next(lacking, states[0].weights.name if states else "")


class TALKINGHEAD_OT_add_model_folder(bpy.types.Operator):
    """Name a folder that has models, such as ComfyUI's; they are used where they are"""

    bl_idname = "talkinghead.add_model_folder"
    bl_label = "Choose Model Folder"

    directory: StringProperty(name="Folder", description="Folder that has models", subtype="DIR_PATH")
    filter_folder: BoolProperty(
        name="Folders", description="Show folders in the browser", default=True, options={"HIDDEN"}
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.job_runs)

    def invoke(self, context: Any, event: Any) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: Any) -> set[str]:
        folder = Path(bpy.path.abspath(self.directory)).absolute()
        if not self.directory or not folder.is_dir():
            self.report({"ERROR"}, f"There is no folder {self.directory}. Choose a folder that has models.")
            return {"CANCELLED"}
        found = models.states_in(folder)
        if not found:
            self.report({"ERROR"}, f"No models that Talking Head knows were found in {folder}. {_WHERE}")
            return {"CANCELLED"}
        preferences.add_model_folder(folder)
        service.redraw()
        self.report({"INFO"}, " ".join(state.text for state in found))
        return {"FINISHED"}


class TALKINGHEAD_OT_remove_model_folder(bpy.types.Operator):
    """Do not look for models in this folder any more; its files stay"""

    bl_idname = "talkinghead.remove_model_folder"
    bl_label = "Remove Model Folder"

    index: IntProperty(name="Index", description="Which of the folders", min=0)

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.job_runs)

    def execute(self, context: Any) -> set[str]:
        if not preferences.remove_model_folder(self.index):
            return {"CANCELLED"}
        service.redraw()
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (TALKINGHEAD_OT_get_models, TALKINGHEAD_OT_add_model_folder, TALKINGHEAD_OT_remove_model_folder)
)
