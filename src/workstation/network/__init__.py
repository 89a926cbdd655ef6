"""Everything that opens a socket: DIMSE, DICOMweb and our own listener. Implements services/ports.py."""
