# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EDTalk's networks, plainly, under the official tensor names: pictures (n, 3, 256, 256) RGB in -1..1."""
