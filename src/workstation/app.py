"""Composition root: the only module that knows every concrete class."""


def main() -> None:
    raise SystemExit("not wired yet")
