# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engines that redraw with diffusion share: Stable Diffusion 1.5, memory, noise, the unseen performance."""
