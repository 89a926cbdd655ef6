"""The pool against what native decoders do: crash, hang, eat memory. Real processes, real damage."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from tests.support.dicom_files import image_dataset, write, write_encapsulated
from tests.support.testdata import require_testdata
from workstation.dicom.decode import decode_stored
from workstation.dicom.decode_pool import DecodePool
from workstation.dicom.frames import encapsulated_frames
from workstation.dicom.pixel_format import pixel_format
from workstation.dicom.read import open_file
from workstation.domain.errors import Cancelled, DecodeFailed, DecoderDied, InputError, NotDicom
from workstation.jobs.cancel import Cancellation
from workstation.settings import DecodeSettings

JPEG_2000, HTJ2K, JPEG_LS, RLE = (
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.5",
)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A frame that decodes in no time."""
    stored = np.arange(64 * 48, dtype=np.uint16).reshape(64, 48)
    return write_encapsulated(
        tmp_path / "small.dcm", image_dataset(stored), JPEG_LS, [imagecodecs.jpegls_encode(stored)]
    )


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A frame that takes OpenJPEG about a second: noise does not compress."""
    stored = np.random.default_rng(1).integers(0, 65536, (1536, 1536)).astype(np.uint16)
    code = imagecodecs.jpeg2k_encode(stored, level=0, codecformat="j2k", reversible=True)
    return write_encapsulated(tmp_path_factory.mktemp("slow") / "slow.dcm", image_dataset(stored), JPEG_2000, [code])


def children() -> set[int]:
    """Living child processes of this one."""
    found = set()
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        with suppress(OSError):  # a thread that has just ended
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


def test_a_frame_from_the_pool_equals_one_decoded_here(small: Path, pool: DecodePool) -> None:
    frame = pool.frame(small, 0)
    assert np.array_equal(frame.stored, decode_stored(small, 0))
    assert frame.attributes.bits_stored == 16
    assert np.array_equal(pool.stored(small, 0), frame.stored)
    frame.stored[0, 0] = 7  # an array of our own, that may be written to


def test_an_uncompressed_frame_needs_no_worker(tmp_path: Path) -> None:
    stored = np.arange(12, dtype=np.int16).reshape(3, 4) - 6
    path = write(tmp_path / "native.dcm", image_dataset(stored))
    before = children()
    with DecodePool() as pool:
        assert np.array_equal(pool.frame(path, 0).stored, stored)
        assert children() == before


def test_workers_start_when_asked_and_are_gone_after_close(small: Path) -> None:
    before = children()
    pool = DecodePool(DecodeSettings(workers=2))
    pool.start()
    assert len(children() - before) == 2
    pool.frame(small, 0)
    pool.close()
    assert children() == before
    with pytest.raises(Cancelled):
        pool.frame(small, 0)


def test_closing_frees_a_waiting_call(slow: Path) -> None:
    pool = DecodePool(DecodeSettings(workers=1))
    outcomes: list[BaseException] = []

    def ask() -> None:
        try:
            pool.frame(slow, 0)
        except Cancelled as error:
            outcomes.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    pool.start()
    for thread in threads:
        thread.start()
    pool.close()
    for thread in threads:
        thread.join(10)
    assert len(outcomes) == 3


def test_a_killed_worker_is_told_and_replaced(slow: Path, small: Path) -> None:
    with DecodePool(DecodeSettings(workers=1)) as pool:
        before = children()
        pool.start()
        (worker,) = children() - before
        killer = threading.Timer(0.2, os.kill, (worker, 9))
        killer.start()
        with pytest.raises(DecoderDied) as caught:
            pool.frame(slow, 0)
        killer.join()
        assert caught.value.details["reason"] == "the decoder crashed (signal 9)"
        assert caught.value.details["transfer_syntax"] == JPEG_2000
        assert pool.frame(small, 0).rows == 64


def test_a_decoder_past_its_deadline_is_ended(slow: Path, small: Path) -> None:
    with DecodePool(DecodeSettings(workers=1, deadline_s=0.2)) as pool:
        with pytest.raises(DecoderDied) as caught:
            pool.frame(slow, 0)
        assert caught.value.details["reason"] == "no answer within 0.2 s"


def test_memory_beyond_the_limit_is_refused_to_the_decoder(tmp_path: Path, small: Path) -> None:
    stored = np.zeros((12000, 12000), np.uint16)
    code = imagecodecs.jpegls_encode(stored)
    path = write_encapsulated(tmp_path / "big.dcm", image_dataset(stored), JPEG_LS, [code])
    with DecodePool(DecodeSettings(workers=1, memory_mib=512)) as pool:
        with pytest.raises(DecodeFailed):
            pool.frame(path, 0)
        assert pool.frame(small, 0).rows == 64


def test_cancelling_frees_the_caller_at_once_and_keeps_the_pool(slow: Path, small: Path) -> None:
    cancellation = Cancellation()
    with DecodePool(DecodeSettings(workers=1)) as pool:
        pool.frame(small, 0)
        canceller = threading.Timer(0.05, cancellation.cancel)
        canceller.start()
        with pytest.raises(Cancelled):
            pool.frame(slow, 0, cancellation)
        canceller.join()
        assert pool.frame(small, 0, Cancellation()).rows == 64


def test_a_call_cancelled_while_it_waits_for_a_worker_is_freed(slow: Path) -> None:
    cancellation = Cancellation()
    with DecodePool(DecodeSettings(workers=1)) as pool:
        busy = threading.Thread(target=pool.frame, args=(slow, 0))
        busy.start()
        canceller = threading.Timer(0.05, cancellation.cancel)
        canceller.start()
        with pytest.raises(Cancelled):
            pool.frame(slow, 0, cancellation)
        busy.join()
        canceller.join()


def test_several_threads_share_the_workers(small: Path) -> None:
    expected = decode_stored(small, 0)
    same: list[bool] = []
    with DecodePool(DecodeSettings(workers=2)) as pool:

        def ask() -> None:
            same.append(all(np.array_equal(pool.frame(small, 0).stored, expected) for _ in range(5)))

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert same == [True] * 6


def test_a_frame_that_is_looked_at_goes_before_those_read_ahead(slow: Path, small: Path) -> None:
    order: list[str] = []
    with DecodePool(DecodeSettings(workers=1)) as pool:
        pool.frame(small, 0)

        def ask(name: str, urgent: bool) -> None:
            pool.frame(small, 0, urgent=urgent)
            order.append(name)

        with pool._condition:  # nobody gets a worker until all are waiting
            busy = pool._idle.pop()
        ahead = [threading.Thread(target=ask, args=("ahead", False)) for _ in range(2)]
        for thread in ahead:
            thread.start()
        looked_at = threading.Thread(target=ask, args=("looked at", True))
        looked_at.start()
        while pool._urgent == 0:
            looked_at.join(0.01)
        with pool._condition:
            pool._idle.append(busy)
            pool._condition.notify_all()
        for thread in (*ahead, looked_at):
            thread.join()
    assert sorted(order) == ["ahead", "ahead", "looked at"]
    assert order.index("looked at") < 2


def test_errors_of_the_file_come_back_as_they_are(tmp_path: Path, small: Path, pool: DecodePool) -> None:
    with pytest.raises(NotDicom):
        pool.frame(tmp_path / "missing.dcm", 0)
    with pytest.raises(DecodeFailed) as caught:
        pool.frame(small, 5)
    assert caught.value.details["reason"] == "there are 1 frames"
    (tmp_path / "text.dcm").write_text("no DICOM")
    with pytest.raises(NotDicom):
        pool.stored(tmp_path / "text.dcm", 0)


def test_a_path_of_any_spelling_reaches_the_worker(tmp_path: Path, small: Path, pool: DecodePool) -> None:
    odd = tmp_path / os.fsdecode(b"M\xc3\xbcller \xff\n.dcm")
    odd.write_bytes(small.read_bytes())
    assert pool.frame(odd, 0).rows == 64


def test_a_file_that_changes_is_read_again(tmp_path: Path, pool: DecodePool) -> None:
    path = tmp_path / "changing.dcm"
    for value in (1, 2):
        stored = np.full((8 * value, 8), value, np.uint8)
        write_encapsulated(path, image_dataset(stored), JPEG_LS, [imagecodecs.jpegls_encode(stored)])
        assert np.array_equal(pool.stored(path, 0), stored)


def test_a_worker_knows_neither_the_window_nor_the_network() -> None:
    code = (
        "import sys, workstation.dicom.decode_worker as worker;"
        "print(sorted({name.split('.')[0] for name in sys.modules} & "
        "{'PySide6', 'pynetdicom', 'sqlite3', 'httpx2', 'pyqtgraph'}))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_modules_in_the_current_folder_are_not_imported(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('imported from a patient CD')")
    monkeypatch.chdir(tmp_path)
    with DecodePool(DecodeSettings(workers=1)) as pool:
        assert pool.frame(small, 0).rows == 64


def test_a_frozen_application_serves_as_its_own_worker(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = tmp_path / "application"
    application.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m workstation "$@"\n')
    application.chmod(0o755)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(application))
    with DecodePool(DecodeSettings(workers=1)) as pool:
        assert pool.frame(small, 0).rows == 64


def test_a_worker_that_cannot_be_started_is_told(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with DecodePool() as pool, pytest.raises(DecoderDied) as caught:
        pool.frame(small, 0)
    assert caught.value.details["reason"] == "it cannot be started: No such file or directory"


DAMAGEABLE = (
    "transfer_syntaxes/JPEGBaseline_1s_1f_u_08_08.dcm",
    "transfer_syntaxes/JPEGExtended_1s_1f_u_16_12.dcm",
    "transfer_syntaxes/JLSL_RGB_ILV2.dcm",
    "multiframe/emri_small_jpeg_2k_lossless.dcm",
    "transfer_syntaxes/dcm_qa_ts_same_image/5.dcm",
    "photometric/SC_rgb_rle_16bit_2frame.dcm",
    "transfer_syntaxes/liver_deflate.dcm",
    "transfer_syntaxes/image_dfl.dcm",
)


@pytest.mark.parametrize("name", DAMAGEABLE)
def test_the_pool_survives_damaged_codestreams(name: str, tmp_path: Path, small: Path) -> None:
    whole = (require_testdata() / name).read_bytes()
    chance = random.Random(name)
    with DecodePool(DecodeSettings(workers=1, deadline_s=2)) as pool:
        for attempt in range(15):
            damaged = bytearray(whole)
            for _ in range(chance.choice((1, 5, 40))):
                damaged[chance.randrange(len(whole) // 3, len(whole))] = chance.randrange(256)
            if attempt % 5 == 0:
                del damaged[chance.randrange(len(whole) // 2, len(whole)) :]
            path = tmp_path / "damaged.dcm"
            path.write_bytes(damaged)
            try:
                assert pool.frame(path, 0).stored.size
            except InputError as error:
                assert error.details["reason"]
        assert pool.frame(small, 0).rows == 64


CUT = (
    ("transfer_syntaxes/JPEGBaseline_1s_1f_u_08_08.dcm", True),
    ("modalities/JPEGwithIcon.dcm", True),
    ("transfer_syntaxes/JPEGExtended_1s_1f_u_16_12.dcm", True),
    ("transfer_syntaxes/dcm_qa_ts_same_image/5.dcm", True),
    ("transfer_syntaxes/HTJ2KLossless_08_RGB.dcm", True),
    ("transfer_syntaxes/dcm_qa_ts_same_image/4.dcm", True),
    ("transfer_syntaxes/liver_deflate.dcm", True),
    ("transfer_syntaxes/image_dfl.dcm", True),
    ("transfer_syntaxes/dcm_qa_ts_same_image/7.dcm", True),
    ("transfer_syntaxes/dcm_qa_ts_same_image/9.dcm", True),
    ("transfer_syntaxes/will-jxl.dcm", True),
)


@pytest.mark.parametrize(("name", "shown"), CUT)
def test_a_cut_file_is_shown_in_part_and_told_or_refused(
    name: str, shown: bool, tmp_path: Path, pool: DecodePool
) -> None:
    """Never a silent wrong picture."""
    source, path = require_testdata() / name, tmp_path / "cut.dcm"
    with open_file(source) as opened:
        assert opened.pixels is not None
        if opened.pixels.length is None:
            last = encapsulated_frames(opened, opened.pixels, pixel_format(opened)).frames[0][-1]
            end = last.offset + last.length * 6 // 10
        else:
            end = source.stat().st_size * 7 // 10
    path.write_bytes(source.read_bytes()[:end])
    if shown:
        assert pool.frame(path, 0).attributes.incomplete
    else:
        with pytest.raises(DecodeFailed):
            pool.frame(path, 0)


def test_a_codestream_that_states_a_huge_size_is_refused_before_decoding(tmp_path: Path, pool: DecodePool) -> None:
    stored = np.zeros((16, 16), np.uint8)
    code = bytearray(imagecodecs.jpegls_encode(stored))
    position = code.find(b"\xff\xf7") + 5
    code[position : position + 4] = b"\xff\xff\xff\xff"
    path = write_encapsulated(tmp_path / "lying.dcm", image_dataset(stored), JPEG_LS, [bytes(code)])
    with pytest.raises(DecodeFailed) as caught:
        pool.frame(path, 0)
    assert caught.value.details["reason"] == "the codestream states 65535 x 65535, the header 16 x 16"
