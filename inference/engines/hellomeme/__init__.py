# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HelloMeme: redraws a performance with Stable Diffusion 1.5 and adapters (Zhang and others, 2024)."""
