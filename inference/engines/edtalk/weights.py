# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EDTalk's motion weights as rows of numbers: 20 of the mouth, 6 of the pose, and 10 of the expression or none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOUTHS, POSES, EXPRESSIONS = 20, 6, 10
MOUTH = slice(0, MOUTHS)
POSE = slice(MOUTHS, MOUTHS + POSES)
# Empty in rows of the model without expressions.
EXPRESSION = slice(MOUTHS + POSES, MOUTHS + POSES + EXPRESSIONS)


def row_length(full: bool) -> int:
    """Numbers of one row, of the full model or the one without expressions."""
    return EXPRESSION.stop if full else POSE.stop


@dataclass(frozen=True, eq=False)
class Weights:
    """How far n frames go along each direction of motion, a row a frame.

    They are absolute: a source takes the motion of the picture that they were found in.

    Attributes:
        mouth: (n, 20) float32.
        pose: (n, 6) float32.
        expression: (n, 10) float32; (n, 0) of the model without expressions.
    """

    mouth: np.ndarray
    pose: np.ndarray
    expression: np.ndarray

    @classmethod
    def of_rows(cls, rows: np.ndarray) -> Weights:
        """From (n, 36 or 26) rows."""
        rows = np.asarray(rows, np.float32)
        return cls(rows[:, MOUTH], rows[:, POSE], rows[:, EXPRESSION])
