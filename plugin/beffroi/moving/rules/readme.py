# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first page of an export: for whoever opens the folder without knowing Beffroi."""

from collections.abc import Mapping, Sequence

from beffroi.backups.rules import Manifest
from beffroi.moving.rules.package import DERIVED, LEFT_OUT, Described
from beffroi.moving.rules.sheets import SHEETS

_HEAD = """\
# {name}: everything that was put into Beffroi

**Confidentiel.** Ce dossier contient des données personnelles : ce que chacun a écrit avant tout
masquage, avec les noms et les adresses. Gardez-le comme la base elle-même, chiffré s’il voyage, et
supprimez-le dès qu’il a servi. Seul `public/` peut être diffusé. La suite est en anglais, comme les
noms des colonnes.

**Confidential.** This folder holds personal data: what people wrote before anything was masked, with
names and addresses. Keep it as you keep the database, encrypted when it travels, and delete it once it
has served. Only what is in `public/` may be passed on.

Made {made_at} by Beffroi {version} (schema {revision}) for SIREN {siren}: {cases} cases, {rows} rows,
{files} files, {size} entries of the log.

| place | what | format |
|---|---|---|
| `sheets/` | what an office reads, with references instead of numbers | CSV, UTF-8, commas |
| `tables/` | every table in full, one object a line | JSON Lines |
| `datapackage.json` | the columns, types, keys and hashes of `tables/`, and the hashes of `files/` | Frictionless Data Package |
| `files/` | what was uploaded, under its stored name (`sheets/files.csv` says whose) | JPEG, PNG, PDF … |
| `settings.json` | the settings of the installation, without its secrets | JSON |
| `public/data/` | the open data, with its catalogue | CSV, JSON, DCAT-AP 3 (Turtle, JSON-LD, RDF/XML) |
| `public/open311/` | the street reports that everyone sees | Open311 GeoReport v2 (JSON), GeoReport Bulk (CSV) |
| `public/feeds/`, `public/campaigns/` | feeds and calendar | Atom, iCalendar |
| `public/log/` | the signed log: checkpoint, hashes, entries, contents | as served, see `docs/protocol` of Beffroi |

The tables are as they were at one moment. `public/` was read after it: for a last export stop the worker and let nobody
write.

## The log

`public/` is a whole copy of the log. Anybody can check it without the town and without this
software's database: `beffroi-verify public`. It proves what was published, when, and that nothing
was changed since. Origin: `{origin}`, epoch {epoch}, root `{root}`.

The key of the log is **not** here: its 24 words are in the town's safe. After an import the log stays
shut until one of these is done:

- *The same key* (the signer's folder was brought along, or its words were typed into
  `beffroi signer words-to-seed`): `beffroi restore` lets the log catch up with everything that was
  signed since the export, and it goes on under the same name. Nothing was lost, nothing forks.
- *Another key*, or no key: `beffroi restore --new-epoch`. The log begins again under epoch
  {next_epoch}, and its first entry says where this one ended. Tell whoever runs the aggregator.

Never run two towns on one log: stop the old installation first.

## Reading it back

    beffroi import beffroi-export FOLDER

into a town with the same SIREN in its settings and nothing in its database. Keep `BEFFROI_SECRET_KEY` if you can: with another
one, links in mail that was sent before no longer work, and the secrets of webhooks and bridges (sealed
under it) have to be entered again. Tokens and keys of programs go on, as only their hashes are kept.
Settings are not imported: `settings.json` says what they were.

## What must be known of the sheets

A cell that a spreadsheet would run as a formula begins with an apostrophe here; `tables/` has the
exact words. Times are UTC.

"""  # noqa: E501  tables of Markdown


def readme(manifest: Manifest, tables: Sequence[Described], sheets: Mapping[str, int]) -> str:
    """Return the README of an export; `sheets` has the number of lines of each sheet."""
    head = _HEAD.format(
        name=manifest.name,
        made_at=manifest.made_at,
        version=manifest.version,
        revision=manifest.revision,
        siren=manifest.siren,
        cases=manifest.cases,
        rows=manifest.rows,
        files=len(manifest.files),
        size=manifest.log.size,
        origin=manifest.log.origin,
        epoch=manifest.log.epoch,
        root=manifest.log.root,
        next_epoch=manifest.log.epoch + 1,
    )
    lines = ["| sheet | lines | what |", "|---|---|---|"]
    lines += [f"| `sheets/{s.name}.csv` | {sheets[s.name]} | {s.about} |" for s in SHEETS]
    lines += ["", "## Every table, and what becomes of it", "", "| table | rows | what |"]
    lines += ["|---|---|---|"]
    lines += [f"| `{t.name}` | {t.member.rows} | {t.about} |" for t in tables]
    lines += [f"| `{name}` | made anew | {why} |" for name, why in DERIVED.items()]
    lines += [f"| `{name}` | left out | {why} |" for name, why in LEFT_OUT.items()]
    return head + "\n".join(lines) + "\n"
