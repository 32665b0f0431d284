# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stix2-validator has against objects of STIX 2.1.

It is loaded when it is first asked: it brings grammars with it that take seconds to be read.
"""

from typing import Any


def faults_of(made: str | dict[str, Any]) -> list[str]:
    """Return what is wrong with a bundle as it is written, or with one object of one."""
    from stix2validator import ValidationOptions, validate_instance, validate_string

    judge = validate_instance if isinstance(made, dict) else validate_string
    result = judge(made, ValidationOptions(version="2.1"))
    return [] if result.is_valid else [str(error) for error in result.errors or ["not valid"]]
