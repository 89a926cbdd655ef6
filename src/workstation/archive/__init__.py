"""The archive on this computer: files, and an index made from them."""
