# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cache folders stay within their size, and touch only what the worker made."""

from __future__ import annotations

import os
import time

from inference.worker.cache_folder import digest_of, drop_longest_unused, mark_used


def entry(folder, content, suffix="", size_bytes=1000, used_s=None):
    """An entry, a file or (without suffix) a folder of one file; used long ago."""
    path = folder / f"{digest_of([content])}{suffix}"
    if not suffix:
        path.mkdir()
    (path if suffix else path / "data.npy").write_bytes(bytes(size_bytes))
    if used_s is not None:
        os.utime(path, (used_s, used_s))
    return path


def test_files_and_folders_are_dropped_by_their_last_use(tmp_path):
    old, used, newest = entry(tmp_path, 1, "", used_s=1), entry(tmp_path, 2, ".npz", used_s=0), entry(tmp_path, 3)
    mark_used(used)
    drop_longest_unused(tmp_path, newest.name, 2500)
    assert not old.exists() and used.exists() and newest.exists()
    drop_longest_unused(tmp_path, newest.name, 500)
    assert list(tmp_path.iterdir()) == [newest]


def test_what_others_put_there_stays(tmp_path):
    """A folder that was named as the cache by mistake loses nothing."""
    (tmp_path / "takes").mkdir()
    (tmp_path / "takes" / "first.wav").write_bytes(bytes(5000))
    (tmp_path / "second.wav").write_bytes(bytes(5000))
    (tmp_path / ".mine-2.part").write_bytes(bytes(5000))
    os.utime(tmp_path / ".mine-2.part", (0, 0))
    others = sorted(tmp_path.rglob("*"))
    drop_longest_unused(tmp_path, entry(tmp_path, 1).name, 10)
    assert set(others) < set(tmp_path.rglob("*"))


def test_what_a_dead_worker_left_is_removed(tmp_path):
    newest = entry(tmp_path, 1, ".npz")
    made_s = {"a": time.time() - 2 * 24 * 3600, "b": time.time() - 60}
    for name, moment in made_s.items():
        for left in (tmp_path / f".{name * 32}-00ff00ff.part", tmp_path / f".{name * 32}.npz-00ff00ff.part"):
            left.mkdir() if ".npz" not in left.name else left.write_bytes(b"x")
            os.utime(left, (moment, moment))
    drop_longest_unused(tmp_path, newest.name, 10)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {newest.name, f".{'b' * 32}-00ff00ff.part", f".{'b' * 32}.npz-00ff00ff.part"}
