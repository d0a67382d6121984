# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of an engine as a preset of Blender's: a file in its folder of presets, listed by its own menu.

Such a file is a line for each setting, ``name = value``. Blender would run it as a script; here it is only read, so
that a preset from somebody else can set settings and do nothing more.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from ..inference.engines import description_of
from ..inference.engines.description import SettingKind
from ..inference.errors import ErrorCode, TalkingHeadError
from . import properties

FOLDER = "talkinghead"
_LARGEST_BYTES = 100_000


def folder_of(source: Any) -> str:
    """Folder of the presets of a strip's engine, below Blender's folder of presets."""
    return f"{FOLDER}/{source.th_engine}"


def names_of(source: Any) -> tuple[str, ...]:
    """Properties that a preset of the strip's engine holds: its settings but for files and what is about one source."""
    engine = description_of(source.th_engine)
    kept = (setting for setting in engine.settings if setting.kind is not SettingKind.PATH and not setting.one_source)
    return tuple(properties.setting_property(engine.name, setting.name) for setting in kept)


def save(source: Any, path: Path) -> None:
    """Write the settings of a strip's engine.

    Raises:
        TalkingHeadError: OUTPUT_NOT_WRITABLE.
    """
    lines = [f"{name} = {getattr(source, name)!r}\n" for name in names_of(source)]
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise TalkingHeadError(
            ErrorCode.OUTPUT_NOT_WRITABLE,
            f"The preset {path} cannot be written.",
            "Check the permissions of its folder.",
            details=str(error),
        ) from error


def apply(source: Any, path: Path) -> int:
    """Set the settings of a strip's engine; how many there were. Those of other engines are left out.

    Raises:
        TalkingHeadError: INVALID_REQUEST for a file that is no preset or has a value that there is not; the strip is
            then as it was.
    """
    known = names_of(source)
    values = {name: value for name, value in _read(path).items() if name in known}
    before = {name: getattr(source, name) for name in values}
    try:
        for name, value in values.items():
            setattr(source, name, value)
    except (TypeError, ValueError) as error:
        for name, value in before.items():
            setattr(source, name, value)
        raise _no_preset(path, str(error)) from error
    return len(values)


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ValueError("it is too large")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        return dict(_assigned(statement) for statement in tree.body)
    except (OSError, ValueError, SyntaxError) as error:
        raise _no_preset(path, str(error)) from error


def _assigned(statement: ast.stmt) -> tuple[str, Any]:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id, ast.literal_eval(statement.value)
    raise ValueError("it has more than settings and their values")


def _no_preset(path: Path, reason: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST,
        f"{path.name} is no preset of this engine: {reason}.",
        "Save the settings as a preset again.",
    )
