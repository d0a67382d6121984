# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talking Head's worker: engines, faces, media, and the data that it shares with Blender.

Pure modules (standard library and numpy only, importable in Blender): ``controls``, ``performance``, ``job``,
``protocol``, ``errors``, ``engines`` (descriptions), ``weights.catalogue``. Everything else belongs to the worker's
own Python environment. Imports inside this package are relative, because Blender knows it under another name.
"""
