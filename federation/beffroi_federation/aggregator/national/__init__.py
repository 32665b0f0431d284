# SPDX-License-Identifier: AGPL-3.0-or-later
"""The national store: verified bytes, and everything that is derived from them."""
