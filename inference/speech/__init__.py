# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech to mouth: sound files in, tracks of mouth controls out."""
