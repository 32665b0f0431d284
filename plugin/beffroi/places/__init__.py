# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's own copy of its addresses, and which of them somebody's words mean."""
