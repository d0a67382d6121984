# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""X-Portrait: redraws a performance with Stable Diffusion 1.5 and control networks (Xie and others, SIGGRAPH 2024)."""
