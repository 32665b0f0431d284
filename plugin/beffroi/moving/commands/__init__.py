# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the operator does to move a town: `databases`, `exporting`, `importing`."""
