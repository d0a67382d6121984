# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install, enable and look at the extension in a headless Blender, as a user would: from its zip."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import bpy

from tools import build_extension
from tools.headless_blender import MODULE, install

__all__ = ["MODULE", "disable", "enable", "folder", "install", "is_enabled", "module", "zip_to_test"]


def zip_to_test(folder: Path) -> Path:
    """The zip named by TALKINGHEAD_ZIP, or the light zip built from the working tree into ``folder``."""
    given = os.environ.get("TALKINGHEAD_ZIP")
    return Path(given).resolve(strict=True) if given else build_extension.build_light(folder)


def is_enabled() -> bool:
    """Whether Blender lists the extension among its enabled add-ons."""
    return MODULE in bpy.context.preferences.addons


def enable() -> None:
    """Enable the installed extension."""
    assert bpy.ops.preferences.addon_enable(module=MODULE) == {"FINISHED"}
    assert is_enabled()


def disable() -> None:
    """Disable the extension."""
    assert bpy.ops.preferences.addon_disable(module=MODULE) == {"FINISHED"}
    assert not is_enabled()


def module(name: str = "") -> ModuleType:
    """The extension's package, or one of its modules, such as ``operators.render``; it must be imported already."""
    return sys.modules[f"{MODULE}.{name}" if name else MODULE]


def folder() -> Path:
    """Where the installed extension lies."""
    return Path(str(module().__file__)).parent
