"""refinelake remove: take a repository, an owner, an author, paths, a domain or a text out of every table, for good."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.commands.arguments import add_run_arguments
from udfs.removal.requests import REACHES, Request, RequestError, listed

if TYPE_CHECKING:
    from jobs.flows import Flow
    from jobs.runtime.accounting import StageResult
    from jobs.runtime.progress import Console
    from jobs.runtime.tables import Lake

_NAMES = {
    "repo": "org/name, with or without its host; every spelling of its URL",
    "owner": "an owner: all repositories of that name or group",
    "author": "an e-mail address, or a login: files whose newest commit is theirs, where sources have a history",
    "domain": "a domain or host: its pages and those of all hosts below it",
    "content": "the SHA-256 of a text, or a file that holds it",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Take what somebody asks for out of every table, and keep it out: where a removed file stood for a group, the "
        "next best copy takes its place; releases that hold it are withdrawn, storage forgets it at the end of the "
        "retention, or at once with --now, and deletes copies (releases --pin) of withdrawn releases. Parameters are "
        "those that the last run recorded."
    )
    add_run_arguments(parser)
    for name, about in _NAMES.items():
        parser.add_argument(f"--{name}", action="append", default=[], metavar="NAME", help=about)
    parser.add_argument(
        "--path", metavar="GLOB", help="only these paths (of the names beside it, else everywhere); ** crosses folders"
    )
    parser.add_argument(
        "--from", dest="list", metavar="FILE", help="a list: user/repo, user, `user: commits`, or JSON, one a line"
    )
    parser.add_argument(
        "--reach",
        choices=REACHES,
        default="repository",
        help="these files alone (repository), every copy of their texts (text), near copies too (near)",
    )
    parser.add_argument("--reason", metavar="TEXT", help="why, for the record; no names")
    parser.add_argument("--now", action="store_true", help="storage forgets at once: older releases become unreadable")
    parser.add_argument("--allow-drop", action="store_true", help="allow taking out more than 5 %% of all files")
    parser.add_argument("--report", metavar="FILE", help="a report to write anew beside those that are known of")


def work(args: argparse.Namespace) -> int:
    requests = _requests(args)
    lake = _opened(args)
    from jobs.commands.receipt import receipt_lines
    from jobs.commands.run import new_run_id
    from jobs.runtime.lease import as_only_writer
    from jobs.runtime.progress import Console

    console = Console()
    run_id = new_run_id()
    try:
        done = as_only_writer(
            lake, run_id, partial(_carried_out, args, lake, run_id, requests, console), args.break_lock, console.say
        )
    finally:
        lake.drop_staging(run_id)
    for receipt in done:
        print("\n".join(receipt_lines(receipt)))
    return 0


def _requests(args: argparse.Namespace) -> list[Request]:
    """What is asked for. Raises RequestError, which names the flag or the line."""
    if args.path is not None and args.list:
        raise RequestError(
            '--path: expected names beside it, found a list; say it in its lines, as {"repo": "org/name", "path": '
            '"keys/*"}. Nothing was removed'
        )
    found: list[Request] = []
    for kind in _NAMES:
        for name in getattr(args, kind):
            found.append(_request(f"--{kind}", kind, _digest(name) if kind == "content" else name, args))
    if args.path is not None and not found:
        found.append(_request("--path", "path", "", args))
    if args.list:
        try:
            lines = Path(args.list).read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise RequestError(f"{args.list}: expected a list of requests, found {error}") from error
        try:
            found += listed(lines, args.reach)
        except RequestError as error:
            raise RequestError(f"{args.list}, {error}; nothing was removed") from error
    if not found:
        names = ", ".join(f"--{n}" for n in (*_NAMES, "path", "from"))
        raise RequestError(f"remove: expected something to remove ({names}), found nothing")
    return list(dict.fromkeys(found))


def _request(flag: str, kind: str, name: str, args: argparse.Namespace) -> Request:
    try:
        return Request(kind, name, args.path, args.reach)
    except RequestError as error:
        raise RequestError(f"{flag}: {error}; nothing was removed") from error


def _digest(name: str) -> str:
    """The id of a text: as it is given, or of the text that a file holds."""
    from udfs.reading.decoding import Refusal, decode

    if not Path(name).is_file():
        return name
    found = decode(Path(name).read_bytes())
    if isinstance(found, Refusal):
        raise RequestError(
            f"--content: expected a file with a text, found {name}, which is {found.reason}; nothing was removed"
        )
    return hashlib.sha256(found.text.encode()).hexdigest()


def _opened(args: argparse.Namespace) -> Lake:
    """The warehouse with the parameters that its last run recorded, those of the command line over them."""
    from jobs.code.asking import ready
    from jobs.commands.recorded import recorded_settings
    from jobs.commands.run import open_lake

    lake, _ = open_lake(args)
    lake.look()
    ready(lake)
    args.set = [*recorded_settings(lake), *args.set]
    return open_lake(args)[0]


def _carried_out(
    args: argparse.Namespace, lake: Lake, run_id: str, requests: list[Request], console: Console
) -> list[dict[str, Any]]:
    """The request kept, every flow carried out, a release made, the receipt. Raises ValueError before anything."""
    from jobs.code.asking import keep, refuse_too_many
    from jobs.code.parameters import Ingest
    from jobs.commands.reports import renew
    from jobs.flows import FLOWS, every_table
    from jobs.runtime import receipts
    from jobs.runtime.purge import forget_all, rewrite_all
    from jobs.runtime.releases import release_whole

    assert lake.claim is not None
    if args.now and not lake.settable:
        raise ValueError(
            "--now: expected a session that may remove files younger than the retention, found serverless compute, "
            "which may not; leave --now out, or remove on a classic cluster. Nothing was removed"
        )
    if not args.allow_drop:
        refuse_too_many(lake, run_id, requests, _params(args)[Ingest].max_drop)
    lake.claim.take()  # before the request is written, which must be written once
    number = keep(lake, run_id, requests, args.reason, datetime.now(UTC))
    console.say(f"removal {number}: {len(requests)} name{'s' * (len(requests) > 1)}")
    results = _flows(args, lake, run_id, console)
    receipts.forget_checks(lake)
    rewrite_all(lake, every_table(), None if args.now else run_id, with_checkpoint=not args.now)
    wrong = forget_all(lake, every_table(), at_once=True) if args.now else []  # before what names its versions
    _, waits = release_whole(lake, run_id, FLOWS, f"removal {number}", results)
    settled = receipts.settle(lake, FLOWS)
    receipts.note_reports(lake, [{"removal_id": number}, *settled], renew(lake, _params(args), args.report))
    if args.now:
        wrong = _forgotten(lake, wrong)
    for why in (*waits, *wrong):
        console.warn(why)
    kept = {r["removal_id"] for r in settled} | {number}
    return [r for r in lake.small(receipts.RECEIPTS) if r["removal_id"] in kept]


def _forgotten(lake: Lake, wrong: list[str]) -> list[str]:
    """Beside old versions and logs storage forgets copies and what is set aside. Returns all that went wrong."""
    from jobs.runtime import receipts
    from jobs.runtime.copies import delete_copies

    if wrong := [*wrong, *lake.clear_staging()]:
        return wrong
    delete_copies(lake, receipts.stored(lake))
    receipts.note_purged(lake, receipts.stored(lake), datetime.now(UTC))
    return []


def _flows(args: argparse.Namespace, lake: Lake, run_id: str, console: Console) -> dict[str, StageResult]:
    """Both ingests less what was asked out, and every stage of each flow that was ever carried out."""
    from jobs.code.ingest import ingest_less_removed
    from jobs.commands.instruct_run import seeds_as_stored
    from jobs.commands.run import ask_workers
    from jobs.corpus.given import NAME, read_given
    from jobs.corpus.parameters import Instructions
    from jobs.flows import CODE, CORPUS, INSTRUCT, WEB
    from jobs.instruct.as_stored import as_stored
    from jobs.instruct.asked_for import stored_versions
    from jobs.instruct.parameters import synthesis
    from jobs.runtime import runner
    from jobs.runtime.accounting import finished_work
    from jobs.web.ingest import web_ingest_less_removed

    # Models are asked nothing: what was made of texts that stay is as it was.
    params = synthesis(WEB.pinned(lake, _params(args)), stored=stored_versions(lake))

    def first(flow: Flow, run: runner.Run) -> Callable[[], StageResult]:
        if flow is CORPUS:
            return partial(read_given, run, params[Instructions])
        if flow is INSTRUCT:
            return partial(seeds_as_stored, run)
        return partial(ingest_less_removed if flow is CODE else web_ingest_less_removed, run)

    done = finished_work(lake)
    for flow in (CODE, WEB, INSTRUCT, CORPUS):
        if not done.keys() & {flow.before[0], *(s.name for s in flow.stages)} - {NAME}:
            continue
        ask_workers(lake, flow, params)
        run = runner.Run(lake, run_id, flow.stages, params, progress=console, audit=args.audit)
        stages = as_stored(flow.stages, lambda: lake) if flow is INSTRUCT else flow.stages
        runner.run_stages(run, stages, before=((flow.before[0], first(flow, run)),))
        run.held.let_go()
    return finished_work(lake)


def _params(args: argparse.Namespace) -> dict[type, Any]:
    from jobs.flows import SECTIONS
    from schemas.params import load_params

    return load_params(SECTIONS, args.params, args.set)
