# SPDX-License-Identifier: MIT
"""The part of JSON Schema (draft 7) that doc/trace.schema.json uses."""
import re
from typing import Any, Dict, Iterator

TYPES = {"object": dict, "array": list, "string": str, "integer": int,
         "number": (int, float), "boolean": bool}
KNOWN = {"$schema", "$comment", "title", "description", "definitions", "$ref",
         "type", "const", "enum", "pattern", "minimum", "maximum", "items",
         "minItems", "maxItems", "properties", "required",
         "additionalProperties", "anyOf"}


class Schema:
    """A schema, as json.load returns it.  Raises ValueError if it uses a
    keyword that is not KNOWN."""

    def __init__(self, schema: Dict[str, Any]) -> None:
        self._root = schema
        self._check(schema)

    def _check(self, s: Any) -> None:
        if isinstance(s, dict):
            if set(s) - KNOWN:
                raise ValueError(f"unknown here: {set(s) - KNOWN}")
            for name in ("properties", "definitions"):
                for below in s.get(name, {}).values():
                    self._check(below)
            for name in ("anyOf", "items"):
                below = s.get(name, [])
                for each in below if isinstance(below, list) else [below]:
                    self._check(each)

    def faults(self, value: Any) -> Iterator[str]:
        """Yields what is wrong with the value; nothing if it is valid."""
        return self._faults(self._root, value, "")

    def _faults(self, s: Dict[str, Any], v: Any, at: str) -> Iterator[str]:
        if "$ref" in s:
            name = s["$ref"].rpartition("/")[2]
            yield from self._faults(self._root["definitions"][name], v, at)
            return
        kind = s.get("type")
        if kind and (not isinstance(v, TYPES[kind]) or
                     isinstance(v, bool) and kind != "boolean"):
            yield f"{at}: {v!r} is no {kind}"
            return
        if "const" in s and v != s["const"] or "enum" in s and \
                v not in s["enum"]:
            yield f"{at}: {v!r}"
        if "pattern" in s and isinstance(v, str) and \
                not re.search(s["pattern"].replace("$", r"\Z"), v):
            yield f"{at}: {v!r} is not like {s['pattern']}"
        if isinstance(v, (int, float)) and not \
                s.get("minimum", v) <= v <= s.get("maximum", v):
            yield f"{at}: {v!r} is out of bounds"
        if isinstance(v, list):
            yield from self._items(s, v, at)
        if isinstance(v, dict):
            yield from self._members(s, v, at)
        if "anyOf" in s and not any(
                not list(self._faults(each, v, at)) for each in s["anyOf"]):
            yield f"{at}: {v!r} is none of what it may be"

    def _items(self, s: Dict[str, Any], v: Any, at: str) -> Iterator[str]:
        if not s.get("minItems", 0) <= len(v) <= s.get("maxItems", len(v)):
            yield f"{at}: {len(v)} items"
        each = s.get("items", {})
        for i, item in enumerate(v):
            if isinstance(each, dict):
                yield from self._faults(each, item, f"{at}[{i}]")
            elif i < len(each):
                yield from self._faults(each[i], item, f"{at}[{i}]")

    def _members(self, s: Dict[str, Any], v: Any, at: str) -> Iterator[str]:
        known = s.get("properties", {})
        for name in s.get("required", ()):
            if name not in v:
                yield f"{at}: lacks {name}"
        for name in v:
            if name in known:
                yield from self._faults(known[name], v[name], f"{at}.{name}")
            elif s.get("additionalProperties") is False:
                yield f"{at}: has {name}"
