"""Atheris on the parsers of pixel data: frames, codestream headers, RLE. Run it by hand; atheris is no dependency.

    python tests/fuzz/fuzz_frames.py [libFuzzer options] [corpus folder]

Whatever is not an InputError is a finding; each becomes a regression test.
"""

from __future__ import annotations

import struct
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))
sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["workstation.dicom"]):
    from workstation.dicom import codestream
    from workstation.dicom.codecs import registry, rle
    from workstation.dicom.decode import ImageFile
    from workstation.domain.errors import InputError

from tests.support.dicom_files import element, part10

SYNTAXES = (
    b"1.2.840.10008.1.2.1\0",
    b"1.2.840.10008.1.2.5\0",
    b"1.2.840.10008.1.2.8.1",
    b"1.2.840.10008.1.2.1.98",
)
# The parsers that are ours; native decoders are libraries' and run in a worker.
registry.DECODERS["1.2.840.10008.1.2.5"] = (rle.rle_python,)
TARGET = Path(tempfile.mkdtemp(prefix="fuzz-")) / "image.dcm"


def image(provider: atheris.FuzzedDataProvider) -> bytes:
    syntax = SYNTAXES[provider.ConsumeIntInRange(0, len(SYNTAXES) - 1)]
    bits = provider.PickValueInList([1, 8, 12, 16, 32, 64, 7])
    head = b"".join(
        element(tag, b"US", struct.pack("<H", value))
        for tag, value in (
            (0x00280002, provider.PickValueInList([1, 3, 0, 2])),
            (0x00280006, provider.ConsumeIntInRange(0, 2)),
        )
    )
    head += element(0x00280008, b"IS", provider.PickValueInList([b"1 ", b"3 ", b"-1", b"99", b"2147483647 ", b"x "]))
    head += b"".join(
        element(tag, b"US", struct.pack("<H", value))
        for tag, value in (
            (0x00280010, provider.PickValueInList([1, 4, 7, 0, 65535])),
            (0x00280011, provider.PickValueInList([1, 4, 7, 0, 65535])),
            (0x00280100, bits),
            (0x00280101, provider.ConsumeIntInRange(0, 70)),
            (0x00280102, provider.ConsumeIntInRange(0, 70)),
            (0x00280103, provider.ConsumeIntInRange(0, 2)),
        )
    )
    if provider.ConsumeBool():
        head += element(0x7FE00001, b"OV", provider.ConsumeBytes(24))
        head += element(0x7FE00002, b"OV", provider.ConsumeBytes(24))
    length = 0xFFFFFFFF if provider.ConsumeBool() else None
    return part10(head + element(0x7FE00010, b"OB", provider.ConsumeBytes(1 << 12), length), syntax)


def one_input(data: bytes) -> None:
    codestream.dimensions(data)
    codestream.jpeg2000_header(data)
    codestream.jpeg2000_shortfall(data)
    codestream.repaired_jpeg2000(data, 4, 4)
    codestream.closed_jpeg2000(data)
    codestream.adobe_transform(data)
    codestream.has_subsampled_colour(data)
    codestream.scan_components(data)
    TARGET.write_bytes(image(atheris.FuzzedDataProvider(data)))
    try:
        with ImageFile(TARGET) as opened:
            for index in range(min(3, opened.frame_count)):
                try:
                    opened.frame(index)
                except InputError:
                    continue
    except InputError:
        pass


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
