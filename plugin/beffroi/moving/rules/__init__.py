# SPDX-License-Identifier: AGPL-3.0-or-later
"""Plain Python: `comparing` databases, the `package` of an export, its `sheets` and `readme`."""
