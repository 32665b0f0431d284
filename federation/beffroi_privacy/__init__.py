# SPDX-License-Identifier: AGPL-3.0-or-later
"""What hides persons: texts, counts, photos. Plain Python, usable alone."""
