# SPDX-License-Identifier: AGPL-3.0-or-later
"""What tests share: factories, a simulated town, a mailbox that keeps."""
