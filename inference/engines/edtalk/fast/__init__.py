# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks in the forms that devices compute fastest: ``cpu`` in 32 bit on processors, ``plain`` elsewhere."""
