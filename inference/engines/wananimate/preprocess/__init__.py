# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Wan-Animate is shown: bodies, skeletons, faces and masks made from pictures.

Own code after the behaviour of Wan2.2's preprocessing (Apache-2.0); the numbers are held by the conformance tests.
"""
