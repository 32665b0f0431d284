# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the operator does with backups: `making`, `verifying`, `restoring`."""

from beffroi.backups.commands.making import arguments as arguments_of_backup
from beffroi.backups.commands.making import backup
from beffroi.backups.commands.making import run as run_backup
from beffroi.backups.commands.opening import Archive
from beffroi.backups.commands.restoring import arguments as arguments_of_restore
from beffroi.backups.commands.restoring import catch_up, put_back, restore
from beffroi.backups.commands.restoring import run as run_restore
from beffroi.backups.commands.verifying import arguments as arguments_of_verify
from beffroi.backups.commands.verifying import run as run_verify
from beffroi.backups.commands.verifying import verify

__all__ = [
    "Archive",
    "arguments_of_backup",
    "arguments_of_restore",
    "arguments_of_verify",
    "backup",
    "catch_up",
    "put_back",
    "restore",
    "run_backup",
    "run_restore",
    "run_verify",
    "verify",
]
