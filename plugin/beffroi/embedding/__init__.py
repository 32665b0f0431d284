# SPDX-License-Identifier: AGPL-3.0-or-later
"""What another site shows of this one: frames, snippets, oEmbed; and what it lends: its colour."""
