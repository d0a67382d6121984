# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The menu Strip > Talking Head. What stands in a menu is also found with F3."""

from typing import Any

import bpy

_ENTRIES: tuple[str | None, ...] = (
    "animate_portrait", "drop_portrait", "render_frames", "render_first_section", "render_all",
    "render_animation", "render_image", "preview_frame", "stop_preview", "cancel", "TALKINGHEAD_MT_queue", None,
    "new_seed", "find_faces", "choose_face", "place_points", "clear_points", None,
    "use_as_character", "place_mask_points", "clear_mask_points",
    "add_helper_strip:stage", "use_helper_strip:stage", "use_computed:stage", None,
    "read_drivers", "neutral_here", "neutral_automatic", None,
    "reset_controls", "TALKINGHEAD_MT_poses", None,
    "bake_performance", "save_performance", "load_performance",
    "mirror_performance", "retime_performance", "copy_performance", None,
    "import_workflow", None,
    "export_movie", "add_matte", "rebuild_job", "clean_up", "choose_folder", "reveal_folder", "show_source", None,
    "set_up_worker", "repair_worker", "install_speech", "install_neural", "install_diffusion", "remove_worker", None,
    "get_models", "add_model_folder", "check_device", "free_memory", "show_log", "copy_report", None,
    "add_workspace",
)  # fmt: skip


class TALKINGHEAD_MT_strip(bpy.types.Menu):
    """Everything that Talking Head does"""

    bl_idname = "TALKINGHEAD_MT_strip"
    bl_label = "Talking Head"

    def draw(self, context: Any) -> None:
        self.layout.operator_context = "INVOKE_DEFAULT"
        for entry in _ENTRIES:
            if entry is None:
                self.layout.separator()
            elif "_MT_" in entry:
                self.layout.menu(entry)
            elif ":" in entry:
                operator, choice = entry.split(":")
                self.layout.operator_menu_enum(f"talkinghead.{operator}", choice)
            else:
                self.layout.operator(f"talkinghead.{entry}")


def _draw_in_strip_menu(self: Any, context: Any) -> None:
    self.layout.separator()
    self.layout.menu(TALKINGHEAD_MT_strip.bl_idname)


def _draw_in_add_menu(self: Any, context: Any) -> None:
    self.layout.separator()
    self.layout.operator_context = "INVOKE_REGION_WIN"
    self.layout.operator("talkinghead.drop_portrait", text="Talking Head Portrait...", icon="USER")


def register() -> None:
    """Register the menu and hang it into Strip; hang the portrait into Add."""
    bpy.utils.register_class(TALKINGHEAD_MT_strip)
    bpy.types.SEQUENCER_MT_strip.append(_draw_in_strip_menu)  # type: ignore[arg-type]
    bpy.types.SEQUENCER_MT_add.append(_draw_in_add_menu)  # type: ignore[arg-type]


def unregister() -> None:
    """Take both out again."""
    bpy.types.SEQUENCER_MT_add.remove(_draw_in_add_menu)  # type: ignore[arg-type]
    bpy.types.SEQUENCER_MT_strip.remove(_draw_in_strip_menu)  # type: ignore[arg-type]
    bpy.utils.unregister_class(TALKINGHEAD_MT_strip)
