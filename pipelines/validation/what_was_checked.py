"""Summary of a folder check for the terminal: files, rows in, rows kept, rows set aside."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.validation.folder import Findings

_HEADINGS = ("File", "Rows in", "Kept", "Set aside")


def checked_table(findings: Findings) -> Iterator[str]:
    """Lines to print: each file, why rows were set aside, and how many rules were checked."""
    width = max(len(name) for name in (_HEADINGS[0], *(file.file for file in findings.files)))
    yield f"  {_HEADINGS[0]:<{width}}{_HEADINGS[1]:>10}{_HEADINGS[2]:>10}   {_HEADINGS[3]}"
    for file in findings.files:
        reasons = "; ".join(f"{n_rows:,} {reason}" for reason, n_rows in file.set_aside)
        yield (
            f"  {file.file:<{width}}{file.n_rows_in:>10,}{file.n_rows_kept:>10,}   {reasons}"
        ).rstrip()
    yield ""
    n_warnings = len(findings.warnings)
    also = f", {n_warnings} thing{'s' if n_warnings > 1 else ''} to look at" if n_warnings else ""
    yield f"{len(findings.files)} files, {findings.n_rules} rules: nothing that stops the study{also}."
