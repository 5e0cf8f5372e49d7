"""A PostgreSQL server of Debian's packages for one test: in a folder that is deleted, on no network port."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The server refuses to run as root; Debian's package makes this user.
ITS_USER = "postgres"


def programs() -> Path | None:
    """The folder of the server's programs, the newest first; None if none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    return next(
        (file.resolve().parent for file in [*found, *map(Path, filter(None, [on_path]))]), None
    )


@contextmanager
def server(bin_folder: Path) -> Iterator[str]:
    """Start a server; yields the address of its empty database, over a Unix socket."""
    user = ITS_USER if os.geteuid() == 0 else None
    # Not pytest's folder: a socket's path may have 107 characters, and its user must be let in.
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as name:
        home = Path(name)
        if user:
            shutil.chown(home, user)

        def run(program: str, *options: str) -> None:
            subprocess.run(
                [bin_folder / program, "--pgdata", home / "data", *options],
                user=user,
                cwd=home,
                stdout=subprocess.DEVNULL,
                check=True,
            )

        run("initdb", "--auth=trust", "--username=ssif", "--encoding=UTF8", "--no-sync")
        settings = f"-c listen_addresses= -c unix_socket_directories={home} -c fsync=off"
        run("pg_ctl", "start", "--wait", "--log", str(home / "log"), "--options", settings)
        try:
            yield f"postgresql+psycopg2://ssif@/postgres?host={home}"
        finally:
            run("pg_ctl", "stop", "--wait", "--mode=immediate")
