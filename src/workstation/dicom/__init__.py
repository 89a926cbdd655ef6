"""Between DICOM files and our nouns and frames: pydicom and the image codecs, nobody else knows them."""
