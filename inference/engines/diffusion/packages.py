# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the packages of the engines that redraw are there, without the seconds that importing them takes."""

from __future__ import annotations

from importlib.util import find_spec

PACKAGES = ("torch", "safetensors", "diffusers", "transformers", "accelerate", "peft")


def require_packages(*more: str) -> None:
    """Call it where an engine's module is imported, so that a missing package is told as one.

    Args:
        more: packages that the engine needs besides.

    Raises:
        ImportError: with the name of the first package that is missing.
    """
    for name in (*PACKAGES, *more):
        if find_spec(name) is None:
            raise ImportError(f"No module named {name!r}", name=name)
