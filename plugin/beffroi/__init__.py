# SPDX-License-Identifier: AGPL-3.0-or-later
"""One town: takes, answers and shares citizens' requests and reports."""

__version__ = "0.1.0"
