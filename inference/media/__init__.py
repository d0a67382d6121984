# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures and movies: decode, encode, colour and alpha, time."""

import os

# Read once by OpenCV when it is first imported; a second net under the check of each file's header.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 28))
