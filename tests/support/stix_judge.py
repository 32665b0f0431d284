# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stix2-validator has against objects of STIX 2.1.

It is loaded when it is first asked: it brings grammars with it that take seconds to be read.
"""

from typing import Any


def faults_of(made: str | dict[str, Any]) -> list[str]:
    """Return what is wrong with a bundle as it is written, or with one object of one."""
    from stix2validator import ValidationOptions, validate_instance, validate_string

    options = ValidationOptions(version="2.1")
    if isinstance(made, dict):
        found = [validate_instance(made, options)]
    else:
        found = validate_string(made, options).object_results
        assert found
    return [str(error) for one in found if not one.is_valid for error in one.errors]
