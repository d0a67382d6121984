# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thin-Plate Spline Motion Model (Zhao and Zhang 2022, arXiv 2203.14367); our own code, which loads the weights."""
