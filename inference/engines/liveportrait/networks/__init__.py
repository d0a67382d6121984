# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait's networks as plain modules, with the official names of all tensors, and the reading of their files.

After Guo et al. 2024 (arXiv 2407.03168). They are the plain form: everything is computed as it is written, which the
conformance tests compare number by number. What renders frames are faster modules made from these.
"""
