# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against a worker that can be told to misbehave."""

from __future__ import annotations

import os
import queue
import signal
import sys
import time
from pathlib import Path
from unittest.mock import Mock

import pytest
from source_package import source_module

client_module = source_module("blender_talkinghead.worker.client")
process_module = source_module("blender_talkinghead.worker.process")
errors = source_module("inference.errors")
FAKE = Path(__file__).parents[1] / "support" / "fake_worker.py"


@pytest.fixture
def make_client(tmp_path):
    clients = []

    def make(mode="good", **options):
        launch = process_module.Launch(
            (sys.executable, str(FAKE), mode), tmp_path, dict(os.environ), tmp_path / "log folder" / "worker.log"
        )
        clients.append(client_module.Client(lambda: launch, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.stop(0.2)


def wait_until_ended(client, request, limit_s=15.0):
    deadline = time.monotonic() + limit_s
    while request.open:
        assert time.monotonic() < deadline, "the request never ended"
        client.pump(0.05)


def wait_for_event(client, request):
    events = []
    while not events and request.open:
        client.pump(0.05)
        events = request.poll()
    return events


def test_starts_on_the_first_request_and_answers(make_client):
    client = make_client()
    assert not client.running
    answer = client.wait(client.submit("echo", {"text": "Ärger ☺"}, b"\0\1"))
    assert (answer.fields["text"], answer.payload) == ("Ärger ☺", b"\0\1")
    assert client.greeting["pid"] == client.pid


def test_large_payload_both_ways_does_not_block(make_client):
    client = make_client()
    payload = bytes(5_000_000)
    requests = [client.submit("echo", {}, payload) for _ in range(4)]
    assert [client.wait(request).payload == payload for request in requests] == [True] * 4


def test_events_come_in_order(make_client):
    client = make_client()
    request = client.submit("count", {"frames": 50})
    client.wait(request)
    assert [event.fields["index"] for event in request.poll()] == list(range(50))
    assert request.poll() == []


def test_error_keeps_code_hint_and_action(make_client):
    client = make_client()
    with pytest.raises(errors.TalkingHeadError) as caught:
        client.wait(client.submit("fail"))
    assert caught.value.code is errors.ErrorCode.NO_FACE
    assert caught.value.action is errors.Action.PLACE_POINTS
    assert client.running


def test_cancel_ends_one_request_and_the_worker_lives(make_client):
    client = make_client()
    request = client.submit("count", {"frames": 1000, "pause_s": 0.01})
    wait_for_event(client, request)
    client.cancel(request)
    wait_until_ended(client, request)
    assert request.outcome is client_module.Outcome.CANCELLED
    pid = client.pid
    assert client.wait(client.submit("echo")).type == "done"
    assert client.pid == pid


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_killed_worker_is_explained_with_its_last_words_and_restarted(make_client):
    client = make_client()
    request = client.submit("die", {"signal": int(signal.SIGKILL)})
    wait_until_ended(client, request)
    assert request.error.code is errors.ErrorCode.WORKER_DIED
    assert "memory" in request.error.message
    assert "the last words" in request.error.details
    assert not client.running
    assert client.wait(client.submit("echo")).type == "done"


def test_exit_code_is_told(make_client):
    client = make_client()
    request = client.submit("die", {"exit_code": 7})
    wait_until_ended(client, request)
    assert "exit code 7" in request.error.message


def test_death_is_seen_soon(make_client):
    client = make_client()
    client.wait(client.submit("echo"))
    request = client.submit("die", {"exit_code": 3})
    wait_until_ended(client, request, limit_s=5.0)
    assert request.outcome is client_module.Outcome.FAILED


def test_all_open_requests_fail_when_the_worker_dies(make_client):
    client = make_client()
    count = client.submit("count", {"frames": 20, "pause_s": 0.05})
    requests = [client.submit("die"), client.submit("echo")]
    for request in requests:
        wait_until_ended(client, request)
    assert count.outcome is client_module.Outcome.DONE
    assert {request.error.code for request in requests} == {errors.ErrorCode.WORKER_DIED}


def test_request_right_after_a_death_goes_to_a_new_worker(make_client, monkeypatch):
    client = make_client()
    client.wait(client.submit("echo"))
    connection, first = client._connection, client.pid
    connection.process.kill()
    connection.process._process.wait()
    # As on a busy computer, where the reading thread sees the end of the pipe late.
    monkeypatch.setattr(connection.incoming, "get_nowait", Mock(side_effect=queue.Empty))
    assert client.wait(client.submit("echo", {"text": "again"})).fields["text"] == "again"
    assert client.pid != first


def test_no_restart_after_three_deaths_until_forgiven(make_client):
    client = make_client()
    for _ in range(3):
        wait_until_ended(client, client.submit("die"))
    with pytest.raises(errors.TalkingHeadError, match="3 times") as caught:
        client.submit("echo")
    assert caught.value.action is errors.Action.REPAIR_WORKER
    client.forgive()
    assert client.wait(client.submit("echo")).type == "done"


def test_worker_that_cannot_start_asks_for_repair(make_client):
    client = make_client("no-start")
    request = client.submit("echo")
    wait_until_ended(client, request)
    assert request.error.code is errors.ErrorCode.ENVIRONMENT_BROKEN
    assert request.error.action is errors.Action.REPAIR_WORKER
    assert "cv2" in request.error.details


def test_missing_interpreter_asks_for_repair(tmp_path):
    launch = process_module.Launch((str(tmp_path / "gone"),), tmp_path, {}, tmp_path / "worker.log")
    with pytest.raises(errors.TalkingHeadError) as caught:
        client_module.Client(lambda: launch).submit("echo")
    assert caught.value.action is errors.Action.REPAIR_WORKER


def test_silent_worker_is_given_up(make_client):
    client = make_client("mute", handshake_patience_s=0.3)
    request = client.submit("echo")
    wait_until_ended(client, request)
    assert "did not answer" in request.error.message
    assert not client.running


def test_other_protocol_is_told_in_the_workers_words(make_client):
    client = make_client("old")
    request = client.submit("echo")
    wait_until_ended(client, request)
    assert request.error.code is errors.ErrorCode.PROTOCOL
    assert "another version" in request.error.message


def test_bytes_that_are_no_message_end_the_worker(make_client):
    client = make_client("garbage")
    request = client.submit("echo")
    wait_until_ended(client, request)
    assert request.error.code is errors.ErrorCode.PROTOCOL
    assert not client.running


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("mode", ["deaf", "stone"])
def test_ignored_cancel_stops_the_worker(make_client, monkeypatch, mode):
    monkeypatch.setattr(client_module, "CANCEL_PATIENCE_S", 0.3)
    monkeypatch.setattr(client_module, "TERMINATE_PATIENCE_S", 0.3)
    client = make_client(mode)
    request = client.submit("count", {"frames": 10_000, "pause_s": 0.05})
    wait_for_event(client, request)
    client.cancel(request)
    wait_until_ended(client, request)
    assert request.outcome is client_module.Outcome.CANCELLED
    assert not client.running
    assert client.wait(client.submit("echo")).type == "done"  # a forced stop is no death: no pause before the restart


def test_what_waits_behind_a_patient_cancel_is_answered(make_client, monkeypatch):
    monkeypatch.setattr(client_module, "CANCEL_PATIENCE_S", 0.1)
    client = make_client("deaf")
    slow = client.submit("count", {"frames": 20, "pause_s": 0.05})
    wait_for_event(client, slow)
    client.cancel(slow, patience_s=60.0)
    assert client.wait(client.submit("echo")).type == "done"
    assert client.running


def test_cancel_waits_for_a_worker_that_tells_progress(make_client, monkeypatch):
    monkeypatch.setattr(client_module, "CANCEL_PATIENCE_S", 0.5)
    client = make_client("deaf")
    slow = client.submit("count", {"frames": 20, "pause_s": 0.05, "tells": True})
    wait_for_event(client, slow)
    client.cancel(slow)
    wait_until_ended(client, slow)
    assert client.running


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_cancel_does_not_wait_for_ever(make_client, monkeypatch):
    for name in ("CANCEL_PATIENCE_S", "CANCEL_LONGEST_S", "TERMINATE_PATIENCE_S"):
        monkeypatch.setattr(client_module, name, 0.3)
    client = make_client("deaf")
    slow = client.submit("count", {"frames": 10_000, "pause_s": 0.05, "tells": True})
    wait_for_event(client, slow)
    client.cancel(slow)
    wait_until_ended(client, slow)
    assert not client.running


def test_much_log_output_does_not_block(make_client):
    client = make_client("noisy")
    assert client.wait(client.submit("echo")).type == "done"


def test_stop_ends_the_process_and_open_requests(make_client):
    client = make_client()
    request = client.submit("count", {"frames": 10_000, "pause_s": 0.05})
    wait_for_event(client, request)
    process = client._connection.process
    client.stop()
    assert process.exit_code() is not None
    assert request.outcome is client_module.Outcome.CANCELLED


def test_two_clients_at_once(make_client):
    clients = [make_client(), make_client()]
    requests = [client.submit("echo", {"text": str(n)}) for n, client in enumerate(clients)]
    texts = [client.wait(request).fields["text"] for client, request in zip(clients, requests, strict=True)]
    assert texts == ["0", "1"]
