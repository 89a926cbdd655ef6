"""Run, cancel and persist work off the caller's thread; knows nothing of DICOM or Qt."""
