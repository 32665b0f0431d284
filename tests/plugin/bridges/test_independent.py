# SPDX-License-Identifier: AGPL-3.0-or-later
"""Others judge the fake Decidim: a client that others wrote, and the schema of a real one."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from decidim_cli.client import DecidimClient, DecidimError
from decidim_cli.config import Profile
from decidim_cli.mutations import ANSWER_PROPOSAL
from graphql import GraphQLObjectType

from support.decidim import COMPONENT, KEY, SECRET, decidim, schema

CHANGED = {
    "Proposal": {"answer", "answeredAt", "coordinates", "createdAt", "createdInMeeting", "official",
                 "taxonomies", "updatedAt", "url", "withdrawn"},
    "Comment": set(),
    "ParticipatoryProcess": set(),
    "Proposals": set(),
}  # fmt: skip
"""By type: the fields of the contract that the older schema at hand does not have yet."""


def test_decidim_cli_talks_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECIDIM_CLI_HOME", str(tmp_path))
    with decidim(2) as site:
        client = DecidimClient(Profile(name="tests", base_url=site.url))
        assert client.version()["data"]["decidim"]["version"] is None
        with pytest.raises(DecidimError):
            client.login_api_credentials(KEY, "wrong")
        client.login_api_credentials(KEY, SECRET)
        assert client.session()["data"]["session"]["user"]["id"] == "7"
        given = {"attributes": {"state": "accepted", "answerContent": {"en": "Yes."}}}
        where = {"componentId": COMPONENT, "proposalId": "2", "input": given}
        said = client.graphql(ANSWER_PROPOSAL, where)["data"]["component"]["proposal"]["answer"]
        assert said == {"id": "2", "state": "accepted", "answer": {"translation": "Yes."}}
        packed, _ = client.download_open_data()
        assert packed.startswith(b"PK")
        client.logout()
        assert site.tokens == set()


@pytest.mark.real_data
def test_the_schema_has_what_a_real_older_one_has_under_the_same_names() -> None:
    folder = os.environ.get("BEFFROI_REAL_DATA", "")
    path = Path(folder) / "decidim" / "graphql-introspection.json"
    if not folder or not path.is_file():
        pytest.skip("not run: no graphql-introspection.json (BEFFROI_REAL_DATA)")
    said: Any = json.loads(path.read_text(encoding="utf-8"))
    real = {t["name"]: t for t in said.get("data", said)["__schema"]["types"]}
    ours = schema()
    for name, changed in CHANGED.items():
        made = ours.type_map[name]
        assert isinstance(made, GraphQLObjectType)
        there = {field["name"] for field in real[name]["fields"]}
        assert set(made.fields) - there == changed, name
