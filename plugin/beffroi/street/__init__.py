# SPDX-License-Identifier: AGPL-3.0-or-later
"""Street reports from the institution's side: who handles what, until when, and what is told."""
