"""Which decoders a transfer syntax has, the preferred first (PS3.5 annex A); a failing one falls to the next.

Native code runs here, so this is called in a worker process only (`decode_pool`). imagecodecs comes first:
measured fastest everywhere and exact. What each is and its licence: docs/dependencies.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from workstation.dicom import codestream
from workstation.dicom.codecs import jpeg, jpeg2000, jpegls, rle
from workstation.dicom.codecs.decoded import CUT_OFF, Decoded, Decoder
from workstation.dicom.codecs.native import deflated, native_samples
from workstation.dicom.pixel_format import PixelFormat
from workstation.domain.errors import DecodeFailed, UnsupportedObject

_LARGEST_EXCESS = 16
_PREFIX = "1.2.840.10008.1.2."
_JPEG: tuple[Decoder, ...] = (jpeg.lossy_imagecodecs, jpeg.lossy_pillow)
_JPEG_LOSSLESS: tuple[Decoder, ...] = (jpeg.lossless_imagecodecs, jpeg.lossless_lj92, jpeg.lossless_sof3)
_JPEG_LS: tuple[Decoder, ...] = (jpegls.jpegls_imagecodecs, jpegls.jpegls_cut_imagecodecs)
_JPEG_XL: tuple[Decoder, ...] = (jpegls.jpegxl_imagecodecs, jpegls.jpegxl_cut_imagecodecs)
_JPEG_2000: tuple[Decoder, ...] = (
    jpeg2000.j2k_imagecodecs,
    jpeg2000.j2k_openjpeg,
    jpeg2000.j2k_cut_imagecodecs,
    jpeg2000.j2k_pillow,
)
_HTJ2K: tuple[Decoder, ...] = (jpeg2000.ht_imagecodecs, *_JPEG_2000, jpeg2000.ht_cut_imagecodecs)
_RLE: tuple[Decoder, ...] = (rle.rle_imagecodecs, rle.rle_pylibjpeg, rle.rle_python)

DECODERS: dict[str, tuple[Decoder, ...]] = {
    **dict.fromkeys((f"{_PREFIX}4.{number}" for number in (50, 52, 53, 54, 55, 56)), _JPEG),
    f"{_PREFIX}4.51": (*_JPEG, jpeg.lossless_imagecodecs),
    **dict.fromkeys((f"{_PREFIX}4.{number}" for number in (57, 70)), _JPEG_LOSSLESS),
    **dict.fromkeys((f"{_PREFIX}4.{number}" for number in (80, 81)), _JPEG_LS),
    **dict.fromkeys((f"{_PREFIX}4.{number}" for number in (90, 91, 92, 93)), _JPEG_2000),
    **dict.fromkeys((f"{_PREFIX}4.{number}" for number in (110, 111, 112)), _JPEG_XL),
    **dict.fromkeys((f"{_PREFIX}4.{number}" for number in (201, 202, 203)), _HTJ2K),
    f"{_PREFIX}5": _RLE,
    f"{_PREFIX}8.1": (deflated,),
}
_GPL_SYNTAXES = frozenset(f"{_PREFIX}4.{number}" for number in (*range(50, 67), 70, 80, 81))
_REDUCERS: dict[str, jpeg2000.Reducer] = {
    **dict.fromkeys((f"{_PREFIX}4.{number}" for number in (90, 91, 92, 93)), jpeg2000.reduced_j2k),
    **dict.fromkeys((f"{_PREFIX}4.{number}" for number in (201, 202, 203)), jpeg2000.reduced_ht),
}
NATIVE = frozenset(
    {
        "1.2.840.10008.1.2",
        f"{_PREFIX}1",
        f"{_PREFIX}1.98",  # encapsulated uncompressed
        f"{_PREFIX}1.99",
        f"{_PREFIX}2",
    }
)

_ARITHMETIC = "a retired JPEG process that only the extra gpl-codecs (pylibjpeg-libjpeg, GPL) decodes"
_JPIP = "the pixels are on a JPIP server, not in the file"
_SMPTE = "a live video stream (SMPTE ST 2110), not stored pixels"
REFUSED: dict[str, str] = {
    **dict.fromkeys((f"{_PREFIX}4.{number}" for number in range(58, 67)), _ARITHMETIC),
    **dict.fromkeys((f"{_PREFIX}4.{number}" for number in (94, 95, 204, 205)), _JPIP),
    **dict.fromkeys((f"{_PREFIX}7.{number}" for number in (1, 2, 3)), _SMPTE),
}


def decoders_of(syntax: str) -> tuple[Decoder, ...]:
    """The decoders of a transfer syntax, the preferred first. Raises UnsupportedObject."""
    found = DECODERS.get(syntax, ())
    if syntax in _GPL_SYNTAXES and jpeg.LIBJPEG.installed:
        found = (*found, jpeg.any_libjpeg)
    if not found:
        reason = REFUSED.get(syntax, "no decoder for this transfer syntax")
        raise UnsupportedObject(transfer_syntax=syntax, reason=reason)
    return found


def decode(data: bytes, layout: PixelFormat, halvings: int = 0) -> Decoded:
    """One encapsulated frame by the first decoder that can. Raises DecodeFailed, UnsupportedObject.

    `halvings` > 0: with its size halved as often, where the codec can; whole where it cannot.
    """
    data, repair = _of_believable_size(data, layout)
    failed: list[str] = []
    reducer = _REDUCERS.get(layout.transfer_syntax) if halvings else None
    if reducer is not None:
        small = _tried("reduced", lambda: reducer(data, layout, halvings), failed)
        if small is not None:
            return replace(small, decoder="reduced")
    for decoder in decoders_of(layout.transfer_syntax):
        name = decoder.__name__.rpartition("_")[2]
        decoded = _tried(name, lambda decoder=decoder: decoder(data, layout), failed)  # type: ignore[misc]
        if decoded is not None:
            return _told(decoded, repair or _missing(data), name, failed)
    if 0 <= len(data) - layout.frame_bytes <= 1 and not codestream.has_start(data):
        # Some writers change the transfer syntax and leave the pixels alone.
        return replace(native_samples(data, layout), incomplete="not compressed, against its transfer syntax")
    raise DecodeFailed(transfer_syntax=layout.transfer_syntax, reason="; ".join(failed))


def _tried(name: str, work: Callable[[], Decoded], failed: list[str]) -> Decoded | None:
    """What `work` gives, or None with why in `failed`; the text of a codec's error may quote the data, so not that."""
    try:
        decoded = work()
    except (MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except ModuleNotFoundError:
        failed.append(f"{name}: not installed")
    except BaseException as error:  # noqa: BLE001 - Rust's PanicException is no Exception
        failed.append(f"{name}: {type(error).__name__}")
    else:
        if decoded.samples.ndim in (2, 3) and decoded.samples.size:
            return decoded
        failed.append(f"{name}: shape")
    return None


def _missing(data: bytes) -> str:
    return "" if codestream.has_end(data) else CUT_OFF


def _told(decoded: Decoded, problem: str, name: str, failed: list[str]) -> Decoded:
    """With who decoded it and what is wrong with it."""
    name = f"{name} after {', '.join(failed)}" if failed else name
    return replace(decoded, decoder=name, incomplete=decoded.incomplete or problem)


def _of_believable_size(data: bytes, layout: PixelFormat) -> tuple[bytes, str]:
    """The codestream, repaired where it can be, and what was repaired.

    One far larger than its frame is an attack or damage: decoders work on it for minutes. Raises DecodeFailed.
    """
    stated = codestream.dimensions(data)
    if stated is None or stated[0] * stated[1] <= _LARGEST_EXCESS * layout.rows * layout.columns:
        return data, ""
    repaired = codestream.repaired_jpeg2000(data, layout.rows, layout.columns)
    if repaired is not None:
        return repaired, "the codestream's header is damaged"
    reason = f"the codestream states {stated[0]} x {stated[1]}, the header {layout.rows} x {layout.columns}"
    raise DecodeFailed(transfer_syntax=layout.transfer_syntax, reason=reason)
