# SPDX-License-Identifier: AGPL-3.0-or-later
"""One file with everything a town cannot make again, and the way back from it."""
