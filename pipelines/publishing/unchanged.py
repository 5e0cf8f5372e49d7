"""Whether the published run is up to date: made from these files, this protocol and this code, and complete.

Decided from the files on disk, however that run was started.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from pipelines.errors.fault import StudyError
from pipelines.ingest.registration import sources_sha256
from pipelines.publishing.identity import is_whole, run_identity
from pipelines.store import fault_list
from pipelines.study.paths import StudyPaths
from pipelines.study.settings import Study


def unchanged_since(
    study: Study, paths: StudyPaths, *, officers: bool = False, keep_pupils: bool = False
) -> datetime | None:
    """When the published run was made, if a new run would give the same; else None.

    `officers` and `keep_pupils` are the options of the new run.
    """
    try:
        sources = sources_sha256(study)
    except StudyError:
        # The run will report what is wrong with the files.
        return None
    name = run_identity(study, sources, has_officers_page=officers)["run"]
    try:
        made = json.loads((paths.current / "run.json").read_text(encoding="utf-8"))
        is_same = made["run"] == name and is_whole(paths.current, paths.restricted_current)
        made_at = datetime.fromisoformat(made["made_at"])
        warned = made["warnings"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if is_same and not any(_left_by_another_run(paths, warned, keep_pupils=keep_pupils)):
        return made_at
    return None


def _left_by_another_run(
    paths: StudyPaths, warned: dict[str, int], *, keep_pupils: bool
) -> Iterator[bool]:
    """Traces of a later run that did not succeed, or of pupil rows that should not be there or should."""
    yield any(paths.faults.glob("*"))
    yield {part: len(each) for part, each in fault_list.read_warnings(paths).items()} != warned
    yield paths.pupils.exists() != keep_pupils
    yield paths.pupils_kept.exists() != keep_pupils
