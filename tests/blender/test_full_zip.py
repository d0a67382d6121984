# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The full zip sets itself up without a network. Runs where a full zip for this Python is named (nox builds it)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import full_zip_session
import media
import pytest

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "TALKINGHEAD_FULL_ZIP"


@pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no full zip")
@pytest.mark.timeout(600)
def test_sets_itself_up_and_renders_without_a_network(tmp_path):
    script = full_zip_session.__file__
    arguments = [str(ROOT), os.environ[VARIABLE], str(media.astronaut()), str(tmp_path)]
    session = subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)
    assert session.returncode == 0, session.stdout + session.stderr
    frame = Path(session.stdout.splitlines()[-1])
    assert frame.is_relative_to(tmp_path)
    assert frame.read_bytes().startswith(b"\x89PNG")
