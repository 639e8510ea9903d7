#!/usr/bin/env python3
"""Makes the corpora small enough to commit: `fuzz/minimize.py [--from DIR] [--binaries DIR] [TARGET...]`.

DIR has one folder for each target, as cargo-fuzz leaves them (fuzz/corpus when not said). Of each, libFuzzer keeps the
files that together reach everything the folder reaches; of these the smallest stay, as many as fit. They are named by their
hash and replace fuzz/corpus/TARGET. What names a place of the machine it was found on is left out.

The targets are built first: `cargo +nightly fuzz build`. `--binaries` names where they are.
"""

import argparse
import hashlib
import pathlib
import subprocess
import sys
import tempfile

FUZZ = pathlib.Path(__file__).resolve().parent
CORPUS = FUZZ / "corpus"
BUILT = FUZZ / "target" / "x86_64-unknown-linux-gnu" / "release"

MOST_BYTES = 200 * 1024
MOST_FILES = 400
MOST_BYTES_TOGETHER = 1536 * 1024
MACHINE = (b"/home/", b"/root/", b"/tmp/", b"/Users/", b"/var/")


def targets() -> list[str]:
    return sorted(path.stem for path in (FUZZ / "fuzz_targets").glob("*.rs"))


def merged(binary: pathlib.Path, source: pathlib.Path, into: pathlib.Path) -> None:
    """Leaves in `into` what is needed to reach all that `source` reaches."""
    command = [binary, "-set_cover_merge=1", into, source]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit(done.stdout.decode(errors="replace")[-2000:] + f"\n{binary.name}: merging failed")


def smallest(folder: pathlib.Path) -> list[bytes]:
    """The smallest files, as many as fit, each once."""
    contents = {path.read_bytes() for path in folder.iterdir()}
    contents = sorted((content for content in contents if not any(place in content for place in MACHINE)), key=lambda c: (len(c), c))
    kept, size = [], 0
    for content in contents[:MOST_FILES]:
        size += len(content)
        if size > MOST_BYTES:
            break
        kept.append(content)
    return kept


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--from", dest="source", type=pathlib.Path, default=CORPUS)
    arguments.add_argument("--binaries", type=pathlib.Path, default=BUILT)
    arguments.add_argument("target", nargs="*")
    options = arguments.parse_args()
    for target in options.target or targets():
        source = options.source / target
        if not source.is_dir():
            print(f"{target}: no folder {source}")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            into = pathlib.Path(scratch)
            merged(options.binaries / target, source, into)
            needed, kept = len(list(into.iterdir())), smallest(into)
        before = len(list(source.iterdir()))
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for content in kept:
            (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)
        print(f"{target}: {before} files, {needed} needed, {len(kept)} kept, {sum(map(len, kept))} bytes")
    total = sum(path.stat().st_size for path in CORPUS.glob("*/*"))
    print(f"together {total} bytes")
    if total > MOST_BYTES_TOGETHER:
        sys.exit(f"more than {MOST_BYTES_TOGETHER}: too much to commit")


if __name__ == "__main__":
    main()
