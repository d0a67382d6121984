# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What acts and speaks for a portrait: driver strips, their time, what was read of them."""
