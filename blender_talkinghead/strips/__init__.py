# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strips in and out: what they show, pairs of source and result, folders of frames."""
