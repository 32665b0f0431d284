# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the law gives a person over what is kept: see it, correct it, have it end."""
