# SPDX-License-Identifier: AGPL-3.0-or-later
"""A filled database at any schema: rows in every table, what survives a migration, what it narrows.

Nothing here knows the models: tables are read from the database as it stands at a revision, so that
each schema of the past is filled by itself. A generation is one row in every table, told by a
number; rows point to rows of their own generation. What a value must look like for a migration to
work with it (`Hints`) is said by who fills.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, Table

Hints = Mapping[str, Callable[[int], Any]]
"""Makes the value of `table.column`, or of `.column` in any table, for a generation."""
Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]
"""Every row by table and primary key, by names of columns."""

MOMENT = datetime(2026, 9, 1, 8, tzinfo=UTC)


@dataclass
class Schema:
    """The tables of a database as they stand now, but for the `apart` (text indexes and the like).

    `look` reads again those whose definition has changed.
    """

    apart: tuple[str, ...] = ()
    tables: dict[str, Table] = field(default_factory=dict)
    _seen: "Shape" = field(default_factory=dict)
    _all: set[str] = field(default_factory=set)

    def look(self, found: "Shape", connection: Connection) -> None:
        self._all = set(found)
        now = {n: d for n, d in found.items() if not n.startswith(self.apart)}
        changed = {name for name in now if self._seen.get(name) != now[name]}
        for name in self.tables.keys() - now.keys() | (changed & self.tables.keys()):
            del self.tables[name]
        if changed:
            metadata = MetaData()
            metadata.reflect(connection, only=sorted(changed), resolve_fks=False)
            self.tables |= {name: metadata.tables[name] for name in changed}
        self._seen = now

    @property
    def everything(self) -> set[str]:
        """The names of all tables, those `apart` too."""
        return set(self._all)

    def in_order(self) -> list[Table]:
        """The tables, each after those that it points to; a circle is cut where it may be NULL."""
        left, done = dict(self.tables), []
        while left:
            free = [t for t in left.values() if not _points(t) & left.keys() - {t.name}]
            if not free:
                sure = [t for t in left.values() if not _points(t, sure=True) & left.keys()]
                free = sorted(sure, key=lambda table: table.name)[:1]
            assert free, f"a circle of tables: {sorted(left)}"
            done += sorted(free, key=lambda table: table.name)
            left = {n: t for n, t in left.items() if t not in free}
        return done


def _points(table: Table, *, sure: bool = False) -> set[str]:
    """The tables that a table points to; only those that it must point to if `sure`."""
    return {
        key.target_fullname.split(".")[0]
        for column in table.columns
        for key in column.foreign_keys
        if not (sure and column.nullable)
    }


@dataclass(frozen=True)
class Key:
    """Columns in which no two rows of a table may be alike."""

    table: str
    columns: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.table}({', '.join(self.columns)})"


@dataclass(frozen=True)
class Column:
    """What older code relies on of a column; `empty` if it is so where nobody gives a value."""

    type: str
    required: bool
    empty: bool


Shape = dict[str, dict[str, Column]]


def shape(connection: Connection) -> Shape:
    """Every table with its columns; `required` is what an INSERT without the column fails on."""
    found: Shape = {}
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(
            'SELECT m.name, c.name, c.type, c."notnull" AND c.dflt_value IS NULL AND NOT c.pk,'
            ' NOT c."notnull" AND c.dflt_value IS NULL'
            " FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
            " AND m.name NOT LIKE 'sqlite_%'"
        ).all()
    else:
        rows = connection.exec_driver_sql(
            "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),"
            " a.attnotnull AND NOT a.atthasdef AND a.attidentity = '',"
            " NOT a.attnotnull AND NOT a.atthasdef"
            " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace"
            " AND a.attnum > 0 AND NOT a.attisdropped"
        ).all()
    for table, column, kind, required, empty in rows:
        found.setdefault(table, {})[column] = Column(str(kind), bool(required), bool(empty))
    found.pop("alembic_version", None)
    return found


def unique(connection: Connection) -> set[Key]:
    """Every key of a schema, primary ones of SQLite's row id aside."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(
            "SELECT m.name, i.name, c.name FROM sqlite_master m, pragma_index_list(m.name) i,"
            " pragma_index_info(i.name) c WHERE m.type = 'table' AND i.\"unique\" AND NOT i.partial"
            " ORDER BY 1, 2, c.seqno"
        ).all()
    else:
        rows = connection.exec_driver_sql(
            "SELECT t.relname, i.relname, a.attname FROM pg_index x"
            " JOIN pg_class t ON t.oid = x.indrelid"
            " JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = t.relnamespace"
            " JOIN pg_attribute a ON a.attrelid = i.oid WHERE x.indisunique AND x.indpred IS NULL"
            " AND n.nspname = current_schema() ORDER BY 1, 2, a.attnum"
        ).all()
    keys: dict[tuple[str, str], list[str]] = {}
    for table, index, column in rows:
        keys.setdefault((table, index), []).append(str(column))
    return {Key(table, tuple(columns)) for (table, _), columns in keys.items()}


@dataclass(frozen=True)
class Look:
    """The shape of a schema, and its unique keys."""

    columns: Shape
    unique: set[Key]


def look(connection: Connection) -> Look:
    return Look(shape(connection), unique(connection))


