# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines on video pipelines of diffusers: a description and an adapter each; session and memory are shared."""
