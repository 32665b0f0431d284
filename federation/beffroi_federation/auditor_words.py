# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `beffroi-verify` says to a person: what it checked, what it found, and what to do."""

from collections.abc import Mapping

from beffroi_federation.auditing import Report, as_json
from beffroi_federation.receipts import CheckedReceipt

MOST_REMARKS = 10


def sentences(report: Report, key: str) -> list[str]:
    """Return a report in plain words: the verdict, what it rests on, and every fault."""
    state = "is sound" if report.sound else "IS NOT SOUND"
    whose = " (the nation's own log of checkpoints)" if report.nation else ""
    lines = [f"The log {report.origin or '(unknown)'}{whose} {state}.", _checked(report)]
    if report.continues:
        lines.append(f"It is a new epoch: it continues the log {report.continues}.")
    lines += [
        f"Entries: {_counts(report.entries)}",
        f"Contents: {_counts(report.contents)}",
        f"Root: {as_json(report, key)['root']}.",
        key_sentence(key, report.signed),
    ]
    lines.extend(f"FAULT: {fault}" for fault in report.faults)
    if report.faults_beyond:
        lines.append(f"… and {report.faults_beyond} more faults.")
    if report.faults:
        lines.append(
            "Keep what was served (the address, the checkpoint, this report): it is evidence. A "
            "fault in one content is for the town to explain; a root or a tile that does not fit "
            "means that the town, or whoever answers in its name, shows another history."
        )
    if report.remarks:
        number = len(report.remarks) + report.remarks_beyond
        lines.append(f"{number} open contents are no records of version 1:")
        lines.extend(f"remark: {remark}" for remark in report.remarks[:MOST_REMARKS])
    return lines


def _checked(report: Report) -> str:
    """Return in one sentence what was checked and what came of it."""
    read = sum(report.entries.values())
    signature = "the signature of its checkpoint, " if report.signed else ""
    served = sum(report.contents[state] for state in ("open", "mismatch"))
    found = (
        "nothing speaks against it"
        if report.sound
        else f"{len(report.faults) + report.faults_beyond} faults were found"
    )
    return (
        f"Checked: {signature}each of {read:,} entries of {report.size:,} (its hash, its form and "
        f"what it points to), {report.tiles:,} hash tiles, the root over all of it, and each of "
        f"{served:,} contents against the commitment in its entry: {found}."
    )


def key_sentence(key: str, signed: bool) -> str:
    """Return what is known of the key."""
    if key == "pinned":
        return "Key pinned: the signature is by a key of the key file."
    if signed:
        return (
            "Key not pinned: the signature is by the key that the source itself names. Give "
            "--vkey-file to know whose log this is."
        )
    return (
        "Key not pinned: no key is known, so the signature was NOT checked. Give --vkey-file to "
        "know whose log this is."
    )


def kept_sentence(checked: CheckedReceipt) -> str:
    """Return in plain words what a file that somebody kept shows."""
    place = (
        f"entry {checked.index} of the log {checked.checkpoint.origin} "
        f"(signed at {checked.checkpoint.size} entries)."
    )
    if checked.kind == "rcv":
        return f"The receipt holds: what it contains was received as {place}"
    if checked.content is not None:
        return f"The proof holds: the text in this file was published, unchanged, as {place}"
    return (
        f"The proof holds: what it names ({checked.kind}) is {place} The text itself is not in "
        "this file: it was withdrawn before the file was made, or the entry has none."
    )


def _counts(counts: Mapping[str, int]) -> str:
    """Return counts in words, such as `3 open, 1 withdrawn`."""
    words = [f"{number} {name}" for name, number in sorted(counts.items()) if number]
    return (", ".join(words) or "none") + "."
