# SPDX-License-Identifier: AGPL-3.0-or-later
from support.style_guide import AGENT, make_app


def test_the_third_time_in_a_minute_is_too_often_and_says_how_long_to_wait(guide):
    client, _, _ = guide
    assert [client.post("/often").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.post("/often", headers={"Accept": "application/json"})
    assert refused.get_json(force=True)["status"] == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


def test_an_account_is_counted_apart_from_its_address(guide):
    client, door, _ = guide
    client.post("/often"), client.post("/often")
    door.visitor = AGENT
    assert client.post("/often").status_code == 200


def test_another_address_has_its_own_count(guide):
    client, _, _ = guide
    for _ in range(3):
        client.post("/often")
    answer = client.post("/often", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert answer.status_code == 200


def test_two_applications_in_one_process_count_apart(guide):
    client, _, _ = guide
    for _ in range(3):
        client.post("/often")
    other, _, _ = make_app()
    assert other.test_client().post("/often").status_code == 200
