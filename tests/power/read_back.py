"""Reads everything that a server holds, through its front door."""

from __future__ import annotations

import time

from kafka_wire import EARLIEST, LATEST, NO_ERROR, OUT_OF_RANGE, Closed, Connection, Damaged, Place, StoredBatch, batches_in
from patience import Patience
from verdict import Log, ReadBack

WITHIN_S = 60


class Unreadable(Exception):
    """What was acknowledged may be there, but it cannot be read."""


class _Moved(Exception):
    """Retention came between."""


def _offsets(connection: Connection, places: list[Place], which: int) -> dict[Place, int]:
    found = {}
    for place, (code, offset) in (connection.offsets(places, which) if places else {}).items():
        if code != NO_ERROR:
            raise Unreadable(f"the offsets of {place}: error {code}")
        found[place] = offset
    return found


def _fetch_some(connection: Connection, positions: dict[Place, int], found: dict[Place, list[StoredBatch]]) -> bool:
    """Moves the positions; false when nothing came."""
    is_more = False
    for place, part in connection.fetch(positions).items():
        if part.code == OUT_OF_RANGE and part.start > positions[place]:
            raise _Moved
        if part.code != NO_ERROR:
            raise Unreadable(f"{place} from {positions[place]}: error {part.code}")
        for batch in batches_in(part.records):
            found[place].append(batch)
            positions[place] = batch.last + 1
            is_more = True
    return is_more


def _read(connection: Connection) -> ReadBack:
    topics = connection.topics()
    places = [Place(topic, partition) for topic, partitions in topics.items() for partition in range(partitions)]
    starts, ends = _offsets(connection, places, EARLIEST), _offsets(connection, places, LATEST)
    found: dict[Place, list[StoredBatch]] = {place: [] for place in places}
    positions, patience = dict(starts), Patience(WITHIN_S)
    while left := {place: at for place, at in positions.items() if at < ends[place]}:
        if not _fetch_some(connection, left, found) or patience.is_over():
            raise Unreadable(f"nothing comes from {left}; the logs end at {ends}")
        positions.update(left)
    return ReadBack(topics, {place: Log(starts[place], ends[place], found[place]) for place in places})


def read_everything(port: int) -> ReadBack:
    """Nothing may be appended meanwhile."""
    try:
        with Connection(port) as connection:
            for _ in range(10):
                try:
                    return _read(connection)
                except _Moved:
                    time.sleep(0.1)
            raise Unreadable("the log starts do not come to rest")
    except (Closed, Damaged) as failure:
        raise Unreadable(str(failure)) from None
