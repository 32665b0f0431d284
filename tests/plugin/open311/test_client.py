# SPDX-License-Identifier: AGPL-3.0-or-later
"""`georeport`, a client that others wrote, reads a town over HTTP, as XML and as JSON."""

from pathlib import Path

import pytest
from georeport import GeoReport

from beffroi.kernel.db import MIGRATIONS
from support.browser import Late, served
from support.databases import fresh
from support.town import open_town


@pytest.mark.parametrize("writing", ["xml", "json"])
def test_it_reads_services_definitions_and_requests(tmp_path: Path, writing: str) -> None:
    late = Late()
    with (
        served(late) as url,
        open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), public_url=url) as town,
    ):
        late.app = town.app
        first, second = town.report(), town.report(category="road")
        town.release(second, description="Un trou & une <bosse>")
        town.close(second, "resolved")
        client = GeoReport(f"{url}/open311/v2", jurisdiction="127.0.0.1", output_format=writing)
        services = {one["service_code"]: one for one in client.get_service_list()}
        assert services["road"]["service_name"] == "Chaussée ou trottoir abîmé"
        assert "persons" not in services
        assert client.get_service_definition("road")["service_code"] == "road"
        found = client.get_service_requests(
            start_date="2027-01-01T00:00:00Z", end_date="2027-02-01T00:00:00Z", status="open,closed"
        )
        assert [one["service_request_id"] for one in found] == [second, first]
        assert found[0]["description"] == "Un trou & une <bosse>"
        assert found[1]["description"] is None
        one = client.get_service_request(second)
        assert (one["status"], one["service_code"]) == ("closed", "road")
