"""Sends a message by command, e-mail or webhook. One that cannot be sent is a warning, never an error."""

from __future__ import annotations

import json
import smtplib
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

from pipelines.alerts.message import Message
from pipelines.alerts.settings import FILE, Alerts, Email
from pipelines.errors.unseen import spelled_out

PATIENCE_SECONDS = 20.0


class _NotSentError(Exception):
    """Why a message was not sent, as the end of a sentence."""


def send(alerts: Alerts, message: Message, *, patience: float = PATIENCE_SECONDS) -> list[str]:
    """Send a message in every way that is set; returns a sentence for each way that failed.

    `patience` is in seconds, for each way. No sentence holds a password or a whole web address.
    """
    ways: list[tuple[str, Callable[[], None]]] = []
    if alerts.command:
        ways.append(
            (f"command {alerts.command[0]}", lambda: _run(alerts.command, message, patience))
        )
    if email := alerts.email:
        ways.append((f"e-mail by {email.server}", lambda: _mail(email, message, patience)))
    if webhook := alerts.webhook:
        host = urlsplit(webhook.url).hostname
        ways.append((f"webhook at {host}", lambda: _post(webhook.url, message, patience)))
    warnings = []
    for way, deliver in ways:
        try:
            deliver()
        except (_NotSentError, OSError, smtplib.SMTPException, ValueError) as error:
            why = str(error) if isinstance(error, _NotSentError) else _reason(error)
            warnings.append(
                spelled_out(f"Nobody was told by the {way} that {FILE} asks for: {why}.")
            )
    return warnings


def _run(command: list[str], message: Message, patience: float) -> None:
    """Run a command with the message as its standard input: the title, an empty line, the text."""
    try:
        done = subprocess.run(  # noqa: S603 - the analyst's own command, without a shell
            command,
            input=f"{message.title}\n\n{message.text}".encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _NotSentError(f"it did not end within {patience:g} seconds") from None
    if done.returncode:
        raise _NotSentError(f"it ended with status {done.returncode}")


def _mail(email: Email, message: Message, patience: float) -> None:
    """Send an e-mail; the password is read only now."""
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = message.title, email.sender, ", ".join(email.to)
    mail.set_content(message.text)
    trusted = ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(email.server, email.port, timeout=patience, context=trusted)
        if email.security == "tls"
        else smtplib.SMTP(email.server, email.port, timeout=patience)
    )
    with server:
        if email.security == "starttls":
            server.starttls(context=trusted)
        if email.user is not None:
            file = email.password_file
            server.login(email.user, Path(file).read_text("utf-8").strip() if file else "")
        refused = server.send_message(mail)
    if refused:
        raise _NotSentError(f"the server refused {' and '.join(sorted(refused))}")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Another address would be asked without the message, and seem to have taken it."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Do not follow."""


def _post(url: str, message: Message, patience: float) -> None:
    """Post the message as JSON; `text` is what chat services show."""
    body = {
        "text": f"{message.title}\n\n{message.text}",
        "title": message.title,
        "study": message.study,
    }
    request = urllib.request.Request(  # noqa: S310 - https or http, see settings
        url,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    try:
        urllib.request.build_opener(_NoRedirect).open(request, timeout=patience).close()
    except urllib.error.HTTPError as error:
        error.close()
        raise _NotSentError(f"it answered {error.code}") from None


def _reason(error: Exception) -> str:
    """An error of the system or of a server, on one line; servers answer in bytes."""
    if isinstance(error, smtplib.SMTPResponseException):
        answer = error.smtp_error
        said = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
        return f"the server answered {error.smtp_code} {said}".strip()
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        error = error.reason
    return (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
