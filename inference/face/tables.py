# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Landmark index tables in MediaPipe's numbering (0 to 477, irises 468 to 477).

"Right" is the subject's right, which is the image's left in an upright portrait.
"""

from __future__ import annotations

import numpy as np


def _table(text: str) -> np.ndarray:
    table = np.array([int(number) for number in text.split()])
    table.setflags(write=False)
    return table


# Face outline, a closed ring, clockwise in the image from the top.
OVAL = _table("""
    10 338 297 332 284 251 389 356 454 323 361 288 397 365 379 378 400 377
    152 148 176 149 150 136 172 58 132 93 234 127 162 21 54 103 67 109""")

# Points that expressions hardly move, for head pose.
STABLE = _table("""
    4 6 10 33 54 67 117 119 121 127 129 133 151 168 195 197 234 263 284 297
    346 348 350 356 358 362 454 8 9 5 1""")

# What the blendshape network takes, in its order.
BLENDSHAPE_INPUT = _table("""
    0 1 4 5 6 7 8 10 13 14 17 21 33 37 39 40 46 52 53 54 55 58 61 63 65 66 67 70 78 80 81 82 84 87 88 91
    93 95 103 105 107 109 127 132 133 136 144 145 146 148 149 150 152 153 154 155 157 158 159 160 161
    162 163 168 172 173 176 178 181 185 191 195 197 234 246 249 251 263 267 269 270 276 282 283 284 285
    288 291 293 295 296 297 300 308 310 311 312 314 317 318 321 323 324 332 334 336 338 356 361 362 365
    373 374 375 377 378 379 380 381 382 384 385 386 387 388 389 390 397 398 400 402 405 409 415 454 466
    468 469 470 471 472 473 474 475 476 477""")

BLENDSHAPE_NAMES = tuple(
    """
    _neutral browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight cheekPuff cheekSquintLeft
    cheekSquintRight eyeBlinkLeft eyeBlinkRight eyeLookDownLeft eyeLookDownRight eyeLookInLeft eyeLookInRight
    eyeLookOutLeft eyeLookOutRight eyeLookUpLeft eyeLookUpRight eyeSquintLeft eyeSquintRight eyeWideLeft eyeWideRight
    jawForward jawLeft jawOpen jawRight mouthClose mouthDimpleLeft mouthDimpleRight mouthFrownLeft mouthFrownRight
    mouthFunnel mouthLeft mouthLowerDownLeft mouthLowerDownRight mouthPressLeft mouthPressRight mouthPucker mouthRight
    mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper mouthSmileLeft mouthSmileRight mouthStretchLeft
    mouthStretchRight mouthUpperUpLeft mouthUpperUpRight noseSneerLeft noseSneerRight""".split()
)

# Outer and inner corner of each eye, and a few points that name themselves.
RIGHT_EYE_OUTER, RIGHT_EYE_INNER, LEFT_EYE_INNER, LEFT_EYE_OUTER = 33, 133, 362, 263
FOREHEAD, CHIN, NOSE_TIP = 10, 152, 1
RIGHT_EAR, LEFT_EAR = 234, 454
RIGHT_MOUTH_CORNER, LEFT_MOUTH_CORNER = 61, 291

# Iris centre and its four rim points.
RIGHT_IRIS = _table("468 469 470 471 472")
LEFT_IRIS = _table("473 474 475 476 477")

# Outline of each eye's opening: upper and lower lid from the image's left to its right (right eye), and from the
# image's right to its left (left eye).
RIGHT_EYE_UPPER = _table("33 246 161 160 159 158 157 173 133")
RIGHT_EYE_LOWER = _table("33 7 163 144 145 153 154 155 133")
LEFT_EYE_UPPER = _table("263 466 388 387 386 385 384 398 362")
LEFT_EYE_LOWER = _table("263 249 390 373 374 380 381 382 362")
