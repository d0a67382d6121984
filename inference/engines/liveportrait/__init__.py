# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait (Guo et al. 2024, arXiv 2407.03168): our own implementation, which loads the official weights."""
