"""DIMSE services (PS3.7) on pynetdicom: one association per call, our errors at the border."""
