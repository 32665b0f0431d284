# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is true of the repository itself: licence, origins, words, versions, documents."""

import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

from beffroi import upgrading
from beffroi.kernel.db import MIGRATIONS as TOWN
from beffroi_federation.aggregator import upgrading as nation
from beffroi_federation.aggregator.kernel.db import MIGRATIONS as NATION
from beffroi_web.migrating import steps

ROOT = Path(__file__).parents[2]
SPDX = "SPDX-License-Identifier: AGPL-3.0-or-later"
SOURCES = {".py", ".js", ".mjs", ".css", ".html", ".sh", ".toml", ".yml", ".yaml", ".mako", ".svg"}
SOURCES |= {".conf", ".service", ".socket", ".timer", ".sql", ".j2"}
NOT_TEXT = {".gz", ".png", ".ico", ".woff2"}


@cache
def tracked() -> tuple[Path, ...]:
    """Every file of the repository; in a copy without its history, every file that is not made."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout.split("\0")
        return tuple(path for name in listed if name and (path := ROOT / name).is_file())
    made = {"node_modules", "__pycache__", "demo-data", "screenshots"}
    return tuple(
        path
        for path in ROOT.rglob("*")
        if path.is_file()
        and not any(part in made or part.startswith(".") for part in path.relative_to(ROOT).parts)
    )


def text_of(path: Path) -> str:
    """The text of a file; the protocol's binary vectors read as far as they are text."""
    return "" if path.suffix in NOT_TEXT else path.read_text(encoding="utf-8", errors="replace")


def named(paths: list[Path]) -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in paths)


def test_the_list_of_files_is_the_whole_repository() -> None:
    assert {ROOT / "README.md", Path(__file__)} <= set(tracked())


def test_every_source_file_names_its_licence_first() -> None:
    scripts = [ROOT / "beffroi", ROOT / ".ci" / "run"]
    sources = [path for path in tracked() if path.suffix in SOURCES or path in scripts]
    without = [
        path
        for path in sources
        if text_of(path) and not any(SPDX in line for line in text_of(path).splitlines()[:2])
    ]
    assert named(without) == []


def test_the_licence_is_the_whole_text_of_the_agpl() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert licence.split()[:8] == "GNU AFFERO GENERAL PUBLIC LICENSE Version 3, 19".split()
    assert len(licence.splitlines()) == 661
    assert "END OF TERMS AND CONDITIONS" in licence


REGISTRIES = re.compile(
    "|".join(
        re.escape(part.replace(" ", "."))
        for part in (
            *("pypi org", "pythonhosted org", "npmjs org", "npmjs com", "yarnpkg com"),
            *("docker io", "ghcr io", "quay io", "deb debian org", "unpkg com", "jsdelivr net"),
        )
    )
)
MACHINE = re.compile(r"(?<![\w.$}~])/(?:home|Users|root|work|farm|build|mnt|media)/[\w.]")


def test_no_file_names_a_package_registry() -> None:
    assert named([p for p in tracked() if REGISTRIES.search(text_of(p))]) == []


def test_no_file_holds_a_path_of_somebodys_machine() -> None:
    assert named([p for p in tracked() if MACHINE.search(text_of(p))]) == []


def test_lock_files_pin_by_hash_and_hold_no_address() -> None:
    locks = [
        path
        for path in tracked()
        if path.name == "package-lock.json"
        or (path.parent.name == "requirements" and path.suffix == ".txt")
    ]
    assert len(locks) >= 4
    for lock in locks:
        text = text_of(lock)
        assert "://" not in text, f"{lock.name} holds an address"
        assert "sha256:" in text or "sha512-" in text, f"{lock.name} pins nothing by hash"


def test_every_package_that_is_asked_for_says_why() -> None:
    silent = [
        f"{path.name}: {line}"
        for path in (ROOT / "requirements").glob("*.in")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(("#", "-r", "types-")) and "#" not in line
    ]
    assert silent == []


COMMITS = re.compile(r"(?<!\bstore)\.commit\(")
"""A database's commit; `store.commit` is the port of the log, which puts a checkpoint in place."""

MAY_COMMIT = {
    "federation/beffroi_web/database.py": "the unit of work",
    "federation/beffroi_web/migrating.py": "ends what Alembic leaves open; no application runs yet",
}


def test_only_the_unit_of_work_commits() -> None:
    committing = [
        path
        for path in tracked()
        if path.suffix == ".py"
        and path.relative_to(ROOT).parts[0] in ("plugin", "federation", "deploy")
        and COMMITS.search(text_of(path))
    ]
    assert set(named(committing)) <= set(MAY_COMMIT)
    assert "federation/beffroi_web/database.py" in named(committing)


def test_no_pattern_repeats_a_group_possessively() -> None:
    # Python before 3.11.5, and so Debian 12's, ends such a match too early: words lose letters.
    group = re.compile(r"(?<!\\)\)(?:[*+?]|\{[\d,]+\})\+|\(\?>")
    product = [p for p in tracked() if p.suffix == ".py" and "tests" not in p.parts]
    assert [p for p in product if group.search(text_of(p))] == []
    assert group.search(r"(?:-[a-z]++)*+")
    assert group.search(r"(?>a|b)")
    assert not group.search(r"[a-z]++(?:-[a-z]*+)*")


def test_no_file_has_a_name_that_says_nothing() -> None:
    nothing = {
        "utils",
        "util",
        "helpers",
        "helper",
        "common",
        "base",
        "manager",
        "managers",
        "misc",
    }
    assert named([p for p in tracked() if p.stem.strip("_").lower() in nothing]) == []


