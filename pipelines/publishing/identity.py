"""What a run was made from and is named by, and whether its files are those it lists.

Importing this is quick: an evaluation that changes nothing needs no more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from pipelines.disclosure.releases import releases_sha256
from pipelines.freshness.code_version import code_sha256, library_versions
from pipelines.study.settings import Study


def run_identity(study: Study, sources: str, *, has_officers_page: bool) -> dict[str, object]:
    """The inputs of a run, and its name derived from them."""
    made_from = {
        "study": study.name,
        "protocol_sha256": study.protocol_sha256,
        "sources_sha256": sources,
        "releases_sha256": releases_sha256(study.folder),
        "code_sha256": code_sha256(),
        "libraries": library_versions(),
        "has_officers_page": has_officers_page,
    }
    digest = hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
    return {"run": digest[:12], **made_from}


def checksums(run: Path) -> Iterator[tuple[str, str]]:
    """Hash of each file of a run by its path in it, but of `run.json`, which lists them."""
    for file in sorted(run.rglob("*")):
        if file.is_file() and file.name != "run.json":
            yield file.relative_to(run).as_posix(), hashlib.sha256(file.read_bytes()).hexdigest()


def is_whole(run: Path, restricted: Path) -> bool:
    """Whether a run's folder and its officers' folder contain exactly the files in its run.json."""
    try:
        listed = json.loads((run / "run.json").read_text(encoding="utf-8"))
        return bool(
            listed["files_sha256"] == dict(checksums(run))
            and listed["restricted_sha256"] == dict(checksums(restricted))
        )
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return False
