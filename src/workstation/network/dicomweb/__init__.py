"""DICOMweb (PS3.18) on httpx2: QIDO-RS, WADO-RS and STOW-RS."""
