# SPDX-License-Identifier: AGPL-3.0-or-later
"""The compose files and the images, as far as they can be judged without an engine.

Nothing here builds an image: what each step of one does is tried by hand at a release
(docs/explanation/deployment.md).
"""

import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import beffroi.config
import beffroi_federation.aggregator.config
from beffroi_web.problems import SAID
from support.deployed import DEPLOY, ROOT

FromEnviron = Callable[[Mapping[str, str]], Any]
FILES = {"town": "compose.yml", "aggregator": "compose.aggregator.yml"}
READERS: dict[str, FromEnviron] = {
    "town": beffroi.config.from_environ,
    "aggregator": beffroi_federation.aggregator.config.from_environ,
}
GIVEN = {
    "BEFFROI_NAME": "Beffroi-sur-Seine",
    "BEFFROI_SIREN": "217500016",
    "BEFFROI_KIND": "commune",
    "BEFFROI_COMMUNES": "75056",
    "BEFFROI_PUBLIC_URL": "https://demandes.ville.example",
    "BEFFROI_SECRET_KEY": "for this test alone, and nowhere else",
    "BEFFROI_AGGREGATOR_NAME": "Beffroi, la nation",
    "BEFFROI_AGGREGATOR_PUBLIC_URL": "https://national.example",
    "BEFFROI_AGGREGATOR_SECRET_KEY": "for this test alone, and nowhere else",
}
each = pytest.mark.parametrize("which", ["town", "aggregator"])


def composed(which: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / FILES[which]).read_text())
    return found


def environment(which: str) -> dict[str, str]:
    """Return the application's environment as compose would make it from GIVEN."""
    given: dict[str, str] = composed(which)["services"]["web"]["environment"]

    def value(match: re.Match[str]) -> str:
        assert match[2], f"{match[1]} is not said in words where it is missing"
        return GIVEN[match[1]]

    return {k: re.sub(r"\$\{(\w+):\?([^}]*)\}", value, v) for k, v in given.items()}


