# SPDX-License-Identifier: AGPL-3.0-or-later
"""What both web applications share; knows neither town nor nation."""
