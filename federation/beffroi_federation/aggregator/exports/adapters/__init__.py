# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writers of files; what they need is loaded by the process that makes files alone."""
