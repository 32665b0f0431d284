# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every feature may use; it uses none of them."""
