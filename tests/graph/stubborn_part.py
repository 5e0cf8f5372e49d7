"""Stands in for Dagster's page in tests of `serving`: answers, prints, has a child, and ignores SIGTERM."""

from __future__ import annotations

import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from assets.page_guard import HOST

SAID = "2018-10-02 - dagster - WARNING - something to know"


class Answer(BaseHTTPRequestHandler):
    """Answers every question."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("2018-10-02 - dagster - DEBUG - a step", flush=True)
    print(f"\x1b[32m{SAID}\x1b[0m", flush=True)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(f"child {child.pid}", flush=True)
    HTTPServer((HOST, int(sys.argv[1])), Answer).serve_forever()
