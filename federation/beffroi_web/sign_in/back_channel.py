# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTTP from server to provider, bounded: under ten seconds, a few hundred kilobytes, no redirects.

A code lives thirty seconds at some providers and a web worker waits meanwhile, so a provider that
hangs, dribbles, redirects or floods is given up early. `requests` bounds one read, not the whole:
a server that sends a byte now and then would hold it for hours. Here the headers have a watchdog
and the body a deadline.
"""

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any

from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

CONNECT_SECONDS = 2.0
READ_SECONDS = 3.0
HEADER_SECONDS = 4.0
TOTAL_SECONDS = 6.0
"""With one last read begun at the deadline, a request ends after nine seconds at the latest."""

MAX_BODY = 262_144
"""Bytes. Descriptions, key sets, tokens and userinfo are a few kilobytes each."""


class BackChannelFault(RequestException):
    """The provider's answer was not taken: `reason` is redirect, too-large, too-slow or encoded."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BackChannel(HTTPAdapter):
    """The transport of one session towards a provider."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools, with connections that watch over the headers."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS  # type: ignore[attr-defined,unused-ignore]

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Return the pools behind a proxy, watched likewise."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(  # type: ignore[override,unused-ignore]
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Send one request and read its whole answer within the bounds, whatever was asked for.

        Raises `BackChannelFault`, or another `RequestException` when nothing came.
        """
        deadline = time.monotonic() + TOTAL_SECONDS
        request.headers["Accept-Encoding"] = "identity"
        response = super().send(
            request,
            stream=True,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            verify=verify,
            cert=cert,
            proxies=dict(proxies or {}),
        )
        try:
            if 300 <= response.status_code < 400:
                raise BackChannelFault("redirect")
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise BackChannelFault("encoded")
            response._content = _read(response.raw, deadline)
            response._content_consumed = True  # type: ignore[attr-defined,unused-ignore]
        finally:
            response.close()
        return response


def _read(raw: BaseHTTPResponse, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        # read1 comes back with whatever has arrived; read would wait for the whole of it.
        while part := raw.read1(65_536):
            parts.append(part)
            size += len(part)
            if size > MAX_BODY:
                raise BackChannelFault("too-large")
            if time.monotonic() > deadline:
                raise BackChannelFault("too-slow")
    except (OSError, HTTPError) as error:  # urllib3's errors are no OSErrors
        if isinstance(error, BackChannelFault):
            raise
        raise BackChannelFault("broken-off") from error
    return b"".join(parts)


@contextmanager
def _watched(connection: HTTPConnection) -> Iterator[None]:
    """Cut the connection when the headers do not arrive in time; the reader sees its end."""

    def cut() -> None:
        with suppress(OSError, ValueError):
            if connection.sock is not None:
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = Timer(HEADER_SECONDS, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class _WatchedHTTP(HTTPConnection):
    def getresponse(self) -> Any:  # type: ignore[override,unused-ignore]
        with _watched(self):
            return super().getresponse()


class _WatchedHTTPS(HTTPSConnection):
    def getresponse(self) -> Any:  # type: ignore[override,unused-ignore]
        with _watched(self):
            return super().getresponse()


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


_POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _HTTPPool, "https": _HTTPSPool}
