from __future__ import annotations

from collections.abc import Iterator

import pytest

from workstation.dicom.decode_pool import DecodePool
from workstation.settings import DecodeSettings


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(DecodeSettings(workers=1)) as pool:
        yield pool
