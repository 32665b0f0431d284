# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes from and goes back to the host's participation site."""
