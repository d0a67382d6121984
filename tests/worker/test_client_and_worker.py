# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client and the real worker, started as Blender starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from source_package import ROOT, source_module

client_module = source_module("blender_talkinghead.worker.client")
process_module = source_module("blender_talkinghead.worker.process")
errors = source_module("inference.errors")


def make_launch(folder: Path):
    command = process_module.inference_command(Path(sys.executable), ROOT, folder / "user", ("worker",))
    environment = process_module.scrubbed_environment(os.environ)
    return process_module.Launch(command, folder, environment, folder / "worker.log", (), folder / "cache", "9.9.9")


@pytest.fixture
def client(tmp_path):
    client = client_module.Client(lambda: make_launch(tmp_path))
    yield client
    client.stop()


def test_worker_says_who_it_is(client):
    client.wait(client.submit("ping"))
    assert client.greeting["pid"] == client.pid
    assert client.greeting["app_version"] == "9.9.9"
    assert {"numpy", "opencv-python", "av"} <= set(client.greeting["packages"])


def test_error_comes_as_data_and_the_worker_lives(client):
    source = {"kind": "image", "files": ["/nowhere/Ärger.png"]}
    with pytest.raises(errors.TalkingHeadError) as caught:
        client.wait(client.submit("analyse", {"source": source, "picture": 0}))
    assert caught.value.code is errors.ErrorCode.SOURCE_MISSING
    assert client.running


def test_stop_ends_it(client):
    client.wait(client.submit("ping"))
    process = client._connection.process
    client.stop()
    assert process.exit_code() is not None


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_kill_is_seen_and_the_next_request_starts_another(client):
    client.wait(client.submit("ping"))
    first = client.pid
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while client.running or client._connection is not None:
        assert time.monotonic() < deadline
        client.pump(0.05)
    client.wait(client.submit("ping"))
    assert client.pid != first


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_worker_ends_with_a_host_that_is_killed(tmp_path):
    script = textwrap.dedent(f"""
        import sys, time
        sys.path[:0] = [{str(ROOT / "tests" / "support")!r}, {str(Path(__file__).parent)!r}]
        from pathlib import Path
        import test_client_and_worker as host
        client = host.client_module.Client(lambda: host.make_launch(Path({str(tmp_path)!r})))
        client.wait(client.submit("ping"))
        print(client.pid, flush=True)
        time.sleep(60)
    """)
    host = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        pid = int(host.stdout.readline())
        host.kill()
        host.wait()
        deadline = time.monotonic() + 5
        while is_running(pid):
            assert time.monotonic() < deadline, "the worker outlived its host"
            time.sleep(0.02)
    finally:
        host.kill()
        host.stdout.close()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
