# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes the generated part of docs/protocol/vectors: good histories, and each way of being wrong.

    PYTHONPATH=tests .venv/bin/python -m support.vectors

Everything is derived from fixed bytes, so that writing again changes nothing; a test says so. The
worked values (tree.json, notes.json, entries.json) were not made here: they were computed from the
specifications and agreed by independent programs.
"""
