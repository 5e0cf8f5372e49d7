"""Who may speak to Dagster's page: a browser at this machine's own address, and no other site in it.

The page has no login and takes any request. Without this, a web page that the analyst opens elsewhere
could start or stop runs: by a link (a mutation by GET), by a form, over a WebSocket, or under a name of its
own that it points at this machine (DNS rebinding).
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1"
_NAMES = (HOST, "localhost")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON = "application/json"
# No other site shows the page in a frame, where a click could be led astray, or reads what it loads.
_NOT_IN_OTHER_PAGES = {
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class PageGuard:
    """ASGI middleware around the page as it is served at one port; refuses before anything is read."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app = app
        # Browsers leave the port out where it is the usual one.
        self.hosts = frozenset(
            host for name in _NAMES for host in (f"{name}:{port}", *([name] if port == 80 else []))
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with the reason."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self.app(scope, receive, _marked(send))
        elif scope["type"] == "websocket":
            # Closed before it is accepted, which a browser is told as 403.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            status, reason = refusal
            await PlainTextResponse(reason, status_code=status)(scope, receive, _marked(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """The status and the reason, if a request is refused."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return 421, f"This page is served at {' and '.join(sorted(self.hosts))} only."
        # Browsers name the site that asks on all but plain reading; other programs name none.
        origins = headers.getlist("origin")
        if origins and origins != [f"http://{hosts[0].lower()}"]:
            return 403, "Another web page asked for this, so it was not done."
        if scope["type"] == "websocket":
            return None
        if scope["method"] in _READING:
            # Dagster answers a query in the address, and a mutation too; its own page never asks so.
            if scope["path"].rstrip("/").endswith("/graphql"):
                return 405, "Questions to the page are sent by POST."
            return None
        # A form of another site can send anything but this.
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        return None if kind == _JSON else (415, f"Only {_JSON} is taken.")


def _marked(send: Send) -> Send:
    """Answers with headers that keep the page out of others."""

    async def send_marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_NOT_IN_OTHER_PAGES)
        await send(message)

    return send_marked
