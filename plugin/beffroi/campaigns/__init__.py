# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calls for requests that come back by themselves: series, editions, survey, note, announcements.

Nothing here touches the legal clock of a request: a rank, a support or a phase is no condition for
an answer.
"""
