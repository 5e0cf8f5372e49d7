"""The fictional city behind `data_raw/example`: no pupil, school or place in it is real.

`city.simulate` generates it; `files.write_example` writes it as a study folder.
"""

from pipelines.example.city import SEED, TRUE_EFFECTS, City, simulate
from pipelines.example.files import write_example

__all__ = ["SEED", "TRUE_EFFECTS", "City", "simulate", "write_example"]
