"""Kafka's message descriptions (JSON with // comments), loaded into plain objects."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import sys
from typing import Any

NUMBER_TYPES = {
    "bool": (0, 1),
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
}


@dataclasses.dataclass(frozen=True)
class Versions:
    """An inclusive range; empty when first > last."""

    first: int
    last: int

    def __contains__(self, version: int) -> bool:
        return self.first <= version <= self.last

    @staticmethod
    def parse(text: str | None) -> Versions:
        if text is None or text == "none":
            return Versions(0, -1)
        if text.endswith("+"):
            return Versions(int(text[:-1]), sys.maxsize)
        first, _, last = text.partition("-")
        return Versions(int(first), int(last or first))


@dataclasses.dataclass
class Field:
    name: str
    type: str
    versions: Versions
    nullable: Versions
    tagged: Versions
    tag: int | None
    default: Any
    old_notation: bool
    """A string in the old notation also in flexible versions: the client id of the request header."""
    fields: list[Field]
    """Of a struct, or of the structs in a list."""

    @property
    def is_list(self) -> bool:
        return self.type.startswith("[]")

    @property
    def element(self) -> Field:
        """A list's element as a field that is neither nullable nor tagged."""
        none = Versions(0, -1)
        return dataclasses.replace(self, type=self.type[2:], nullable=none, tagged=none, tag=None, default=None)

    @property
    def is_struct(self) -> bool:
        return not self.is_list and bool(self.fields)

    def default_value(self) -> Any:
        """What a message that lacks the field is taken to have."""
        if self.default == "null":
            return None
        if self.is_list:
            return []
        if self.is_struct:
            return {field.name: field.default_value() for field in self.fields}
        if self.type in NUMBER_TYPES:
            return number_default(self.default)
        if self.type == "float64":
            return float(self.default or 0)
        if self.type == "string":
            return self.default or ""
        if self.type == "uuid":
            return bytes(16)
        return None if self.type == "records" else b""


def number_default(default: Any) -> int:
    if default is None or default == "":
        return 0
    if isinstance(default, str) and default in ("true", "false"):
        return int(default == "true")
    return int(default, 0) if isinstance(default, str) else int(default)


@dataclasses.dataclass
class Message:
    name: str
    api_key: int | None
    kind: str
    valid: Versions
    flexible: Versions
    fields: list[Field]


def without_comments(text: str) -> str:
    """Takes // comments away, but not from strings."""
    kept = []
    in_string = False
    at = 0
    while at < len(text):
        char = text[at]
        if in_string and char == "\\":
            kept.append(text[at : at + 2])
            at += 2
            continue
        if char == '"':
            in_string = not in_string
        elif char == "/" and not in_string and text[at : at + 2] == "//":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        kept.append(char)
        at += 1
    return "".join(kept)


def build_field(described: dict, common: dict[str, list[dict]]) -> Field:
    type_name = described["type"]
    struct_name = type_name.removeprefix("[]")
    inner = described.get("fields") or common.get(struct_name, [])
    return Field(
        name=described["name"],
        type=type_name,
        versions=Versions.parse(described["versions"]),
        nullable=Versions.parse(described.get("nullableVersions")),
        tagged=Versions.parse(described.get("taggedVersions")),
        tag=described.get("tag"),
        default=described.get("default"),
        old_notation=described.get("flexibleVersions") == "none",
        fields=[build_field(one, common) for one in inner],
    )


def load_message(path: pathlib.Path) -> Message:
    described = json.loads(without_comments(path.read_text(encoding="utf-8")))
    common = {one["name"]: one["fields"] for one in described.get("commonStructs", [])}
    return Message(
        name=described["name"],
        api_key=described.get("apiKey"),
        kind=described["type"],
        valid=Versions.parse(described["validVersions"]),
        flexible=Versions.parse(described.get("flexibleVersions")),
        fields=[build_field(one, common) for one in described.get("fields", [])],
    )


class Schemas:
    """All requests and responses of a folder, by API key."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.messages: dict[tuple[int, str], Message] = {}
        for path in sorted(folder.glob("*Re[qs]*.json")):
            message = load_message(path)
            if message.api_key is not None:
                self.messages[message.api_key, message.kind] = message
        self.request_header = load_message(folder / "RequestHeader.json")
        self.response_header = load_message(folder / "ResponseHeader.json")
