"""In which order cine shows images: from mark to mark, round and round or back and forth."""

from __future__ import annotations

from dataclasses import dataclass, replace

_RATES = (0.5, 1, 2, 3, 5, 7.5, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120)


@dataclass(frozen=True, slots=True)
class Course:
    """Images `first` to `last`, from 0. `backwards` is the direction under way, of a sweep only."""

    first: int
    last: int
    sweeping: bool = False
    backwards: bool = False

    @classmethod
    def over(cls, count: int, *, sweeping: bool = False, trim: tuple[int, int] | None = None) -> Course:
        """All of `count` images, or those of the trim where it lies within them."""
        last = max(0, count - 1)
        if trim is not None and 0 <= trim[0] < trim[1] <= last:
            return cls(*trim, sweeping)
        return cls(0, last, sweeping)

    def marked_in(self, index: int, count: int) -> Course:
        """Begin at `index`; a range that would be empty reaches to the end again."""
        return replace(self, first=index, last=self.last if self.last > index else count - 1)._usable(count)

    def marked_out(self, index: int, count: int) -> Course:
        """End at `index`; a range that would be empty reaches to the beginning again."""
        return replace(self, last=index, first=self.first if self.first < index else 0)._usable(count)

    def is_whole(self, count: int) -> bool:
        return self.first == 0 and self.last >= count - 1

    def after(self, index: int) -> tuple[int, Course]:
        """The image after `index`, and the course from there; from outside the range into it."""
        if not self.first <= index <= self.last:
            return self.first, replace(self, backwards=False)
        if self.first == self.last:
            return index, self
        if not self.sweeping:
            return (index + 1 if index < self.last else self.first), self
        backwards = index == self.last or (self.backwards and index != self.first)
        return index + (-1 if backwards else 1), replace(self, backwards=backwards)

    def _usable(self, count: int) -> Course:
        return self if self.first < self.last else replace(self, first=0, last=max(0, count - 1))


def faster(rate: float) -> float:
    """The next usual rate in images per second."""
    return next((one for one in _RATES if one > rate * 1.01), _RATES[-1])


def slower(rate: float) -> float:
    return next((one for one in reversed(_RATES) if one < rate * 0.99), _RATES[0])
