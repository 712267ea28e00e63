"""Time that a machine which stands still does not take away: a pause between two looks counts as one second at the most."""

from __future__ import annotations

import time

LOOK_S = 1.0


class Patience:
    """Whoever waits looks often."""

    def __init__(self, seconds: float) -> None:
        self._left_s = seconds
        self._looked = time.monotonic()

    def is_over(self) -> bool:
        now = time.monotonic()
        self._left_s -= min(now - self._looked, LOOK_S)
        self._looked = now
        return self._left_s < 0
