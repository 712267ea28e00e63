"""Random values for messages, and what is left of a value when it passed through a version."""

from __future__ import annotations

import random
from typing import Any, Iterator

from schema import NUMBER_TYPES, Field, Message

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789._- \u00e4\u20ac\U0001f600\x00"


class Values:
    """Draws values for fields that a version has; the others get their defaults."""

    def __init__(self, source: random.Random) -> None:
        self.random = source

    def message(self, message: Message, version: int) -> dict:
        return self.struct(message.fields, version)

    def struct(self, fields: list[Field], version: int) -> dict:
        return {
            field.name: self.field(field, version) if version in field.versions else field.default_value()
            for field in fields
        }

    def field(self, field: Field, version: int) -> Any:
        if version in field.tagged and self.random.random() < 0.4:
            return field.default_value()
        if version in field.nullable and self.random.random() < 0.25:
            return None
        if field.is_list:
            element = field.element
            return [self.field(element, version) for _ in range(self.random.choice((0, 1, 1, 2, 3)))]
        if field.is_struct:
            return self.struct(field.fields, version)
        if field.type in NUMBER_TYPES:
            return self.number(*NUMBER_TYPES[field.type])
        if field.type == "float64":
            return self.random.choice((0.0, -1.5, 1e300, self.random.random()))
        if field.type == "uuid":
            return self.random.choice((bytes(16), self.random.randbytes(16)))
        if field.type == "string":
            return "".join(self.random.choices(LETTERS, k=self.length()))
        return self.random.randbytes(self.length())

    def number(self, low: int, high: int) -> int:
        edges = (low, high, 0, 1, max(low, -1))
        return self.random.choice(edges) if self.random.random() < 0.5 else self.random.randint(low, high)

    def length(self) -> int:
        # Around where the compact notation needs a second byte, and, rarely, a third.
        roll = self.random.random()
        if roll < 0.9:
            return self.random.randrange(12)
        return self.random.randrange(120, 135) if roll < 0.995 else self.random.randrange(5000, 6000)


def seen_by(fields: list[Field], value: dict, version: int) -> dict:
    """`value` without what `version` cannot say: those fields have their defaults."""
    seen = {}
    for field in fields:
        inner = value[field.name]
        if version not in field.versions:
            inner = field.default_value()
        elif inner is not None and field.fields:
            many = field.is_list
            inner = [seen_by(field.fields, one, version) for one in inner] if many else seen_by(field.fields, inner, version)
        seen[field.name] = inner
    return seen


def has_forbidden_null(fields: list[Field], value: dict, version: int) -> bool:
    """Whether `value` holds a null that `version` has no notation for."""
    for field in fields:
        inner = value[field.name]
        if version not in field.versions:
            continue
        if inner is None:
            if version not in field.nullable:
                return True
        elif field.fields:
            if any(has_forbidden_null(field.fields, one, version) for one in (inner if field.is_list else [inner])):
                return True
    return False


def never_null(fields: list[Field], value: dict, version: int) -> Iterator[Field]:
    """The fields that `value` has and that `version` forbids to be null."""
    for field in fields:
        if version not in field.versions or version in field.tagged:
            continue
        inner = value[field.name]
        if inner is None:
            continue
        variable = field.is_list or field.type in ("string", "bytes", "records")
        if variable and version not in field.nullable:
            yield field
        if field.fields:
            for one in inner if field.is_list else [inner]:
                yield from never_null(field.fields, one, version)
