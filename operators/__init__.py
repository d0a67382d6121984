# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators, one family a file, thin."""

from __future__ import annotations

from types import ModuleType

from ..blender_talkinghead.registration import register_all, unregister_all
from . import (
    animate,
    controls,
    drivers,
    face,
    figures,
    mask_points,
    matte,
    menu,
    models,
    output,
    own_poses,
    performance,
    portrait,
    poses,
    presets,
    preview,
    queue,
    rebuild,
    redraw,
    render,
    update_and_render,
    worker,
    workflow,
    workspace,
)

MODULES: tuple[ModuleType, ...] = (
    animate, portrait, render, redraw, figures, mask_points, update_and_render, queue, preview, face, drivers,
    controls, poses, own_poses, performance, workflow, output, matte, rebuild, worker, models, presets, workspace, menu,
)  # fmt: skip
"""Sub-modules that have ``register`` and ``unregister``, in the order of registration."""


def register() -> None:
    """Register all parts, or none if one fails."""
    register_all(MODULES)


def unregister() -> None:
    """Unregister the parts in reverse order."""
    unregister_all(MODULES)
