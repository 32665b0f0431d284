# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration's towns: invented bodies on real commune codes, and where each one listens."""

from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Town:
    """One invented body; `data_kind` says which real data it takes with `--data`."""

    key: str
    name: str
    siren: str
    kind: str
    communes: tuple[str, ...]
    population_band: str
    colour: str
    port: int
    data_kind: str = ""

    @property
    def url(self) -> str:
        """The town's public address."""
        return f"http://{HOST}:{self.port}"


@dataclass(frozen=True, slots=True)
class Layout:
    """Who listens where, and below which folder everything lies."""

    base: int
    folder: Path
    towns: tuple[Town, ...]

    @property
    def aggregator(self) -> str:
        """The nation's address."""
        return f"http://{HOST}:{self.base}"

    @property
    def provider(self) -> str:
        """The sign-in provider's address."""
        return f"http://{HOST}:{self.base + 1}"

    @property
    def copy_port(self) -> int:
        """Where the tampered copy is served for a moment."""
        return self.base + 2 + len(self.towns)

    @property
    def ports(self) -> range:
        """Every port of this demonstration."""
        return range(self.base, self.copy_port + 1)

    @property
    def mail(self) -> Path:
        """The folder of all messages."""
        return self.folder / "mail"

    @property
    def policy(self) -> Path:
        """The file that names the witnesses of every town's log."""
        return self.folder / "witnesses"

    @property
    def hints_key(self) -> Path:
        """The file with the key that the nation signs its hints with."""
        return self.folder / "hints.vkey"

    @property
    def cert(self) -> Path:
        """The folder with both halves of the key of an invented CERT."""
        return self.folder / "cert"

    def town_folder(self, town: Town) -> Path:
        """The data folder of one town."""
        return self.folder / town.key


def siren(number: int) -> str:
    """Return an invented SIREN: eight digits that nobody has, and their Luhn digit."""
    body = f"{number:08d}"
    total = 0
    for place, char in enumerate(reversed(body)):
        value = int(char) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def layout(base: int, folder: Path, town_count: int) -> Layout:
    """Return the three towns of the demonstration, and more generated ones if asked."""
    towns = [
        Town(
            "seine", "Beffroi-sur-Seine", siren(1), "commune", ("75056",), "50000-199999",
            "#2f4b6e", base + 2, "street",
        ),
        Town(
            "garonne", "Beffroi-sur-Garonne", siren(2), "commune", ("31555",), "50000-199999",
            "#7a2f3c", base + 3, "requests",
        ),
        Town(
            "vilaine", "Communauté de Beffroi-en-Vilaine", siren(3), "epci",
            ("35238", "35051", "35047", "35024", "35055", "35281"), "50000-199999",
            "#2d5a45", base + 4, "open311",
        ),
    ]  # fmt: skip
    for extra in range(3, town_count):
        towns.append(
            Town(
                f"town{extra + 1}", f"Beffroi-le-{extra + 1}", siren(extra + 1), "commune",
                (f"35{extra:03d}",), "2000-9999", "#4b3b6e", base + 2 + extra,
            )
        )  # fmt: skip
    return Layout(base, folder, tuple(towns[: max(town_count, 3)]))
