# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first settings of a town: asked at a terminal or read from answers, and written once."""
