# SPDX-License-Identifier: AGPL-3.0-or-later
"""Released cyber records for CERTs: a TAXII 2.1 server that is only read, and a feed of MISP."""
