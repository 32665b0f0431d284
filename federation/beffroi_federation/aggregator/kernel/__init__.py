# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every feature of the nation may use; it uses none of them."""
