# SPDX-License-Identifier: AGPL-3.0-or-later
import subprocess
import sys
from threading import Thread

from beffroi_web.counts import SharedCounts
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


RULE = 40, 3600
ANOTHER_PROCESS = """
import sys
from pathlib import Path
from beffroi_web.counts import SharedCounts
counts = SharedCounts(Path(sys.argv[1]), "secret")
print(sum(counts.acquire_entry("account 7", 40, 3600) for _ in range(25)))
"""


def test_processes_and_threads_of_one_machine_count_together(tmp_path):
    file = tmp_path / "counts.sqlite3"
    counts = SharedCounts(file, "secret")
    taken: list[bool] = []

    def send() -> None:
        taken.extend(counts.acquire_entry("account 7", *RULE) for _ in range(10))

    line = [sys.executable, "-c", ANOTHER_PROCESS, str(file)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as other:
        threads = [Thread(target=send) for _ in range(3)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        there = int(other.communicate(timeout=30)[0])
    assert sum(taken) + there == 40
    assert not counts.acquire_entry("account 7", *RULE)
    assert counts.acquire_entry("account 8", *RULE)
    assert counts.get_moving_window("account 7", *RULE)[1] == 40


def test_what_is_counted_ends_with_its_hour_and_names_nobody(tmp_path):
    file, now = tmp_path / "counts.sqlite3", [1_000_000.0]
    counts = SharedCounts(file, "secret", lambda: now[0])
    assert [counts.acquire_entry("address 192.0.2.7", 1, 3600) for _ in range(2)] == [True, False]
    now[0] += 3601
    assert counts.acquire_entry("address 192.0.2.7", 1, 3600)
    written = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    assert b"192.0.2.7" not in written
    assert {one.stat().st_mode & 0o077 for one in tmp_path.iterdir()} == {0}


def test_where_no_file_can_be_written_a_process_counts_alone(tmp_path, caplog):
    counts = SharedCounts(tmp_path / "none" / "counts.sqlite3", "secret")
    assert [counts.acquire_entry("account 7", 2, 60) for _ in range(3)] == [True, True, False]
    assert "by this process alone" in caplog.text
