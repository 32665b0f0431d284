# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a town moves: to another kind of database, or out of Beffroi altogether and in again."""
