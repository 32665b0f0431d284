# SPDX-License-Identifier: AGPL-3.0-or-later
"""Licences under which a town publishes, by their SPDX identifiers. Plain Python.

For data: the two of decree 2017-638 (CRPA, D. 323-2-1) and Creative Commons; for software: those
that the same article lists, permissive and reciprocal. Source of the codes: https://spdx.org/licenses.
"""

import re
from collections.abc import Mapping

from beffroi_web.words import N_

LICENCES: Mapping[str, str] = {
    "etalab-2.0": "Licence Ouverte 2.0",
    "ODbL-1.0": "ODbL 1.0",
    "CC0-1.0": "Creative Commons CC0 1.0",
    "CC-BY-4.0": "Creative Commons BY 4.0",
    "CC-BY-SA-4.0": "Creative Commons BY-SA 4.0",
    "EUPL-1.2": "EUPL 1.2",
    "AGPL-3.0-or-later": "GNU AGPL 3",
    "GPL-3.0-or-later": "GNU GPL 3",
    "LGPL-3.0-or-later": "GNU LGPL 3",
    "MPL-2.0": "Mozilla Public License 2.0",
    "CECILL-2.1": "CeCILL 2.1",
    "MIT": "MIT",
    "Apache-2.0": "Apache 2.0",
    "BSD-3-Clause": "BSD 3-Clause",
    "other": N_("Another licence, said in the answer"),
}
"""What an answer can name; `other` is explained in its words."""

OF_TOWN: Mapping[str, str] = {"etalab-2.0": "etalab-2.0", "odbl-1.0": "ODbL-1.0"}
"""The licence that the desk proposes, by the town's setting for its own open data."""

_SWHID = re.compile(r"swh:1:(cnt|dir|rev|rel|snp):[0-9a-f]{40}(;[!-~]{1,140})?")


def is_swhid(text: str) -> bool:
    """Say whether a text is a Software Heritage identifier (ISO/IEC 18670), qualifiers or not."""
    return len(text) <= 200 and _SWHID.fullmatch(text) is not None
