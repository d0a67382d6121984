# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dense motion and inpainting in 32 bit on processors: the same numbers, faster."""
