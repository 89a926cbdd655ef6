"""The decoders of compressed frames (PS3.5 annex A), one module per family; `registry` holds the order."""