def instructions(which: str) -> list[tuple[str, str]]:
    text = (DEPLOY / f"images/{which}.Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


@each
def test_the_settings_it_gives_are_accepted_by_the_application(which: str) -> None:
    settings = READERS[which](environment(which))
    assert settings.behind_proxy is True
    assert settings.data_dir == Path("/data")


@each
def test_no_setting_that_the_application_demands_is_missing_or_optional(which: str) -> None:
    whole = environment(which)
    needed = [name for name in whole if not name.endswith(("_BEHIND_PROXY", "_DIR"))]
    for name in needed:
        with pytest.raises(Exception, match=f"{name} is missing"):
            READERS[which]({k: v for k, v in whole.items() if k != name})


@each
def test_no_secret_stands_in_the_files(which: str) -> None:
    given = composed(which)["services"]["web"]["environment"]
    secrets = {name: value for name, value in given.items() if "SECRET" in name}
    assert len(secrets) == 1
    assert all(value.startswith(f"${{{name}:?") for name, value in secrets.items())
    assert not any("SECRET" in rest for _, rest in instructions(which))


@each
def test_every_service_is_shut_in(which: str) -> None:
    for name, service in composed(which)["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        assert service.get("network_mode", "none") == "none", name
    ports = [n for n, s in composed(which)["services"].items() if "ports" in s]
    assert ports == ["proxy"]


@each
def test_web_and_worker_wait_for_the_tables_and_the_proxy_for_the_web(which: str) -> None:
    services = composed(which)["services"]
    done = {"init": {"condition": "service_completed_successfully"}}
    assert services["web"]["depends_on"] == services["worker"]["depends_on"] == done
    assert services["proxy"]["depends_on"] == {"web": {"condition": "service_healthy"}}
    assert services["init"]["restart"] == "no"


def test_only_the_signer_and_what_makes_the_key_have_the_keys() -> None:
    services = composed("town")["services"]
    having = [name for name, s in services.items() if "keys:/signer/keys" in s["volumes"]]
    assert having == ["init", "signer"]
    assert services["signer"]["network_mode"] == "none"
    assert "signer:/signer" in services["web"]["volumes"]
    made = (DEPLOY / "images/town.Dockerfile").read_text()
    assert re.search(r"install -d -o 10001 -g 10001 -m 0700 /signer/keys\b", made)


@each
def test_what_it_mounts_is_in_the_checkout_or_a_volume(which: str) -> None:
    found = composed(which)
    for service in found["services"].values():
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            if source.startswith("./"):
                here = (DEPLOY / source).exists()
                assert here or source == "./certificates", source
                assert mount.endswith(":ro"), mount
            else:
                assert source in found["volumes"]


@each
def test_socket_paths_of_image_compose_and_nginx_are_one(which: str) -> None:
    site = (DEPLOY / f"nginx/sites/{which}.conf").read_text()
    found = re.findall(r"server unix:(\S+)", site)
    assert len(set(found)) == 1
    image = (DEPLOY / f"images/{which}.Dockerfile").read_text()
    assert f'"unix:{found[0]}"' in image
    assert f'health.py", "{found[0]}"]' in image
    folder = str(Path(found[0]).parent)
    for service in ("web", "proxy"):
        assert f"run:{folder}" in composed(which)["services"][service]["volumes"]
    assert re.search(rf"install -d -o 10001 -g 10001 -m 0750 {folder}$", image, re.MULTILINE)


@each
def test_the_image_runs_without_root_and_says_whether_it_lives(which: str) -> None:
    steps = instructions(which)
    users = [rest for step, rest in steps if step == "USER"]
    assert users == ["10001:10001"]
    names = [step for step, _ in steps]
    assert names.index("USER") > max(i for i, step in enumerate(names) if step == "RUN")
    assert names.count("HEALTHCHECK") == names.count("ENTRYPOINT") == 1
    assert "ADD" not in names


@each
def test_the_images_base_is_a_named_version(which: str) -> None:
    bases = [rest for step, rest in instructions(which) if step == "FROM"]
    if which == "town":  # the browser scripts of others come from npm
        assert re.fullmatch(r"node:\d+-\w+-slim AS scripts", bases.pop(0))
    assert len(bases) == 2
    for base in bases:
        assert re.fullmatch(r"python:3\.\d+-slim-\w+( AS build)?", base)
    proxy = composed(which)["services"]["proxy"]["image"]
    assert re.fullmatch(r"[\w/-]+:\d+\.\d+-\w+", proxy)


@each
def test_the_image_installs_pinned_packages_only(which: str) -> None:
    installs = [r for s, r in instructions(which) if s == "RUN" and "pip install" in r]
    assert len(installs) == 2
    for line in installs:
        words = shlex.split(line)
        assert "--require-hashes" in words or {"--no-deps", "--no-build-isolation"} <= set(words)


@each
def test_what_the_image_copies_is_let_through_to_the_builder(which: str) -> None:
    ignored = (DEPLOY / f"images/{which}.Dockerfile.dockerignore").read_text().splitlines()
    let_through = {line[1:] for line in ignored if line.startswith("!")}
    copied = {r.split()[0] for s, r in instructions(which) if s == "COPY" and "--from" not in r}
    assert copied == let_through
    assert ignored.index("*") < min(ignored.index(f"!{one}") for one in let_through)
    for one in copied:
        assert (ROOT / one).exists(), one


def test_neither_image_holds_the_others_code() -> None:
    town = (DEPLOY / "images/town.Dockerfile").read_text()
    assert "beffroi_federation/aggregator" in town.split("RUN rm -r")[1].split("FROM")[0]
    copied = [r.split()[0] for s, r in instructions("aggregator") if s == "COPY"]
    assert "plugin" not in copied


@pytest.mark.parametrize("status", [413, 429, 503])
def test_nginxs_own_pages_say_what_the_application_says(status: int) -> None:
    page = (DEPLOY / f"nginx/errors/{status}.html").read_text()
    assert f"<h2>{SAID[status].title}</h2>\n<p>{SAID[status].advice}</p>" in page
    french = catalogue()
    title, advice = french[SAID[status].title], french[SAID[status].advice]
    assert f"<h1>{title}</h1>\n<p>{advice}</p>" in page
    problem = yaml.safe_load((DEPLOY / f"nginx/errors/{status}.json").read_text())
    assert problem == {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": advice,
        "errors": {},
    }


def catalogue() -> dict[str, str]:
    path = ROOT / "federation/beffroi_web/translations/fr/LC_MESSAGES/messages.po"
    return dict(re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', path.read_text(), re.MULTILINE))
