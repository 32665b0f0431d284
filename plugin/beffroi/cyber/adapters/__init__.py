# SPDX-License-Identifier: AGPL-3.0-or-later
"""What confidential cases need from outside the database."""
