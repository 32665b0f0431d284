# SPDX-License-Identifier: AGPL-3.0-or-later
"""Frames for other sites, oEmbed, and the desk's page of both."""

from beffroi.embedding.routes import frames, oembed
from beffroi.embedding.routes.desk import desk
from beffroi.embedding.routes.shared import blueprint

__all__ = ["blueprint", "desk", "frames", "oembed"]
