"""Numbers as people read them."""

from __future__ import annotations


def number(value: float) -> str:
    """At most four significant digits, no exponent for what people read, a true minus."""
    text = f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.4g}"
    if text in ("-0", "0"):
        return "0"
    return text.replace("-", "−")
