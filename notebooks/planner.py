import marimo

app = marimo.App(width="medium", app_title="What a study could see")

with app.setup:
    from dataclasses import asdict

    import marimo as mo
    import matplotlib.pyplot as plt
    import numpy as np
    import pandas as pd

    from pipelines.impact.panel import school_panel
    from pipelines.impact.power import SchoolVariance, power
    from pipelines.planning.study_power import study_power
    from pipelines.protocol.study_file import load_study
    from pipelines.study.paths import DATA_MARTS, PROJECT, StudyPaths


@app.cell(hide_code=True)
def _():
    mo.md("""
    # What a study could see

    Before anything is paid for: how large would an effect have to be for the study to find it 80 times in
    100? If that is more than a programme could do, the answer will be *cannot tell*, whatever happens.
    Nothing here reads a result of the outcome year.
    """)


@app.cell
def _():
    STUDY = "data_raw/example"
    study = load_study(PROJECT / STUDY)
    scratch = StudyPaths(DATA_MARTS, study.name).work
    return scratch, study


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## This study, from its earlier years

    `mde`: the smallest effect it would find, in the measure's unit. `mde_attainment_sd`: the same in SDs
    of attainment, which makes measures comparable. A measure with a smaller one is the better primary, if
    that is decided now.
    """)


@app.cell
def _(scratch, study):
    COLUMNS = [
        "programme",
        "measure",
        "unit",
        "mde",
        "smallest_effect",
        "mde_attainment_sd",
        "reason",
    ]
    COLUMNS += ["is_primary", "is_in_protocol", "is_pupil_adjusted", "pupil_group"]
    COLUMNS += ["n_programme_schools", "n_comparison_schools", "n_programme_pupils"]
    answers = pd.DataFrame(
        [asdict(answer) | asdict(answer.power) for answer in study_power(study, scratch)]
    )[COLUMNS]
    answers.round(3)
    return (answers,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Another study, not begun yet

    Move the settings. Schools are drawn as they say, and the engine says what their headline could see, in
    SDs of pupils. For scale: the average effect in 141 large trials in education was 0.06 (Lortie-Forgues
    and Inglis 2019, *Educational Researcher* 48: 158).
    """)


@app.cell(hide_code=True)
def _():
    n_programme = mo.ui.slider(
        5, 60, value=18, label="schools in the programme", show_value=True, debounce=True
    )
    n_others = mo.ui.slider(5, 200, value=42, label="other schools", show_value=True, debounce=True)
    n_pupils = mo.ui.slider(
        5, 120, step=5, value=10, label="target pupils a school", show_value=True, debounce=True
    )
    n_years = mo.ui.slider(
        1, 4, value=2, label="earlier years on file", show_value=True, debounce=True
    )
    mo.vstack([n_programme, n_others, n_pupils, n_years])
    return n_others, n_programme, n_pupils, n_years


@app.cell(hide_code=True)
def _():
    # As in the simulations of `make calibrate`: SDs where all pupils together have 1.
    LASTING, PASSING = 0.25, 0.12
    WITHIN = (1 - LASTING**2 - PASSING**2) ** 0.5

    def smallest_seen(n_programme, n_others, n_pupils, n_years, seed=2018):
        """The smallest effect that the headline would find, in SDs of pupils; None without an estimate."""
        rng = np.random.default_rng(seed)
        n_schools, years = (
            n_programme + n_others,
            tuple(f"20{10 + y}-{11 + y}" for y in range(n_years + 1)),
        )
        shape = (n_schools, len(years))
        noise = (PASSING**2 + WITHIN**2 / n_pupils) ** 0.5
        panel = school_panel(
            measure="ks2_reading_progress",
            pupil_group="all",
            unit="points",
            programmes=("planned",),
            baseline_years=years[:-1],
            outcome_years=years[-1:],
            school_ids=np.arange(n_schools),
            exposure=(np.arange(n_schools) < n_programme)[:, None].astype(float),
            mean=rng.normal(0, LASTING, n_schools)[:, None] + rng.normal(0, noise, shape),
            n_pupils=np.full(shape, float(n_pupils)),
            variance=np.full(shape, WITHIN**2),
            rounding_half_width=np.zeros(shape),
        )
        spread = SchoolVariance(LASTING**2, PASSING**2, is_lasting_known=True)
        return power(panel, spread)["planned"].mde_sd

    return (smallest_seen,)


@app.cell(hide_code=True)
def _(n_others, n_programme, n_pupils, n_years, smallest_seen):
    seen = smallest_seen(n_programme.value, n_others.value, n_pupils.value, n_years.value)
    said = (
        "There would be no estimate: too few schools."
        if seen is None
        else f"It would find an effect of **{seen:.2f} SDs** or more."
    )
    mo.md(said)
    return said, seen


@app.cell(hide_code=True)
def _(n_others, n_programme, n_pupils, n_years, smallest_seen):
    def curve():
        figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
        counts = list(range(5, 61, 5))
        for pupils, colour in ((n_pupils.value, "#12436d"), (4 * n_pupils.value, "#28a197")):
            sizes = [
                smallest_seen(count, n_others.value, pupils, n_years.value) for count in counts
            ]
            axes.plot(counts, [np.nan if size is None else size for size in sizes], color=colour)
            last = next((s for s in reversed(sizes) if s is not None), 0)
            axes.annotate(
                f"{pupils} pupils a school",
                (60, last),
                color=colour,
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
            )
        axes.axvline(n_programme.value, color="#7a7a7a", lw=1, ls=":")
        axes.set(xlabel="schools in the programme", ylabel="smallest effect, SDs", ylim=(0, None))
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(x=0.2)
        plt.close(figure)
        return figure

    curve()


if __name__ == "__main__":
    app.run()
