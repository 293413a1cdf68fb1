"""Exported file lists: a token table for machines without deltalake, as Parquet files and a JSON list of them.

The list carries the Delta table's id and version, so a run may go on from the table to the list and back.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.fs as pafs

from training.data.tables import File, HeldOut, TokenTable, schema_of

FORMAT = 2


def export(table: TokenTable, to: Path) -> Path:
    """Copies the table's files below the folder `to` and writes `to`/files.json; returns that file's path.

    Raises ValueError for a table with deletion vectors, whose deleted rows a plain reader would bring back.
    """
    if any(file.keep is not None for file in table.files):
        raise ValueError(
            f"{table.name}: expected a table without deletion vectors, found some in version {table.version}; "
            "purge them (rewrite the files) and export the new version"
        )
    to.mkdir(parents=True, exist_ok=True)
    for file in table.files:
        target = to / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        with table.filesystem.open_input_stream(file.path) as source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 24)
    listed = to / "files.json"
    whole = {
        "format": FORMAT,
        "table": table.name,
        "identity": table.identity,
        "version": table.version,
        "columns": table.schema.names,
        "files": [{"path": f.path, "size": f.size, "partition": dict(f.partition)} for f in table.files],
    }
    listed.write_text(json.dumps(whole, indent=1), encoding="utf-8")
    return listed


def read_list(place: str, version: int | None, held_out: HeldOut) -> TokenTable:
    """The table of an exported list; paths are relative to the list's folder. Raises ValueError."""
    listed = Path(place)
    try:
        whole = json.loads(listed.read_text(encoding="utf-8"))
        files = tuple(File(f["path"], f["size"], tuple(f["partition"].items())) for f in whole["files"])
        identity, found, form = str(whole["identity"]), int(whole["version"]), whole["format"]
        columns = list(whole["columns"])
    except FileNotFoundError:
        raise ValueError(f"{place}: expected an exported file list, found none; export the table there") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{place}: expected an exported file list, found another file ({error!r}); export it again"
        ) from error
    if form != FORMAT:
        raise ValueError(f"{place}: expected a file list of format {FORMAT}, found {form}; export it again")
    if version is not None and version != found:
        raise ValueError(f"{place}: expected version {version}, found a list of version {found}; export that version")
    filesystem = pafs.SubTreeFileSystem(str(listed.parent.absolute()), pafs.LocalFileSystem())
    return TokenTable(place, identity, found, files, filesystem, held_out, schema_of(columns, place))
