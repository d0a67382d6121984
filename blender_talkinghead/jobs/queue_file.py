# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unfinished renders of a .blend file, as JSON beside its frames. No bpy here.

::

    {"format": "talkinghead-queue", "version": 1,
     "renders": [{"scene": "Scene", "strip": "Portrait", "range": "STRIP", "pair": "3f…", "engine": "puppet",
                  "frames": 120, "size": [1024, 1024]}]}

A render of the first section alone has ``"first_section": true`` as well.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .queue import RenderOrder

_LOGGER = logging.getLogger(__name__)
SUFFIX = ".queue.json"
ASIDE = ".unreadable"
_FORMAT, _VERSION = "talkinghead-queue", 1


def sidecar_of(folder: Path, blend_name: str) -> Path:
    """Path of the file.

    Args:
        folder: the frames' base folder of the .blend file.
        blend_name: the .blend file's name, such as "edit.blend".
    """
    return folder / (blend_name + SUFFIX)


def write(path: Path, orders: Iterable[RenderOrder]) -> None:
    """Write the orders; without any the file is removed, and its folder if nothing else is in there.

    The file is exchanged at once, so that it is whole whenever Blender ends.

    Raises:
        OSError: it cannot be written.
    """
    renders = [_to_dict(order) for order in orders]
    if not renders:
        _remove(path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        text = json.dumps({"format": _FORMAT, "version": _VERSION, "renders": renders}, indent=1, ensure_ascii=False)
        part.write_text(text + "\n", encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def read(path: Path) -> tuple[RenderOrder, ...]:
    """The orders in a file; none if there is no file, or one that is broken or foreign, which is kept aside."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        return _keep_aside(path, error)
    try:
        content = json.loads(text)
        if content["format"] != _FORMAT or content["version"] != _VERSION:
            raise ValueError(f"format {content['format']}, version {content['version']}")
        return tuple(_from_dict(entry) for entry in content["renders"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        return _keep_aside(path, error)


def _keep_aside(path: Path, error: Exception) -> tuple[RenderOrder, ...]:
    _LOGGER.warning("the queue in %s cannot be read: %s", path, error)
    try:
        os.replace(path, path.with_name(path.name + ASIDE))
    except OSError as problem:
        _LOGGER.warning("it cannot be kept aside: %s", problem)
    return ()


def _remove(path: Path) -> None:
    if path.exists():
        path.unlink()
        try:
            path.parent.rmdir()
        except OSError:
            return  # frames are in there


def _to_dict(order: RenderOrder) -> dict[str, Any]:
    return {
        "scene": order.scene,
        "strip": order.strip,
        "range": order.range_mode,
        "pair": order.pair_id,
        "engine": order.engine,
        "frames": order.frames,
        "size": None if order.size is None else list(order.size),
        **({"first_section": True} if order.first_section else {}),
    }


def _from_dict(entry: dict[str, Any]) -> RenderOrder:
    size = entry["size"]
    return RenderOrder(
        scene=_text(entry["scene"]),
        strip=_text(entry["strip"]),
        range_mode=_text(entry["range"]),
        pair_id=_text(entry["pair"]),
        engine=_text(entry["engine"]),
        frames=int(entry["frames"]),
        size=None if size is None else (int(size[0]), int(size[1])),
        first_section=entry.get("first_section") is True,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
