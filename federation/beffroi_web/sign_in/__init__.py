# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing in through OpenID Connect providers: settings, driver, accounts and sessions, pages."""
