"""`faults.csv`: the findings of a folder check as a table to sort, pass on and tick off.

It may be sent to whoever has to correct a file, so values from pupil files are left out.
"""

from __future__ import annotations

import csv
from pathlib import Path

from pipelines.free_text.review import inert_in_spreadsheet
from pipelines.validation.folder import Findings

COLUMNS = ("severity", "file", "row", "column", "problem", "found", "expected", "to do")


def write_faults(path: Path, findings: Findings) -> bool:
    """Write the findings, or delete an older list if there are none; returns whether the file exists."""
    if not findings.faults and not findings.warnings:
        path.unlink(missing_ok=True)
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    # Spreadsheets need the byte order mark to recognise UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(COLUMNS)
        for severity, faults in (
            ("stops the study", findings.faults),
            ("warning", findings.warnings),
        ):
            for fault in faults:
                writer.writerow(
                    inert_in_spreadsheet(str("" if cell is None else cell))
                    for cell in (
                        severity,
                        fault.file,
                        fault.row,
                        fault.column,
                        fault.problem,
                        None if fault.file in findings.pupil_files else fault.found,
                        fault.expected,
                        fault.remedy,
                    )
                )
    return True
