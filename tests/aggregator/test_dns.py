# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking a domain for its TXT entry: a real server of ours on loopback, honest, empty or broken."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.message
import dns.rcode
import dns.rrset

from beffroi_federation.aggregator.towns.adapters import dns as adapter

NAME = "_beffroi.ville.example"


@contextmanager
def _server(answer: dict[str, list[str]] | bytes) -> Iterator[adapter.DnsResolver]:
    """Serve these entries (or these raw bytes) by UDP; give a resolver that asks there."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, socket = self.request
            if isinstance(answer, bytes):
                socket.sendto(answer, self.client_address)
                return
            query = dns.message.from_wire(data)
            reply = dns.message.make_response(query)
            asked = query.question[0].name
            entries = answer.get(asked.to_text(omit_final_dot=True))
            if entries is None:
                reply.set_rcode(dns.rcode.NXDOMAIN)
            else:
                reply.answer.append(dns.rrset.from_text(asked, 60, "IN", "TXT", *entries))
            socket.sendto(reply.to_wire(), self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield adapter.DnsResolver(["127.0.0.1"], port=server.server_address[1])
        finally:
            server.shutdown()


def test_an_entry_is_given_with_its_parts_joined() -> None:
    with _server({NAME: ['"v=1; kid=01020304; " "h=abc"', '"another"']}) as resolver:
        assert sorted(resolver.txt(NAME)) == ["another", "v=1; kid=01020304; h=abc"]


def test_a_name_that_is_not_there_confirms_nothing() -> None:
    with _server({}) as resolver:
        assert resolver.txt(NAME) == ()


def test_a_broken_answer_confirms_nothing() -> None:
    with _server(b"\x00garbage") as resolver:
        resolver._resolver.lifetime = 0.3
        assert resolver.txt(NAME) == ()


def test_a_name_that_is_no_name_confirms_nothing() -> None:
    with _server({}) as resolver:
        assert resolver.txt("a" * 300) == ()
