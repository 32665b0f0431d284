# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that people send stay in memory, and only marked views take large bodies."""

import io

from beffroi_web.uploads import MemoryRequest


def test_a_large_file_is_never_spooled_to_a_disk() -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
    body += b"z" * 2_000_000 + b"\r\n--x--\r\n"
    request = MemoryRequest(
        {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": "multipart/form-data; boundary=x",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
    )
    stream = request.files["f"].stream
    assert isinstance(stream, io.BytesIO)
    assert len(stream.getvalue()) == 2_000_000
