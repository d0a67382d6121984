# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a workflow that an engine has as well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...inference.controls import BY_NAME
from ...inference.engines import ENGINES
from ...inference.engines.description import EngineDescription, Setting, SettingKind
from ...inference.workflow.plan import Plan
from .. import properties
from . import workflow_media


def apply(strip: Any, plan: Plan, workflow: Path, folder: Path | None, remarks: list[str]) -> None:
    """Give a strip the engines' settings of a plan; what needs another engine than the strip's is remarked."""
    for engine in ENGINES.values():
        values = plan.settings.get(engine.name, {})
        for setting in engine.settings:
            if setting.name in values:
                _set(strip, engine, setting, values[setting.name], workflow, folder, remarks)
        if strip.th_engine != engine.name and (waiting := _own_labels(engine, plan)):
            remarks.append(
                f"{', '.join(waiting)}: only {engine.label} has that, so it shows once {engine.label} is the engine."
            )


def _set(
    strip: Any,
    engine: EngineDescription,
    setting: Setting,
    value: object,
    workflow: Path,
    folder: Path | None,
    remarks: list[str],
) -> None:
    if setting.kind is SettingKind.PATH and value:
        path = workflow_media.find(str(value), workflow, folder)
        if path is None:
            remarks.append(f"{setting.label}: {value} was not found; choose it in the panel {engine.label}.")
            return
        value = str(path)
    setattr(strip, properties.setting_property(engine.name, setting.name), value)


def _own_labels(engine: EngineDescription, plan: Plan) -> list[str]:
    """What a plan moves or sets that this engine alone has, as the panels call it."""
    keyed = dict.fromkeys(key.control for key in plan.keys)
    controls = [BY_NAME[name].label for name in keyed if BY_NAME[name].engine == engine.name]
    values = plan.settings.get(engine.name, {})
    return controls + [setting.label for setting in engine.settings if setting.name in values]
