"""Numbers by offset: compact where offsets are dense, harmless where one is absurd."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

NONE = -1
PAGE_BITS = 12
PAGE = 1 << PAGE_BITS
_BLANK = array("q", [NONE]) * PAGE


class Column:
    """Pages of 4,096 offsets, made when one of them is needed. A number that was never set is NONE."""

    __slots__ = ("_pages",)

    def __init__(self) -> None:
        self._pages: dict[int, array[int]] = {}

    def page(self, number: int) -> array[int]:
        found = self._pages.get(number)
        if found is None:
            found = self._pages[number] = _BLANK[:]
        return found

    def __getitem__(self, offset: int) -> int:
        page = self._pages.get(offset >> PAGE_BITS)
        return NONE if page is None else page[offset & PAGE - 1]

    def __setitem__(self, offset: int, number: int) -> None:
        self.page(offset >> PAGE_BITS)[offset & PAGE - 1] = number

    def pages(self) -> list[int]:
        return sorted(self._pages)


def pieces(offset: int, count: int) -> Iterator[tuple[int, int, int, int]]:
    """Cuts [offset, offset + count) at pages: number of the page, from and to in it, and where that is in the range."""
    at = 0
    while at < count:
        low = offset + at & PAGE - 1
        size = min(PAGE - low, count - at)
        yield offset + at >> PAGE_BITS, low, low + size, at
        at += size


class Ranges:
    """Offsets that were covered, as ranges. Cheap when they come in order."""

    __slots__ = ("_ranges",)

    def __init__(self) -> None:
        self._ranges: list[list[int]] = []

    def add(self, begin: int, end: int) -> None:
        if begin >= end:
            return
        if self._ranges and self._ranges[-1][1] == begin:
            self._ranges[-1][1] = end
        else:
            self._ranges.append([begin, end])

    def end(self) -> int:
        """Behind the last one; 0 when there is none."""
        return max((end for _, end in self._ranges), default=0)

    def missing(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """The ranges of [begin, end) that were not covered."""
        at = begin
        for low, high in sorted(self._ranges):
            if low > at and at < end:
                yield at, min(low, end)
            at = max(at, high)
        if at < end:
            yield at, end
