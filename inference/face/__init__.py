# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faces: detection, landmarks, canonical mesh, pose, matte, manual rig."""
