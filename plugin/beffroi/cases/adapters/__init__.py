# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where the bytes of files are kept."""
