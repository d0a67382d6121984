# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EDTalk (Tan et al. 2024, arXiv 2404.01647): our own implementation, which loads the official weights."""
