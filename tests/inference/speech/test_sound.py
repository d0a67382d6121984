# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound files as samples: exact time, any format, clear refusals."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from movies import write_movie
from voices import RATE_HZ, noise, silence, vowel, write_movie_with_sound, write_sound

from inference.errors import ErrorCode, TalkingHeadError
from inference.speech.sound import SoundReader, Zero


def read(path: Path, stream: int = 0) -> np.ndarray:
    reader = SoundReader(path, stream)
    samples = np.concatenate(list(reader.blocks()))
    reader.close()
    return samples


def burst(at_s: float, length_s: float = 0.1, whole_s: float = 2.0) -> np.ndarray:
    """A vowel in silence."""
    samples = silence(whole_s)
    first = round(at_s * RATE_HZ)
    samples[first : first + round(length_s * RATE_HZ)] = vowel("a", length_s)
    return samples


def first_loud_s(samples: np.ndarray) -> float:
    return int(np.argmax(np.abs(samples) > 0.1 * np.abs(samples).max())) / RATE_HZ


@pytest.mark.parametrize(
    ("name", "codec", "rate_hz", "channels"),
    [
        ("a.wav", "pcm_s16le", 16000, 1),
        ("a.wav", "pcm_f32le", 48000, 2),
        ("a.flac", "flac", 44100, 2),
        ("a.mp3", "libmp3lame", 44100, 2),
        ("a.opus", "libopus", 48000, 1),
        ("a.m4a", "aac", 44100, 2),
        ("a.m4a", "aac", 48000, 6),
        ("a.wav", "pcm_u8", 8000, 1),
    ],
)
def test_every_format_gives_the_same_sound_at_the_same_time(tmp_path, name, codec, rate_hz, channels):
    path = write_sound(tmp_path / name, burst(0.7), codec, rate_hz, channels)
    samples = read(path)
    assert samples.dtype == np.float32 and samples.ndim == 1
    assert len(samples) / RATE_HZ == pytest.approx(2.0, abs=0.08)  # encoders fill up their last block
    assert first_loud_s(samples) == pytest.approx(first_loud_s(burst(0.7)), abs=0.005)
    assert 0.2 < np.abs(samples).max() < 1.2  # channels add up


@pytest.mark.parametrize("late", [Fraction(0), Fraction(1, 2), Fraction(-1, 4)])
def test_time_counts_from_the_first_picture_or_the_first_sample(tmp_path, late):
    path = write_movie_with_sound(tmp_path / "late.mkv", burst(0.7), late)
    expected_s = first_loud_s(burst(0.7))
    samples = np.concatenate(list(SoundReader(path, zero=Zero.PICTURE).blocks()))
    assert first_loud_s(samples) == pytest.approx(expected_s + float(late), abs=0.005)
    samples = np.concatenate(list(SoundReader(path, zero=Zero.SOUND).blocks()))
    assert first_loud_s(samples) == pytest.approx(expected_s, abs=0.005)


def test_the_wanted_sound_of_several_is_read(tmp_path):
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("pcm_s16le", rate=RATE_HZ, layout="mono") for _ in range(2)]
        for stream, at_s in zip(streams, (0.5, 1.5), strict=True):
            frame = av.AudioFrame.from_ndarray(burst(at_s)[None], "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, 0, Fraction(1, RATE_HZ)
            for out in av.AudioResampler("s16", "mono", RATE_HZ).resample(frame):
                container.mux(stream.encode(out))
    assert first_loud_s(read(path, 0)) == pytest.approx(0.5, abs=0.01)
    assert first_loud_s(read(path, 1)) == pytest.approx(1.5, abs=0.01)
    with pytest.raises(TalkingHeadError, match=r"no sound stream 2.*0 to 1"):
        SoundReader(path, 2)


def test_blocks_are_small(tmp_path):
    path = write_sound(tmp_path / "long.wav", noise(20.0, 0.1))
    reader = SoundReader(path)
    assert max(map(len, reader.blocks())) <= RATE_HZ


def test_samples_that_are_no_numbers_become_silence(tmp_path):
    samples = vowel("a", 1.0)
    samples[2000:2100] = np.nan
    path = tmp_path / "nan.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_f32le", rate=RATE_HZ, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], "flt", "mono")
        frame.sample_rate = RATE_HZ
        container.mux(stream.encode(frame))
    assert np.isfinite(read(path)).all()


def refusal(path: Path) -> TalkingHeadError:
    with pytest.raises(TalkingHeadError) as caught:
        read(path)
    return caught.value


def test_a_missing_file_is_told(tmp_path):
    assert refusal(tmp_path / "none.wav").code is ErrorCode.SOURCE_MISSING


def test_a_silent_movie_is_told(tmp_path):
    write_movie(tmp_path / "silent.mp4", Fraction(25), 5)
    error = refusal(tmp_path / "silent.mp4")
    assert error.code is ErrorCode.UNSUPPORTED_INPUT
    assert "The movie" in error.message and "has no sound" in error.message and error.hint


@pytest.mark.parametrize("content", [b"", b"not a sound at all" * 100, b"RIFF\x24\0\0\0WAVEfmt "])
def test_a_damaged_file_is_told(tmp_path, content):
    (tmp_path / "bad.wav").write_bytes(content)
    assert refusal(tmp_path / "bad.wav").code is ErrorCode.SOURCE_UNREADABLE


def test_a_cut_off_file_is_read_as_far_as_it_goes(tmp_path):
    whole = write_sound(tmp_path / "whole.wav", burst(0.3))
    (tmp_path / "cut.wav").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert len(read(tmp_path / "cut.wav")) / RATE_HZ == pytest.approx(1.0, abs=0.05)


def test_damage_in_the_middle_is_silent_noted_and_shifts_nothing(tmp_path):
    samples = np.concatenate([noise(3.0, 0.1), burst(0.5, 0.4, 1.0)])
    whole = write_sound(tmp_path / "whole.flac", samples, "flac")
    data = bytearray(whole.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 9000] = bytes(9000)
    (tmp_path / "hurt.flac").write_bytes(data)
    reader = SoundReader(tmp_path / "hurt.flac")
    heard = np.concatenate(list(reader.blocks()))
    ((start_s, end_s),) = reader.gaps_s
    assert 0.5 < start_s < end_s < 3
    assert not heard[round(start_s * RATE_HZ) + 200 : round(end_s * RATE_HZ) - 200].any()
    assert len(heard) == len(samples)
    assert np.allclose(heard[-RATE_HZ:], samples[-RATE_HZ:], atol=1e-3)
