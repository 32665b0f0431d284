# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pages show, read from the registry, the intake and the national store."""