def narrower(before: Look, after: Look) -> list[str]:
    """What code written for the schema `before` can no longer do on `after`, a line each."""
    found = [f"table {name} is gone" for name in before.columns.keys() - after.columns.keys()]
    for name in before.columns.keys() & after.columns.keys():
        old, new = before.columns[name], after.columns[name]
        found += [f"column {name}.{one} is gone" for one in old.keys() - new.keys()]
        for one in old.keys() & new.keys():
            if old[one].type != new[one].type:
                found.append(f"column {name}.{one} was {old[one].type}, is {new[one].type}")
        found += [
            f"column {name}.{one} must be given"
            for one in new
            if new[one].required and not (one in old and old[one].required)
        ]
    return sorted(
        found + [f"unique: {key}" for key in after.unique if _forbids(key, before, after)]
    )


def _forbids(key: Key, before: Look, after: Look) -> bool:
    """Say whether a key refuses rows that older code writes, which gives no new column a value."""
    if key.table not in before.columns or key in before.unique:
        return False
    old, new = before.columns[key.table], after.columns[key.table]
    if any(new[one].empty for one in key.columns if one not in old):
        return False  # an empty value is like no other
    alike = {one for one in key.columns if one in old}
    return not any(k.table == key.table and set(k.columns) <= alike for k in before.unique)


# ---- rows ---------------------------------------------------------------------------------------


def fill(connection: Connection, schema: Schema, generation: int, hints: Hints) -> None:
    """Put one row of a generation into every table; `hints` say what some values are."""
    naive = connection.dialect.name == "sqlite"
    filled: set[str] = set()
    for table in schema.in_order():
        row = {c.name: _value(c, generation, hints, filled, naive=naive) for c in table.columns}
        connection.execute(table.insert(), row)
        filled.add(table.name)


def _value(column: Any, generation: int, hints: Hints, filled: set[str], *, naive: bool) -> Any:
    for name in (f"{column.table.name}.{column.name}", f".{column.name}"):
        if name in hints:
            return hints[name](generation)
    for key in column.foreign_keys:
        other, target = key.target_fullname.split(".")[-2:]
        named = f"{other}.{target}"
        if other not in filled:
            return None  # a row of its own, or one that comes later
        if named in hints:
            return hints[named](generation)
    return _generated(column.name, column.type, generation, naive=naive)


def _generated(name: str, kind: Any, generation: int, *, naive: bool) -> Any:
    """A value of a type that no other generation has, as far as the type has room."""
    match kind:
        case sa.Boolean():
            return False
        case sa.JSON():
            return {}
        case sa.Date():
            return date(2026, 9, 1) + timedelta(days=generation)
        case sa.DateTime():
            moment = MOMENT + timedelta(days=generation)
            return moment.replace(tzinfo=None) if naive else moment
        case sa.Integer():
            return 1000 + generation
        case sa.Numeric() | sa.Float():
            return 1.5
        case sa.LargeBinary():
            return b"%032d" % generation
        case sa.String():
            said = f"{name}-{generation:02}"
            return said[-kind.length :] if kind.length else said
    raise AssertionError(f"no value for {name}, a {kind!r}")


def rows(connection: Connection, schema: Schema) -> Rows:
    """Every row of every table, each value as the database spells it; read at one stroke."""
    lite = connection.dialect.name == "sqlite"
    found: Rows = {name: {} for name in schema.tables}
    asked = " UNION ALL ".join(
        _asked(name, table.columns.keys(), lite=lite) for name, table in schema.tables.items()
    )
    for name, said in connection.exec_driver_sql(asked).all():
        row = json.loads(said)
        keys = [column.name for column in schema.tables[name].primary_key.columns] or sorted(row)
        found[name][tuple(row[key] for key in keys)] = row
    return found


def _asked(name: str, columns: Iterable[str], *, lite: bool) -> str:
    if not lite:
        return f"SELECT '{name}', CAST(to_jsonb(t) AS text) FROM \"{name}\" t"
    spelt = ", ".join(f"'{column}', quote(\"{column}\")" for column in columns)
    return f"SELECT '{name}', json_object({spelt}) FROM \"{name}\""


def everything(connection: Connection) -> tuple[Shape, list[str], list[str]]:
    """Shape, revision, and every row of every table of a database: to compare, not to read."""
    lite, every = connection.dialect.name == "sqlite", shape(connection)
    asked = " UNION ALL ".join(_asked(name, every[name], lite=lite) for name in every)
    held = sorted(map(str, connection.exec_driver_sql(asked).all()))
    at = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    return every, list(at), held


def changed(before: Rows, after: Rows) -> dict[str, int]:
    """What is otherwise than before: `table gone`, `table +` rows more, `table -`, `table.column`.

    A column that was not there before is no change.
    """
    found: dict[str, int] = {}
    for name, old in before.items():
        if name not in after:
            found[f"{name} gone"] = len(old)
            continue
        new = after[name]
        if lost := old.keys() - new.keys():
            found[f"{name} -"] = len(lost)
        if more := new.keys() - old.keys():
            found[f"{name} +"] = len(more)
        for key in old.keys() & new.keys():
            for column in old[key].keys() & new[key].keys():
                if old[key][column] != new[key][column]:
                    one = f"{name}.{column}"
                    found[one] = found.get(one, 0) + 1
    return found
