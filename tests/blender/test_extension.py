# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension as a guest in Blender: installs, enables, disables, leaves nothing behind."""

from __future__ import annotations

import inspect
import sys

import bpy
import installed_extension
import pytest
import sequencer

HEAVY_MODULES = ("torch", "cv2", "av", "onnxruntime")


@pytest.fixture
def disabled(addon):
    """The extension is disabled during the test."""
    installed_extension.disable()
    yield
    installed_extension.enable()


def _our_types() -> list[str]:
    return [name for name in dir(bpy.types) if "talkinghead" in name.lower()]


def _our_properties() -> list[str]:
    types = (sequencer.strip_type(), bpy.types.Scene, bpy.types.WindowManager)
    return [f"{owner.__name__}.{name}" for owner in types for name in dir(owner) if name.startswith(("th_", "talking"))]


def _is_ours(function: object) -> bool:
    return installed_extension.MODULE in str(getattr(function, "__module__", ""))


def _our_callbacks() -> list[str]:
    found = []
    for name in dir(bpy.app.handlers):
        handlers = getattr(bpy.app.handlers, name)
        if isinstance(handlers, list):
            found += [f"{name}: {h}" for h in handlers if _is_ours(h)]
    return found


def _our_menu_entries() -> list[str]:
    found = []
    for name in dir(bpy.types):
        owner = getattr(bpy.types, name)
        draw = getattr(owner, "draw", None)
        for function in getattr(draw, "_draw_funcs", ()):
            if _is_ours(function):
                found.append(f"{name}: {function.__name__}")
    return found


def _left_behind() -> dict[str, list[str]]:
    operators = [f"talkinghead.{name}" for name in dir(bpy.ops.talkinghead)] if "talkinghead" in dir(bpy.ops) else []
    return {
        "types": _our_types(),
        "properties": _our_properties(),
        "callbacks": _our_callbacks(),
        "menu entries": _our_menu_entries(),
        "operators": operators,
    }


def test_installed_from_the_zip(addon):
    assert addon.__name__ == installed_extension.MODULE
    assert (installed_extension.folder() / "blender_manifest.toml").is_file()
    assert installed_extension.is_enabled()


def test_registers_operators_panels_and_properties():
    seen = _left_behind()
    assert all(seen[kind] for kind in ("types", "properties", "operators")), seen


def test_disabling_leaves_nothing_behind(disabled):
    assert _left_behind() == {"types": [], "properties": [], "callbacks": [], "menu entries": [], "operators": []}


def test_enabling_again_brings_everything_back():
    before = _left_behind()
    installed_extension.disable()
    installed_extension.enable()
    assert _left_behind() == before


def test_registers_only_classes_of_its_own_category():
    for name in _our_types():
        cls = getattr(bpy.types, name)
        if issubclass(cls, bpy.types.Operator):
            assert name.startswith("TALKINGHEAD_OT_")
        elif issubclass(cls, bpy.types.Panel):
            assert name.startswith("TALKINGHEAD_PT_")


def test_every_operator_explains_itself():
    names = dir(bpy.ops.talkinghead)
    assert names
    for name in names:
        rna = getattr(bpy.ops.talkinghead, name).get_rna_type()
        assert rna.description, f"talkinghead.{name} has no tooltip"
        assert not rna.description.rstrip().endswith("."), f"talkinghead.{name}: tooltips end without a period"
        for prop in rna.properties:
            if prop.identifier != "rna_type":
                assert prop.description, f"talkinghead.{name}.{prop.identifier} has no tooltip"


def test_blender_loads_no_heavy_module():
    assert [name for name in HEAVY_MODULES if name in sys.modules] == []


def test_blender_loads_only_the_pure_part_of_the_worker():
    prefix = f"{installed_extension.MODULE}.inference."
    worker_only = ("media", "capture", "speech", "worker", "face.", "engines.puppet.engine", "cli", "__main__")
    loaded = [name.removeprefix(prefix) for name in sys.modules if name.startswith(prefix)]
    assert loaded
    assert [name for name in loaded if name.startswith(worker_only)] == []


def test_no_code_of_the_extension_changes_the_import_path(addon):
    folder = str(installed_extension.folder())
    assert not [entry for entry in sys.path if entry.startswith(folder)]
    assert inspect.ismodule(addon)
