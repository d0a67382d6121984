# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's preferences: consent, which Python the worker uses and on what, folders of models."""

import os
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, StringProperty

from .worker.torch_builds import CardChoice

BASE_PACKAGE = (__package__ or "").rpartition(".")[0]
PYTHON_VARIABLE = "TALKINGHEAD_PYTHON"


class TalkingHeadModelFolder(bpy.types.PropertyGroup):
    """A folder that has models"""

    path: StringProperty(
        name="Model Folder",
        description="Folder that has models: ComfyUI's, its folder models, or the one with the files",
        subtype="DIR_PATH",
        update=lambda self, context: _refresh_worker(),
    )


class TalkingHeadPreferences(bpy.types.AddonPreferences):
    """Preferences of Talking Head"""

    bl_idname = BASE_PACKAGE

    consent: BoolProperty(
        name="I Have the Right to Animate the People I Use",
        description="You may use the likeness of the people whose pictures you animate, and tell viewers where the law "
        "asks for it",
    )
    worker_python: StringProperty(
        name="Worker Python",
        description="A Python that already has the worker's packages. It is used as it is, and nothing is installed "
        "into it. Empty: the environment that the add-on sets up",
        subtype="FILE_PATH",
        update=lambda self, context: _refresh_worker(),
    )
    setup_python: StringProperty(
        name="Python for Set-Up",
        description="The Python 3.11 to 3.14 with which the worker's environment is made. Empty: Blender's own, or one "
        "that is installed on this computer",
        subtype="FILE_PATH",
    )

    graphics_card: EnumProperty(
        name="Graphics Card",
        description="For which graphics card PyTorch is installed. Install the neural engines again after a change",
        items=(
            (CardChoice.AUTO.value, "Automatic", "The card whose driver is found"),
            (CardChoice.NVIDIA.value, "NVIDIA", "An NVIDIA card, with CUDA"),
            (CardChoice.AMD.value, "AMD", "An AMD card, with ROCm; on Linux only"),
            (CardChoice.NONE.value, "None", "No card: PyTorch computes on the processor"),
        ),
        update=lambda self, context: _look_at_worker(),
    )
    device: EnumProperty(
        name="Device",
        description="What neural engines compute on. The worker is started again after a change",
        items=(
            ("auto", "Automatic", "The graphics card if PyTorch can use it, else the processor"),
            ("cuda", "CUDA", "The NVIDIA card, or with ROCm the AMD card"),
            ("mps", "Metal", "The graphics of Apple processors"),
            ("cpu", "CPU", "The processor"),
        ),
        update=lambda self, context: _refresh_worker(),
    )

    offer_on_drop: BoolProperty(
        name="Offer Portraits When Files Are Dropped",
        description="Ask whether a picture or movie that is dropped onto the sequencer is to be animated",
        default=True,
    )
    before_render: EnumProperty(
        name="Before Rendering",
        description="What happens when Blender begins to render while results are out of date",
        items=(
            (
                "UPDATE",
                "Update",
                "Bring results up to date first: at once in background, in a window through Render > Update and Render "
                "Animation; a render that is started otherwise tells what is out of date",
            ),
            ("WARN", "Warn", "Tell what is out of date, and render it as it is"),
            ("NOTHING", "Nothing", "Render results as they are"),
        ),
        default="UPDATE",
    )

    model_folders: CollectionProperty(
        name="Model Folders",
        description="Folders of other programs that have models; they are searched before the add-on's own",
        type=TalkingHeadModelFolder,
    )

    def draw(self, context: Any) -> None:
        """Draw the preferences."""
        from .worker import models_box, worker_box

        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "consent")
        worker_box.draw(layout)
        column = layout.column()
        column.prop(self, "worker_python")
        column.prop(self, "setup_python")
        column.prop(self, "graphics_card")
        column.prop(self, "device")
        column.prop(self, "before_render")
        layout.prop(self, "offer_on_drop")
        models_box.draw_folders(layout, self)


def preferences() -> Any:
    """The add-on's preferences; the defaults where ``blender --addons`` enabled it, which makes no entry for them."""
    addons = bpy.context.preferences.addons
    entry = addons.get(BASE_PACKAGE)
    if entry is None:
        entry = addons.new()
        entry.module = BASE_PACKAGE
    return entry.preferences


def named_worker_python() -> Path | None:
    """The interpreter that the user named for the worker, with TALKINGHEAD_PYTHON first; None for the add-on's own."""
    named = os.environ.get(PYTHON_VARIABLE) or preferences().worker_python
    return Path(bpy.path.abspath(named)).absolute() if named else None


def named_setup_python() -> str:
    """The interpreter that the user named for set-up, or ""."""
    named = preferences().setup_python
    return str(Path(bpy.path.abspath(named)).absolute()) if named else ""


def card_choice() -> CardChoice:
    """For which graphics card PyTorch is to be installed."""
    return CardChoice(preferences().graphics_card)


def device_choice() -> str:
    """What neural engines are to compute on ("cuda", "mps", "cpu"), "" for the worker's own choice."""
    device = preferences().device
    return "" if device == "auto" else device


def named_model_folders() -> tuple[Path, ...]:
    """Folders that the user named because other programs keep models there."""
    return tuple(Path(bpy.path.abspath(entry.path)).absolute() for entry in preferences().model_folders if entry.path)


def add_model_folder(folder: Path) -> None:
    """Keep a folder of models in the preferences, if it is not there yet."""
    if folder not in named_model_folders():
        preferences().model_folders.add().path = str(folder)
        bpy.context.preferences.is_dirty = True


def remove_model_folder(index: int) -> bool:
    """Take a folder of models out of the preferences; whether there was one."""
    if not index < len(preferences().model_folders):
        return False
    preferences().model_folders.remove(index)
    bpy.context.preferences.is_dirty = True
    _refresh_worker()
    return True


def _refresh_worker() -> None:
    from .worker import worker

    worker.stop()
    worker.refresh()


def _look_at_worker() -> None:
    from .worker import worker

    worker.refresh()


def register() -> None:
    """Register the preferences."""
    bpy.utils.register_class(TalkingHeadModelFolder)
    bpy.utils.register_class(TalkingHeadPreferences)


def unregister() -> None:
    """Unregister the preferences."""
    bpy.utils.unregister_class(TalkingHeadPreferences)
    bpy.utils.unregister_class(TalkingHeadModelFolder)
