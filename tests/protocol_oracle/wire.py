"""The notation of values on the wire, by their description."""

from __future__ import annotations

import dataclasses
import struct
from typing import Any, Callable

from schema import Field, Message

FORMATS = {
    "bool": ">b",
    "int8": ">b",
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "uint32": ">I",
    "int64": ">q",
    "float64": ">d",
}


def unsigned_varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def no_extra_tags(_used: set[int]) -> dict[int, bytes]:
    return {}


@dataclasses.dataclass
class Writer:
    """Writes values of one message in one version."""

    version: int
    flexible: bool
    extra_tags: Callable[[set[int]], dict[int, bytes]] = no_extra_tags
    """Gives a struct tagged fields that nobody knows; takes the numbers that are in use."""
    with_defaults: bool = False
    """Writes tagged fields that have their default value too, which is legal."""
    nulled: Field | None = None
    """This field is written as null, legal or not."""

    def message(self, message: Message, value: dict) -> bytes:
        return self.struct(message.fields, value)

    def struct(self, fields: list[Field], value: dict) -> bytes:
        present = [field for field in fields if self.version in field.versions]
        plain = [field for field in present if not self.is_tagged(field)]
        out = b"".join(self.field(field, value[field.name]) for field in plain)
        if not self.flexible:
            return out
        tags = self.extra_tags({field.tag for field in fields if field.tag is not None})
        for field in present:
            if self.is_tagged(field) and (self.with_defaults or value[field.name] != field.default_value()):
                tags[field.tag] = self.field(field, value[field.name])
        out += unsigned_varint(len(tags))
        for number in sorted(tags):
            out += unsigned_varint(number) + unsigned_varint(len(tags[number])) + tags[number]
        return out

    def is_tagged(self, field: Field) -> bool:
        return self.flexible and self.version in field.tagged

    def field(self, field: Field, value: Any) -> bytes:
        if value is None or field is self.nulled:
            return self.null(field)
        if field.is_list:
            element = field.element
            return self.long_length(len(value)) + b"".join(self.field(element, one) for one in value)
        if field.is_struct:
            prefix = b"\x01" if self.version in field.nullable else b""
            return prefix + self.struct(field.fields, value)
        if field.type in FORMATS:
            return struct.pack(FORMATS[field.type], value)
        if field.type == "uuid":
            return value
        if field.type == "string":
            content = value.encode("utf-8")
            return self.string_length(field, len(content)) + content
        return self.long_length(len(value)) + value

    def null(self, field: Field) -> bytes:
        if field.is_struct:
            return b"\xff"
        if self.flexible and not field.old_notation:
            return b"\x00"
        return b"\xff\xff" if field.type == "string" else b"\xff\xff\xff\xff"

    def string_length(self, field: Field, length: int) -> bytes:
        if self.flexible and not field.old_notation:
            return unsigned_varint(length + 1)
        return struct.pack(">h", length)

    def long_length(self, length: int) -> bytes:
        return unsigned_varint(length + 1) if self.flexible else struct.pack(">i", length)
