"""A failure reaches local servers and commands whole, without what was found; what fails is one sentence."""

from __future__ import annotations

import json
import os
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email import message_from_string, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from assets import cli
from pipelines.alerts.message import failure_message
from pipelines.alerts.sending import send
from pipelines.alerts.settings import FILE, Alerts
from pipelines.alerts.telling import REPEAT_HOURS, tell_of_failure
from pipelines.errors.fault import FAULTS_SHOWN, Fault
from pipelines.store.private import make_work
from pipelines.study.paths import StudyPaths

HOST = "127.0.0.1"
PUPIL = "A799200117001"
FAULTS = (
    Fault(
        file="ks2_pupils.csv",
        row=7,
        column="READ – points",
        problem="the value is not a number",
        found=PUPIL,
        expected="a number",
        remedy="write the number, or leave the place empty",
    ),
    Fault(file="schools.csv", problem="there is no such file", remedy="put it there"),
)


class Mail(socketserver.StreamRequestHandler):
    """Enough of SMTP to take a message; the server's `refuses` is a word at which it says no."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line.decode().split()[0].upper()
            self.server.said.append(line.decode().strip())
            if word == self.server.refuses:
                self.wfile.write(b"550 not for you\r\n")
            elif word == "EHLO":
                self.wfile.write(b"250-here\r\n250 AUTH PLAIN\r\n")
            elif word == "AUTH":
                self.wfile.write(b"235 known\r\n")
            elif word == "DATA":
                self.wfile.write(b"354 go on\r\n")
                lines: list[str] = []
                while (read := self.rfile.readline()) not in {b".\r\n", b""}:
                    lines.append(read.decode())
                self.server.mails.append("".join(lines))
                self.wfile.write(b"250 taken\r\n")
            elif word == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


class Hook(BaseHTTPRequestHandler):
    """Takes a POST; the server's `status` is its answer."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, self.headers["Content-Type"], body))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def mail() -> Iterator[socketserver.TCPServer]:
    server = socketserver.TCPServer((HOST, 0), Mail)
    server.mails, server.said, server.refuses = [], [], ""
    with running(server):
        yield server


@pytest.fixture
def hook() -> Iterator[HTTPServer]:
    server = HTTPServer((HOST, 0), Hook)
    server.posts, server.status = [], 200
    with running(server):
        yield server


def by_mail(port: int, more: str = "") -> str:
    return (
        f'[email]\nserver = "{HOST}"\nport = {port}\nsecurity = "none"\n'
        f'sender = "ssif@example.org"\nto = ["a@example.org", "b@example.org"]\n{more}'
    )


def by_hook(port: int) -> str:
    return f'[webhook]\nurl = "http://{HOST}:{port}/s3cret"\n'


def told(folder: Path, text: str, **how: object) -> list[str]:
    (folder / FILE).write_text(text, encoding="utf-8")
    return tell_of_failure(folder, "surrey", FAULTS, **how)


def test_nobody_is_told_without_the_file_nor_by_hand_unless_asked(tmp_path, hook):
    assert tell_of_failure(tmp_path, "surrey", FAULTS) == []
    assert told(tmp_path, by_hook(hook.server_port), is_by_hand=True) == []
    assert hook.posts == []
    asked = "also_evaluate = true\n" + by_hook(hook.server_port)
    assert told(tmp_path, asked, is_by_hand=True) == []
    assert len(hook.posts) == 1


def test_every_way_that_is_set_gets_places_and_remedies_and_no_value(tmp_path, mail, hook):
    kept = tmp_path / "command.txt"
    code = "import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())"
    command = json.dumps([sys.executable, "-c", code, str(kept)])
    password = tmp_path / "password"
    password.write_text("pa55\n", encoding="utf-8")
    more = f'user = "ssif"\npassword_file = "{password.as_posix()}"\n'
    text = f"command = {command}\n" + by_mail(mail.server_address[1], more)
    assert told(tmp_path, text + by_hook(hook.server_port)) == []

    (sent,) = mail.mails
    parsed = message_from_string(sent, policy=policy.default)
    assert parsed["Subject"] == "The evaluation of surrey failed: 2 things to mend"
    assert parsed["To"] == "a@example.org, b@example.org"
    assert [line for line in mail.said if line.startswith("rcpt")] == [
        "rcpt TO:<a@example.org>",
        "rcpt TO:<b@example.org>",
    ]
    assert any(line.startswith("AUTH PLAIN") for line in mail.said)
    ((path, kind, body),) = hook.posts
    assert (path, kind) == ("/s3cret", "application/json")
    posted = json.loads(body)
    assert (posted["study"], posted["title"]) == ("surrey", parsed["Subject"])
    for words in (parsed.get_content(), posted["text"], kept.read_text(encoding="utf-8")):
        assert "ks2_pupils.csv, row 7, column READ – points: the value is not a number." in words
        assert "to do: write the number, or leave the place empty" in words
        assert "schools.csv: there is no such file." in words
        assert "Nothing was published" in words
        assert PUPIL not in words
        assert "pa55" not in words


def test_without_a_fault_the_message_says_what_happened():
    message = failure_message("a\nBcc: x", [], "The process of this run died.")
    assert message.title == "The evaluation of a⟨U+000A⟩Bcc: x failed"
    assert "The process of this run died." in message.text
    assert "Dagster's page" in failure_message("a", []).text


