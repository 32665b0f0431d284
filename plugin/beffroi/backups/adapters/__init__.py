# SPDX-License-Identifier: AGPL-3.0-or-later
"""Archives as files, and the databases that a town's can be exchanged for."""
