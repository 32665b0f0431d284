# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes the generated vectors in their place."""

from support.vectors.writing import VECTORS, write

write(VECTORS)
