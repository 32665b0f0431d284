# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports of something broken in the street or on a public site."""
