# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ComfyUI workflows and expression files read into strips, settings and keys. Standard library and numpy only."""
