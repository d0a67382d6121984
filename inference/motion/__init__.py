# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion as numbers over time: tracks of drivers, mixing, keys, poses. Standard library and numpy only."""
