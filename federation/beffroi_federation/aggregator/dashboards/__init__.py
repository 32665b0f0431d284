# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages that everybody reads."""
