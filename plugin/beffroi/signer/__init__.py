# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process that holds the log's key, and how the others reach it.

It imports neither a web framework nor a database: what can read the key is small enough to be read.
"""
