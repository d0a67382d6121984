# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Consent about likeness: asked once, kept in the preferences. Farms and scripts say it with a variable."""

import os

import bpy

from ..inference.errors import ErrorCode, TalkingHeadError
from .preferences import preferences

VARIABLE = "TALKINGHEAD_CONSENT"
QUESTION = (
    "Talking Head makes pictures of people move and speak.",
    "Use only pictures of people who agreed to it, or that you have the right to use,",
    "and tell viewers that the picture was animated where the law asks for it.",
)
ANSWER = "I Have the Right to Animate These People"


def given() -> bool:
    """Whether consent was given, in the preferences or with TALKINGHEAD_CONSENT=1."""
    return os.environ.get(VARIABLE) == "1" or preferences().consent


def give() -> None:
    """Keep the consent in the preferences."""
    preferences().consent = True
    bpy.context.preferences.is_dirty = True


def require() -> None:
    """Raises TalkingHeadError (LICENCE_NOT_ACCEPTED) unless consent was given."""
    if not given():
        raise TalkingHeadError(
            ErrorCode.LICENCE_NOT_ACCEPTED,
            "Talking Head was not told that you have the right to animate the people in your pictures.",
            f"Confirm it in the add-on's preferences; without a window, set {VARIABLE}=1 or pass --i-have-the-rights.",
        )
