# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client of a signer behind a Unix socket. It holds no key and reads none of its files."""

import socket
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from beffroi_federation import signer_wire as wire
from beffroi_federation.errors import Malformed, SignerAbsent
from beffroi_federation.notes import decode_base64
from beffroi_federation.signing import SignerStanding

SECONDS = 10.0
"""How long an answer may take: a signature is a few writes to a disk."""


class SocketSigner:
    """A `signing.Signer` that asks the signer's process; raises SignerAbsent when it cannot.

    One connection for each request, so that neither side keeps anything of the other.
    """

    def __init__(self, path: Path, *, seconds: float = SECONDS) -> None:
        self._path = path
        self._seconds = seconds

    def sign(self, old_size: int, new_size: int, root: bytes, proof: Sequence[bytes]) -> str:
        """Return the signed checkpoint of a tree that continues the last one; see `Signer`."""
        hashes = wire.hashes_text(proof)
        [text] = wire.hashes_text([root])
        answer = self._ask("sign", old=old_size, new=new_size, root=text, proof=hashes)
        return wire.text_of(answer, "note")

    def vkey(self) -> str:
        """Return the vkey text of the current key."""
        return self.vkeys()[0]

    def vkeys(self) -> tuple[str, ...]:
        """Return the vkey texts of the keys that sign checkpoints now, the current one first."""
        return wire.vkeys_of(self._ask("vkeys"))

    def sign_request(self, path: str, seconds: int) -> bytes:
        """Return the current key's 64-byte signature of a request; see `Signer`."""
        answer = self._ask("sign-request", path=path, seconds=seconds)
        signature = decode_base64(wire.text_of(answer, "signature"))
        if len(signature) != 64:
            raise Malformed("The signer's answer is no signature")
        return signature

    def state(self) -> SignerStanding:
        """Return where the signer stands."""
        return wire.standing_of(self._ask("state"))

    def catch_up(self, note: str, proof: Sequence[bytes] = ()) -> SignerStanding:
        """Have the signer adopt a checkpoint that witnesses cosigned; see `Signer`."""
        return wire.standing_of(self._ask("catch-up", note=note, proof=wire.hashes_text(proof)))

    def announced(self, proof: str) -> SignerStanding:
        """Show the signer that its successor's entry is in the log; see `Signer`."""
        return wire.standing_of(self._ask("announced", proof=proof))

    def _ask(self, op: str, **members: object) -> wire.Members:
        line = wire.encode_line({"op": op, **members})
        try:
            answer = wire.decode_line(self._exchange(line))
        except (FileNotFoundError, ConnectionRefusedError):
            raise SignerAbsent("The signer does not run: start `beffroi signer`") from None
        except TimeoutError:
            raise SignerAbsent("The signer did not answer in time") from None
        except OSError as error:
            sentence = "The signer cannot be reached"
            raise SignerAbsent(sentence, reason=error.strerror) from error
        wire.raise_refusal(answer)
        return answer

    def _exchange(self, line: bytes) -> bytes:
        ends = monotonic() + self._seconds
        received = bytearray()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(self._seconds)
            with wire.socket_address(self._path) as address:
                link.connect(address)
            link.sendall(line)
            while not received.endswith(b"\n"):
                link.settimeout(max(ends - monotonic(), 0.001))
                piece = link.recv(65_536)
                received += piece
                if not piece or len(received) > wire.MAX_LINE:
                    break
        if not received:
            raise ConnectionResetError(0, "it closed the connection without an answer")
        return bytes(received)
