# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports on public sites: confidential from the first moment, known to those who need to know."""
