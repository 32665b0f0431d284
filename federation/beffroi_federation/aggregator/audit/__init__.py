# SPDX-License-Identifier: AGPL-3.0-or-later
"""What went wrong, in plain sentences, with the evidence."""
