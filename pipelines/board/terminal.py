"""The answers for the terminal, one line for each question."""

from __future__ import annotations

from pipelines.board.answers import anything_words, bracket_words, naive_row
from pipelines.released import wording
from pipelines.released.citations import Tables, capitalised, cite, plain
from pipelines.released.questions import (
    PLACEBO,
    evaluated_programmes,
    key_stage_of,
    outcome_words,
    primary_headlines,
    reason_words,
    year_before,
)


def headline_words(tables: Tables) -> list[str]:
    """One plain-text line for each evaluated programme and key stage."""
    lines = []
    for programme in evaluated_programmes(tables):
        for row in primary_headlines(programme["programme"], tables):
            title = programme["title"] + (f" ({PLACEBO})" if programme["is_placebo"] else "")
            about = (
                f"{title}, {outcome_words(row, tables)} ({key_stage_of(row)}, "
                f"{wording.format_status(row['release_status'])})"
            )
            verdict = wording.format_verdict(row["verdict"])
            if not wording.is_shown(row):
                lines.append(f"{about}: {verdict}: {reason_words(row)}.")
                continue
            bracket = capitalised(bracket_words(row, tables))
            words = f"{about}: {verdict}. {bracket}. It {anything_words(row)}."
            naive = naive_row(row, tables)
            if naive is not None:
                says = cite(naive, "effect", "estimate_low")
                words += f" The change since {year_before(tables)}, which is unsafe, says {says}."
            lines.append(words)
    return [plain(line) for line in lines]
