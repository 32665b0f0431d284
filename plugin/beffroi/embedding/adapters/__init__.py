# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is read from the site that shows us."""
