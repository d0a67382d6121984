# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A driving clip: its face tracked once, and made into controls and landmark motion."""
