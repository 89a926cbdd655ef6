"""Measurements and marks on the images: what they are, how they are painted, how the mouse makes them."""
