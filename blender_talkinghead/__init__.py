# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Blender-side core: strips, properties, curves, jobs, the worker's client and its environment."""

from __future__ import annotations

from types import ModuleType

from . import preferences, properties
from .drivers import driver_tracks
from .jobs import (
    before_background_render,
    blender_render,
    command_line,
    follow_watch,
    queue_keeper,
    queue_list,
    service,
    stale_watch,
)
from .poses import pose_gallery, pose_library, pose_pictures
from .preview import faces, overlay, preview, view_size
from .registration import register_all, unregister_all
from .strips import file_session, missing_frames, uncovering
from .worker import memory, worker

MODULES: tuple[ModuleType, ...] = (
    properties, file_session, missing_frames, uncovering, preferences, worker, memory, blender_render, service,
    queue_list, queue_keeper, faces, driver_tracks, preview, overlay, view_size,
    pose_library, pose_pictures, pose_gallery, command_line, follow_watch, before_background_render, stale_watch,
)  # fmt: skip
"""Sub-modules that have ``register`` and ``unregister``, in the order of registration."""


def register() -> None:
    """Register all parts, or none if one fails."""
    register_all(MODULES)


def unregister() -> None:
    """Unregister the parts in reverse order."""
    unregister_all(MODULES)
