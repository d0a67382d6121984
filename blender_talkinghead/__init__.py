# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Blender-side core: strips, properties, curves, jobs, the worker's client and its environment."""

from __future__ import annotations

from types import ModuleType

from . import (
    command_line,
    driver_tracks,
    faces,
    file_session,
    missing_frames,
    overlay,
    pose_gallery,
    pose_library,
    pose_pictures,
    preferences,
    preview,
    properties,
    service,
    worker,
)
from .registration import register_all, unregister_all

MODULES: tuple[ModuleType, ...] = (
    properties, file_session, missing_frames, preferences, worker, service, faces, driver_tracks, preview, overlay,
    pose_library, pose_pictures, pose_gallery, command_line
)  # fmt: skip
"""Sub-modules that have ``register`` and ``unregister``, in the order of registration."""


def register() -> None:
    """Register all parts, or none if one fails."""
    register_all(MODULES)


def unregister() -> None:
    """Unregister the parts in reverse order."""
    unregister_all(MODULES)
