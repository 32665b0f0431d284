# SPDX-License-Identifier: AGPL-3.0-or-later
"""Figures for whoever watches over a town: what a monitoring program reads, and nobody else."""
