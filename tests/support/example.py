# SPDX-License-Identifier: AGPL-3.0-or-later
"""The settings that every town of the tests shares: who it is, and its secret."""

EXAMPLE = {
    "BEFFROI_NAME": "Beffroi-sur-Exemple",
    "BEFFROI_SIREN": "210000006",
    "BEFFROI_KIND": "commune",
    "BEFFROI_COMMUNES": "99999",
    "BEFFROI_SECRET_KEY": "a secret of the tests, long enough to be one",
}
