"""Finds errors in the measures that a study.toml names or declares."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from pipelines.study.measures import MEASURES
from pipelines.study.settings import PUPIL_GROUPS, Study

# This ending identifies the share of pupils on SEN support, which is protected wherever it occurs.
_RESERVED_ENDING = "_sen_support_share"
# Other names that a column can be mapped to.
_NOT_A_MEASURE = ("n_pupils", "urn", "la", "estab", "school_name", "school_type", "record_type")


def unknown_measures(study: Study) -> Iterator[tuple[tuple[str | int, ...], str, str, str]]:
    """Names that are not measures: location, problem, expectation, remedy. Checked before anything else."""
    named: list[tuple[tuple[str | int, ...], str]] = []
    for nth, programme in enumerate(study.programme):
        here = ("programme", nth)
        named += [
            ((*here, "measure", n, "name"), entry.name) for n, entry in enumerate(programme.measure)
        ]
        if programme.placebo:
            named.append(((*here, "placebo", "measure"), programme.placebo.measure))
    named += [
        (("not_yet_published", nth, "measure"), entry.measure)
        for nth, entry in enumerate(study.not_yet_published)
    ]
    for location, name in named:
        if name not in study.measures:
            near = difflib.get_close_matches(name, study.measures, n=3, cutoff=0.5)
            yield (
                location,
                f"there is no measure {name!r}",
                f"perhaps {' or '.join(near)}" if near else "one of " + ", ".join(study.measures),
                "mend the name, or declare the measure as a [[measure]] of the study's own",
            )


def own_measure_contradictions(
    study: Study,
) -> Iterator[tuple[tuple[str | int, ...], str, str, str]]:
    """Errors in the study's own measures: location, problem, expectation, remedy."""
    for nth, own in enumerate(study.measure):
        here = ("measure", nth)
        if own.name in MEASURES or own.name in (m.name for m in study.measure[:nth]):
            yield (
                (*here, "name"),
                f"there is a measure {own.name!r} already"
                + (f": {MEASURES[own.name].label}" if own.name in MEASURES else ""),
                "a name of its own",
                "choose another name"
                + (", or take the [[measure]] out and ask for that one" * (own.name in MEASURES)),
            )
        if own.name.endswith(_RESERVED_ENDING) or own.name in (*_NOT_A_MEASURE, *PUPIL_GROUPS):
            yield (
                (*here, "name"),
                f"{own.name!r} means something else here",
                "a name that is no heading or pupil group, and does not end in " + _RESERVED_ENDING,
                "choose another name",
            )
        measure = own.as_measure()
        if measure.low >= measure.high or (
            own.unit == "share" and not 0 <= measure.low < measure.high <= 1
        ):
            yield (
                here,
                f"{own.name!r} runs from {measure.low:g} to {measure.high:g}",
                "a share from 0 to 1 at most, as 0.05 to 0.4"
                if own.unit == "share"
                else "low below high",
                "mend low or high",
            )
        if own.is_rate and own.unit != "share":
            yield (
                (*here, "is_rate"),
                f"{own.name!r} is counted in points, and only a share can be a rate",
                'unit = "share" beside it',
                "take is_rate out, or mend the unit",
            )
        if not any(source.kind == f"{own.key_stage}_schools" for source in study.source):
            yield (
                (*here, "key_stage"),
                f"no source holds {own.name!r}: the study has no {own.key_stage}_schools",
                f'a [[source]] of kind = "{own.key_stage}_schools", with the column it is in',
                "add the source, or mend the key stage",
            )
