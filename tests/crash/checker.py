"""Compares what producers were told with what a log holds. Knows nothing of servers."""

from __future__ import annotations

from collections.abc import Iterator

from history import Identity, Producing

# (partition, offset): the record there; nothing when its value was not what anybody sent.
Log = dict[tuple[int, int], Identity | None]


def check_contents(log: Log) -> Iterator[str]:
    """Values are intact, and no record is there twice."""
    places: dict[Identity, tuple[int, int]] = {}
    for place, identity in log.items():
        if identity is None:
            yield f"the record at {place} is damaged"
        elif identity in places:
            yield f"{identity} is at {places[identity]} and at {place}"
        else:
            places[identity] = place


def check_offsets(log: Log, ends: dict[int, int]) -> Iterator[str]:
    """From 0 to each partition's end every offset has a record."""
    for partition, end in ends.items():
        missing = [offset for offset in range(end) if (partition, offset) not in log]
        if missing:
            yield f"partition {partition} ends at {end} and lacks {len(missing)} offsets: {missing[:5]}…"
    for partition, offset in log:
        if offset >= ends.get(partition, 0):
            yield f"{(partition, offset)} lies beyond the end"


def check_history(log: Log, producers: dict[int, Producing]) -> Iterator[str]:
    """Every acknowledged record is where its acknowledgement said; every record was sent, and to that partition."""
    for producer, producing in producers.items():
        for number, offset in producing.acknowledged.items():
            place = producing.sent[number], offset
            if log.get(place) != Identity(producer, number):
                yield f"producer {producer} was told that {number} is at {place}; there is {log.get(place)}"
    for (partition, offset), identity in log.items():
        if identity is None:
            continue
        if identity.producer not in producers or producers[identity.producer].sent.get(identity.number) != partition:
            yield f"nobody sent {identity} to partition {partition}, offset {offset}"


def check_order(log: Log) -> Iterator[str]:
    """Records of one producer lie in each partition in the order in which they were sent."""
    last: dict[tuple[int, int], int] = {}
    for (partition, offset), identity in sorted(log.items()):
        if identity is None:
            continue
        before = last.get((partition, identity.producer), -1)
        if identity.number < before:
            yield f"{identity} at {(partition, offset)} lies behind number {before}"
        last[partition, identity.producer] = max(before, identity.number)


def check_seen(log: Log, seen: Log) -> Iterator[str]:
    """What a consumer was given once stays where it was."""
    for place, identity in seen.items():
        if log.get(place) != identity:
            yield f"a consumer saw {identity} at {place}; now there is {log.get(place)}"


def complaints(log: Log, ends: dict[int, int], producers: dict[int, Producing], seen: Log) -> list[str]:
    return [*check_contents(log), *check_offsets(log, ends), *check_history(log, producers), *check_order(log),
            *check_seen(log, seen)]
