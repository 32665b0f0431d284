# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where messages go: a mail server, or a folder."""