def version_of(distribution: str) -> str:
    settings = tomllib.loads((ROOT / distribution / "pyproject.toml").read_text(encoding="utf-8"))
    return str(settings["project"]["version"])


def test_the_changelog_says_for_each_version_what_an_operator_must_do_first() -> None:
    """And a released version is on the page of versions; one that takes something away is told."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    entries = re.split(r"^## \[(.+?)\].*$", changelog, flags=re.MULTILINE)[1:]
    said = dict(zip(entries[::2], entries[1::2], strict=True))
    owed = "**What an operator must do:** "
    assert [name for name, text in said.items() if not text.strip().startswith(owed)] == []
    page = (ROOT / "docs/reference/versions.md").read_text(encoding="utf-8")
    released = [name for name in said if name != "Unreleased"]
    assert [name for name in released if f"| {name} |" not in page] == []
    coming = re.search(r"The version in preparation is (\S+)\.\s", changelog)
    assert coming is not None
    assert f"| {coming[1]} | in preparation |" in page
    for migrations in (TOWN, NATION):
        for step in steps(migrations):
            if step.contracts is not None:
                # What goes was done without by a version that is out; until the first is, by it.
                assert step.contracts.since in (released or [coming[1]]), step
                told = said.get(step.contracts.since, said["Unreleased"]).partition("###")[0]
                assert step.revision in told, f"an operator is not told of {step.revision}"
    assert f"is `{upgrading.OLDEST}`, of a town as of a nation" in page
    assert nation.OLDEST == upgrading.OLDEST == steps(TOWN)[0].revision


def test_the_two_distributions_the_package_and_the_changelog_agree_on_the_version() -> None:
    version = version_of("plugin")
    assert version_of("federation") == version
    source = (ROOT / "plugin" / "beffroi" / "__init__.py").read_text(encoding="utf-8")
    assert f'__version__ = "{version}"' in source
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\]", changelog, re.MULTILINE)
    assert headings[0] == "Unreleased"
    coming = re.search(r"The version in preparation is (\d+\.\d+\.\d+)\.", changelog)
    assert version == (coming.group(1) if coming else headings[1])


def test_every_decision_is_in_the_index_with_its_title_and_status() -> None:
    folder = ROOT / "docs" / "decisions"
    records = sorted(p for p in folder.glob("[0-9]*.md") if not p.name.startswith("0000"))
    index = (folder / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\d{4})\]\((.+?)\) \| (.+?) \| (.+?) \|$", index, re.MULTILINE)
    written = []
    for record in records:
        text = record.read_text(encoding="utf-8")
        number, title = text.splitlines()[0].removeprefix("# ").split(": ", 1)
        status = re.search(r"^- Status: (.+)$", text, re.MULTILINE)
        assert status is not None, f"{record.name} has no status"
        assert record.name.startswith(f"{number}-")
        written.append((number, record.name, title, status.group(1)))
    assert rows == written
    assert [row[0] for row in rows] == [f"{n:04d}" for n in range(1, len(rows) + 1)]


LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def links_of(page: Path) -> list[Path]:
    """Where a page links to inside the repository; code blocks hold no links."""
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text_of(page), flags=re.DOTALL)
    targets = [link.partition("#")[0] for link in LINK.findall(prose) if "://" not in link]
    return [(page.parent / target).resolve() for target in targets if target]


def pages() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


def test_every_link_between_documents_leads_somewhere() -> None:
    known = set(tracked()) | {parent for path in tracked() for parent in path.parents}
    broken = [
        f"{page.relative_to(ROOT)} -> {target.relative_to(ROOT)}"
        for page in pages()
        for target in links_of(page)
        if target not in known
    ]
    assert broken == []


def test_every_page_of_documentation_can_be_reached_from_its_index() -> None:
    docs = ROOT / "docs"
    reached: set[Path] = set()
    waiting = [docs / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or not page.exists():  # where it should lead is another test's business
            continue
        reached.add(page)
        inside = [*page.glob("*.md")] if page.is_dir() else links_of(page)
        waiting += [
            p for p in inside if p.is_relative_to(docs) and (p.is_dir() or p.suffix == ".md")
        ]
    lost = [p for p in pages() if p.is_relative_to(docs) and p not in reached]
    assert named([p for p in lost if p.name != "0000-template.md"]) == []


def test_the_catalogue_entry_has_what_the_standard_asks_for() -> None:
    entry = yaml.safe_load((ROOT / "publiccode.yml").read_text(encoding="utf-8"))
    assert entry["publiccodeYmlVersion"] == "0.4"
    for key in ("name", "url", "platforms", "categories", "developmentStatus", "softwareType"):
        assert entry[key], key
    assert entry["legal"]["license"] == "AGPL-3.0-or-later"
    assert entry["maintenance"]["contacts"]
    assert set(entry["localisation"]["availableLanguages"]) == {"fr", "en"}
    assert entry.get("softwareVersion", version_of("plugin")) == version_of("plugin")
    for language in ("en", "fr"):
        described = entry["description"][language]
        assert len(described["shortDescription"]) <= 150
        assert 150 <= len(described["longDescription"]) <= 10_000
        assert described["features"]


@pytest.mark.parametrize("word", ["demo", "test", "check", "help"])
def test_the_one_script_has_the_commands_that_the_documents_name(word: str) -> None:
    script = (ROOT / "beffroi").read_text(encoding="utf-8")
    assert re.search(rf"^  {word}[|)]", script, re.MULTILINE)
    assert f"./beffroi {word}" in (ROOT / "README.md").read_text(encoding="utf-8")
