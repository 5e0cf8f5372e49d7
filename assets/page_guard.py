"""Restricts access to Dagster's page to a browser on this machine, and to the page itself.

The page has no login and accepts any request. Without the guard, another web page in the analyst's
browser could start or stop runs: by a link (a mutation by GET), form, WebSocket or DNS rebinding.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1"
_NAMES = (HOST, "localhost")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON = "application/json"
# Other sites must not frame the page (clickjacking) or read its content.
_NOT_IN_OTHER_PAGES = {
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class PageGuard:
    """ASGI middleware for the page at one port; refuses a request before reading it."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app = app
        # Browsers omit the default port.
        self.hosts = frozenset(
            host for name in _NAMES for host in (f"{name}:{port}", *([name] if port == 80 else []))
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with a reason."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self.app(scope, receive, _marked(send))
        elif scope["type"] == "websocket":
            # Closing before accepting makes the browser report 403.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            status, reason = refusal
            await PlainTextResponse(reason, status_code=status)(scope, receive, _marked(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and reason of a refusal, or None."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return 421, f"This page is served at {' and '.join(sorted(self.hosts))} only."
        # Browsers send an Origin with everything but simple reads; other programs send none.
        origins = headers.getlist("origin")
        if origins and origins != [f"http://{hosts[0].lower()}"]:
            return 403, "Another web page asked for this, so it was not done."
        if scope["type"] == "websocket":
            return None
        if scope["method"] in _READING:
            # Dagster accepts queries and mutations by GET; its own page never uses them.
            if scope["path"].rstrip("/").endswith("/graphql"):
                return 405, "Questions to the page are sent by POST."
            return None
        # A form on another site cannot send this content type.
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        return None if kind == _JSON else (415, f"Only {_JSON} is taken.")


def _marked(send: Send) -> Send:
    """Add headers to responses that keep other sites out."""

    async def send_marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_NOT_IN_OTHER_PAGES)
        await send(message)

    return send_marked
