# SPDX-License-Identifier: AGPL-3.0-or-later
"""Requests to open a dataset, a source code, an algorithm, a document or an API."""
