# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which requests are about the same thing: words, concepts, groups. Plain Python, no input."""
