# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What panels and preferences show of models: what an engine lacks, and the folders that the user named."""

from collections.abc import Mapping
from typing import Any

from ...inference.engines.description import EngineDescription
from .. import fixes
from . import models


def draw_missing(layout: Any, engine: EngineDescription, settings: Mapping[str, object]) -> None:
    """Draw which models an engine lacks with its settings, and the two ways to have them; nothing if it lacks none."""
    for state in models.models_states(engine, settings):
        _draw_state(layout, state)


def _draw_state(layout: Any, state: models.ModelsState) -> None:
    for refused in state.found.refused:
        fixes.draw_note(layout, f"{refused.path.name} cannot be used: {refused.reason}.", "ERROR")
    if state.present:
        return
    fixes.draw_note(layout, state.text, "ERROR")
    column = layout.column(align=True)
    column.operator("talkinghead.get_models", icon="IMPORT").models = state.weights.name
    column.operator("talkinghead.add_model_folder", icon="FILE_FOLDER")


def draw_folders(layout: Any, preferences: Any) -> None:
    """Draw the folders that the user named."""
    box = layout.box()
    box.use_property_split = False
    box.label(text="Model Folders")
    for index, entry in enumerate(preferences.model_folders):
        row = box.row(align=True)
        row.prop(entry, "path", text="")
        row.operator("talkinghead.remove_model_folder", text="", icon="X").index = index
    row = box.row()
    row.operator("talkinghead.add_model_folder", icon="ADD")
    row.operator("talkinghead.get_models", icon="IMPORT")
