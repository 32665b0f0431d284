# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a campaign sends or prints: the note as PDF, announcements to the operator's webhook."""
