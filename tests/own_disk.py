"""A small disk of one's own, in a file: it can be cut off from power, filled up and made read-only.

It needs Linux and the right to mount. A power cut leaves what had reached the device: the file system holds
the rest back for up to half a minute, as on a real disk.
"""

from __future__ import annotations

import errno
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IMAGE_BYTES = 400 << 20
PROGRAMS = ("mkfs.ext4", "mount", "umount", "findmnt")


class NotPossibleError(Exception):
    """This machine lacks what an attack needs."""


class OwnDisk:
    """A mounted disk; `place` is its folder."""

    def __init__(self, home: Path) -> None:
        self._image, self.place = home / "disk.img", home / "disk"
        self.place.mkdir()
        with self._image.open("wb") as image:
            image.truncate(IMAGE_BYTES)
        # Without space kept back for the administrator, who may run this.
        _run("mkfs.ext4", "-q", "-F", "-m", "0", str(self._image))
        self._mount()

    def cut_power(self) -> None:
        """Keep what is on the device at this moment, for `restart`.

        A copy counts only if nothing reached the device while it was made.
        """
        after = self._image.with_suffix(".after")
        while True:
            before = self._written()
            shutil.copyfile(self._image, after)
            if self._written() == before:
                break

    def restart(self) -> None:
        """Mount what the power cut left, as a machine that starts again."""
        self.unmount()
        self._image.with_suffix(".after").replace(self._image)
        self._mount()

    @contextmanager
    def full(self, n_bytes_left: int) -> Iterator[None]:
        """Fill the disk, except for some space."""
        filler = self.place / "filler"
        with filler.open("wb") as file:
            try:
                while shutil.disk_usage(self.place).free > n_bytes_left:
                    file.write(bytes(100_000))
                    file.flush()
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
        try:
            yield
        finally:
            filler.unlink()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Let nobody write to the disk."""
        _run("mount", "-o", "remount,ro", str(self.place))
        try:
            yield
        finally:
            _run("mount", "-o", "remount,rw", str(self.place))

    def unmount(self) -> None:
        """Take the disk away."""
        while True:
            try:
                _run("umount", str(self.place))
            except subprocess.CalledProcessError:
                time.sleep(0.2)  # a killed process still has a file open
            else:
                return

    def _mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self.place))

    def _written(self) -> str:
        """How much the device has been asked to write."""
        device = Path(_run("findmnt", "-n", "-o", "SOURCE", str(self.place)).strip())
        return Path(f"/sys/block/{device.name}/stat").read_text(encoding="utf-8").split()[6]


@contextmanager
def own_disk(home: Path) -> Iterator[OwnDisk]:
    """A disk in a folder. Raises NotPossibleError where none can be mounted."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        raise NotPossibleError(f"without {', '.join(missing)}")
    try:
        disk = OwnDisk(home)
    except subprocess.CalledProcessError:
        raise NotPossibleError("without the right to mount a disk") from None
    try:
        yield disk
    finally:
        disk.unmount()


def _run(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout
