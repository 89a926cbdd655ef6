"""The report of an export: what was done to which attribute and why, what was held, what the check found.

Free of original identifiers: it counts, and names objects by their new UIDs only.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from workstation.deidentify.changes import Action, ElementChange
from workstation.deidentify.profile import Profile

FORMAT = "workstation-deidentification-report-1"


@dataclass(frozen=True, slots=True)
class Unreleased:
    """An object that is not in the export; `number` is its place in the input."""

    number: int
    reason: str
    sentence: str


@dataclass(slots=True)
class ReportBuilder:
    """Counts while the export runs; memory stays bounded by the number of different attributes."""

    profile: Profile
    software: str
    pseudonymised: bool  # with a kept key; else the ties are cut
    pixels: str
    patients: set[str] = field(default_factory=set)
    written: int = 0
    duplicates: int = 0
    accepted: int = 0
    searched: int = 0
    unreleased: list[Unreleased] = field(default_factory=list)
    attributes: Counter[tuple[int, str, str, str, str]] = field(default_factory=Counter)
    objects: list[str] = field(default_factory=list)

    def add_changes(self, changes: Iterable[ElementChange]) -> None:
        for change in changes:
            if change.action is Action.KEPT:
                continue
            private = bool(change.tag >> 16 & 1)
            tag, name = (0, "private attributes") if private else (change.tag, change.name)
            self.attributes[(tag, name, change.keyword, change.action.value, change.reason)] += 1

    def add_written(self, pseudonym: str, name: str, digest: str) -> None:
        """One released file by its pseudonymous name and the SHA-256 of its bytes."""
        self.patients.add(pseudonym)
        self.written += 1
        self.objects.append(f"{digest}  {name}")

    def finish(self) -> Report:
        manifest = hashlib.sha256("\n".join(sorted(self.objects)).encode()).hexdigest()
        return Report(self._content(manifest))

    def _content(self, manifest: str) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "software": self.software,
            "claim": _claim(self.profile, self.pseudonymised),
            "profile": self.profile.name,
            "options": list(self.profile.options),
            "edition": f"PS3.15 {self.profile.edition}",
            "table_sha256": self.profile.table_digest,
            "method_codes": [{"code": code, "meaning": meaning} for code, meaning in self.profile.method_codes],
            "pixels": self.pixels,
            "counts": {
                "patients": len(self.patients),
                "written": self.written,
                "duplicates": self.duplicates,
                "not_released": len(self.unreleased),
                "pixels_accepted_by_a_person": self.accepted,
            },
            "residual_check": {"files_searched": self.searched, "identifiers_found": 0},
            "not_released": [
                {"number": item.number, "reason": item.reason, "explanation": item.sentence} for item in self.unreleased
            ],
            "attributes": [
                {
                    "tag": _tag_text(tag),
                    "name": name,
                    "keyword": keyword,
                    "action": action,
                    "reason": reason,
                    "count": n,
                }
                for (tag, name, keyword, action, reason), n in sorted(self.attributes.items())
            ],
            "files_sha256": manifest,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The finished report; `content` is plain JSON."""

    content: dict[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of the content in canonical JSON, also written into the report itself."""
        text = json.dumps(self.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> str:
        return json.dumps({**self.content, "sha256": self.digest}, indent=2, ensure_ascii=False) + "\n"

    def to_html(self) -> str:
        """The same for reading and printing, self-contained."""
        content = self.content
        facts = {
            "Software": content["software"],
            "Table": f"{content['edition']} Table E.1-1 ({content['table_sha256'][:12]}…)",
            "Methods": ", ".join(f"{code['code']} {code['meaning']}" for code in content["method_codes"]),
            "Pixel data": content["pixels"],
            **{key.replace("_", " ").capitalize(): value for key, value in content["counts"].items()},
            "Files searched for known identifiers": content["residual_check"]["files_searched"],
            "Identifiers found": content["residual_check"]["identifiers_found"],
            "SHA-256 over the files": content["files_sha256"],
            "SHA-256 of this report": self.digest,
        }
        held = [(item["number"], item["explanation"]) for item in content["not_released"]]
        rows = [(r["tag"], r["name"], r["action"], r["count"], r["reason"]) for r in content["attributes"]]
        parts = [
            f"<p>{html.escape(content['claim'])}</p>",
            _table(("", ""), facts.items()),
            "<h2>Not released</h2>",
            _table(("No. in the input", "Why"), held) if held else "<p>Nothing was held back.</p>",
            "<h2>What was done to which attribute</h2>",
            _table(("Tag", "Attribute", "Action", "Count", "Rule"), rows),
        ]
        return _PAGE.format(body="\n".join(parts))


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>De-identification report</title><style>
body {{ font: 14px/1.45 sans-serif; margin: 2em auto; max-width: 70em; color: #1b2430 }}
table {{ border-collapse: collapse; margin: .6em 0 }}
td, th {{ border: 1px solid #ccd3dc; padding: .25em .6em; text-align: left; vertical-align: top }}
</style></head><body><h1>De-identification report</h1>
{body}
</body></html>
"""


def _claim(profile: Profile, pseudonymised: bool) -> str:
    options = ", ".join(profile.options) or "no options"
    kind = (
        "The key was kept: with it the data can be linked to the patients, so they are pseudonymised, not anonymous."
        if pseudonymised
        else "No key was kept: nobody can re-create the pseudonyms."
    )
    return f"De-identified per DICOM PS3.15 {profile.edition}, Basic Profile, {options}. {kind}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    lines = ["<tr>" + "".join(f"<th>{html.escape(cell)}</th>" for cell in head) + "</tr>"] if any(head) else []
    lines += ["<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows]
    return "<table>" + "\n".join(lines) + "</table>"


def _tag_text(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})" if tag else ""
