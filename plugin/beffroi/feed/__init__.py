# SPDX-License-Identifier: AGPL-3.0-or-later
"""The way out: takes from the outbox, makes records or refuses, appends, signs, serves."""