def test_a_long_list_is_cut_and_says_so():
    many = [Fault(file=f"{n}.csv", problem=f"problem {'x' * n}", remedy="mend") for n in range(99)]
    text = failure_message("a", many).text
    assert text.count("to do:") == FAULTS_SHOWN
    assert f"… and {99 - FAULTS_SHOWN} more kinds of fault." in text


def closed_port() -> int:
    with closing(socket.socket()) as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


def test_what_cannot_be_sent_is_one_sentence_and_the_other_ways_are_tried(tmp_path, hook):
    text = 'command = ["no-such-program"]\n' + by_mail(closed_port()) + by_hook(hook.server_port)
    command, email = told(tmp_path, text)
    assert command.startswith("Nobody was told by the command no-such-program that alerts.toml")
    assert email.startswith(f"Nobody was told by the e-mail by {HOST} that alerts.toml asks for: ")
    assert len(hook.posts) == 1
    for sentence in (command, email):
        assert sentence.endswith(".")
        assert "\n" not in sentence


@pytest.mark.parametrize("word", ["MAIL", "RCPT", "DATA", "AUTH"])
def test_a_mail_server_that_refuses_is_quoted(tmp_path, mail, word):
    mail.refuses = word
    password = tmp_path / "password"
    password.write_text("pa55", encoding="utf-8")
    more = f'user = "ssif"\npassword_file = "{password.as_posix()}"\n'
    (sentence,) = told(tmp_path, by_mail(mail.server_address[1], more))
    assert "550" in sentence
    assert "pa55" not in sentence
    assert mail.mails == []


def test_a_mail_server_without_encryption_gets_nothing_unless_that_is_set(tmp_path, mail):
    text = by_mail(mail.server_address[1]).replace('security = "none"\n', "")
    (sentence,) = told(tmp_path, text)
    assert "STARTTLS" in sentence
    assert mail.mails == []


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_hook_that_does_not_take_it_is_named_without_its_address(tmp_path, hook, status):
    hook.status = status
    (sentence,) = told(tmp_path, by_hook(hook.server_port))
    assert sentence.endswith(f"asks for: it answered {status}.")
    assert "s3cret" not in sentence


def test_a_command_that_fails_or_hangs_is_a_sentence():
    message = failure_message("surrey", FAULTS)
    (sentence,) = send(Alerts(command=[sys.executable, "-c", "raise SystemExit(3)"]), message)
    assert sentence.endswith("it ended with status 3.")
    hanging = Alerts(command=[sys.executable, "-c", "import time; time.sleep(60)"])
    (sentence,) = send(hanging, message, patience=0.2)
    assert sentence.endswith("it did not end within 0.2 seconds.")


def test_a_fault_in_the_setting_is_a_sentence(tmp_path):
    (sentence,) = told(tmp_path, "command = 1\n")
    assert sentence.startswith("Nobody was told of the failure. alerts.toml, row 1, column command")


def test_the_same_failure_is_told_once_a_day_and_again_after_a_good_run(tmp_path, hook):
    paths = StudyPaths(tmp_path, "surrey")
    make_work(paths)
    text = by_hook(hook.server_port)

    def n_told(faults: tuple[Fault, ...] = FAULTS) -> int:
        (tmp_path / FILE).write_text(text, encoding="utf-8")
        assert tell_of_failure(tmp_path, "surrey", faults) == []
        return len(hook.posts)

    assert (n_told(), n_told()) == (1, 1)
    assert (n_told(FAULTS[:1]), n_told(FAULTS[:1])) == (2, 2)
    (last,) = paths.work.iterdir()
    assert last.stat().st_mode & 0o077 == 0
    assert PUPIL not in last.read_text(encoding="utf-8")
    # A day later.
    before = time.time() - REPEAT_HOURS * 3600 - 60
    os.utime(last, (before, before))
    assert (n_told(FAULTS[:1]), n_told(FAULTS[:1])) == (3, 3)
    # Published since.
    earlier = time.time() - 600
    os.utime(last, (earlier, earlier))
    assert n_told(FAULTS[:1]) == 3
    paths.runs.mkdir()
    paths.current.symlink_to("runs")
    assert n_told(FAULTS[:1]) == 4


def test_what_was_not_sent_is_tried_again(tmp_path, hook):
    make_work(StudyPaths(tmp_path, "surrey"))
    hook.status = 500
    assert len(told(tmp_path, by_hook(hook.server_port))) == 1
    hook.status = 200
    assert told(tmp_path, by_hook(hook.server_port)) == []
    assert len(hook.posts) == 2


def test_a_trial_says_that_it_is_one(tmp_path, hook, capsys):
    command = ["alert", "--data-marts", str(tmp_path)]
    assert cli.main(command) == 1
    assert "nobody is told of failures" in capsys.readouterr().err
    (tmp_path / FILE).write_text(by_hook(hook.server_port), encoding="utf-8")
    assert cli.main(command) == 0
    assert "This is a trial: nothing has failed." in json.loads(hook.posts[0][2])["text"]
    hook.status = 404
    capsys.readouterr()
    assert cli.main(command) == 1
    assert "it answered 404" in capsys.readouterr().out
