#!/usr/bin/env python3
"""A second reader of Strongroom vaults, written from SPEC.md alone: it goes through it from section 5 on.
strongroom_reader.py --check DIR [--at-least N]   opens or refuses every vector in DIR (SPEC.md, appendix A)
strongroom_reader.py VAULT --key-file FILE        prints records and values as JSON, with sorted keys"""
import argparse, base64, hmac, io, json, pathlib, re, sys, unicodedata
from hashlib import sha256
from operator import itemgetter as by
from types import SimpleNamespace
from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
class Refused(Exception): """An error of section 9.1: its kind and layer, and nothing from the file."""
def check(holds, kind="malformed", layer="structure"):
    if not holds: raise Refused(kind, layer)
# Section 5. `slot` has the fields of 4.1, and `public` for slot[kind..salt].
def hkdf(ikm, salt, label, *info, n=32):
    return HKDF(algorithm=SHA256(), length=n, salt=salt, info=b"".join((b"strongroom/v1 ", label, *info))).derive(ikm)
def pair(*inputs): return (both := hkdf(*inputs, n=64))[:32], both[32:]
def x25519(k, u=b"\x09" + bytes(31)):
    try: return X25519PrivateKey.from_private_bytes(k).exchange(X25519PublicKey.from_public_bytes(u))
    except ValueError: return bytes(32)  # `cryptography` refuses an all-zero result, which is for our caller to refuse
def d2(secret, slot):
    return hash_secret_raw(secret.s, slot.salt, slot.t, slot.m, 1, 32, Type.ID, 0x13) + secret.factor
def d3(s, slot, vault_id): return pair(s, slot.salt, b"slot", vault_id, slot.public)
def d5(data_key, slot): return hkdf(data_key, slot.salt, b"ephemeral", slot.slot_id)
def d8(kw, z, slot, epk, vault_id, key_id): return pair(kw + z, slot.salt, b"wrap", vault_id, slot.public, epk, key_id)
def encrypt(key, message): return AESGCM(key).encrypt(bytes(12), message, None)  # D9, D13
def decrypt(key, sealed, layer):
    try: return AESGCM(key).decrypt(bytes(12), sealed, None)
    except InvalidTag: raise Refused("tampered", layer) from None
def d10(data_key): return hkdf(data_key, b"", b"lineage")
def d11(lineage): return sha256(lineage).digest()[:16]
def d12(data_key, write_salt, header): return pair(data_key, write_salt, b"payload", sha256(header).digest())
def d14(random, previous, payload): return hkdf(random + previous, b"", b"data key", sha256(payload).digest())
def d15(data_key, random, revision, padded_sha256):
    key = hkdf(data_key, b"", b"write salt")
    return key, hmac.digest(key, random + revision.to_bytes(8, "little") + padded_sha256, "sha256")
# Section 6. A secret has `tried` for the row of 6.6 as (kind, key_file), what D1 or D2 needs, and maybe a binding.
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
def checked(text, label, n, kind):  # the bytes before an n-byte check; unused bits are checked too
    value = int(text.translate(str.maketrans(BASE32, "0123456789abcdefghijklmnopqrstuv")), 32)
    content = (value >> len(text) * 5 % 8).to_bytes(len(text) * 5 // 8, "big")
    right = content[-n:] == sha256(b"strongroom/v1 " + label + content[:-n]).digest()[:n]
    check(right and value % 2 ** (len(text) * 5 % 8) == 0, kind, "text")
    return content[:-n]
def line(text, prefix, length, label, kind):
    match = re.fullmatch(f"STRONGROOM-{prefix}-1-([{BASE32}]{{{length}}})(\r?\n)?", text)
    return checked(match[1] if match else "0", label, 8, kind)
def key_file(text): return line(text, "FACTOR", 64, b"key file", "bad-key-file")
def machine_key(text):
    key = line(text, "KEY", 116, b"machine key", "bad-machine-key")
    return SimpleNamespace(tried=(1, 0), s=key[:32], binding=(key[32:48], key[48:]) if any(key[32:]) else None)
def passphrase(given, from_file, factor, kind):  # and 6.4, if it has that form; it must have with the kind of 6.4
    try: text = unicodedata.normalize("NFC", (re.sub(rb"\r?\n\Z", b"", given) if from_file else given).decode())
    except UnicodeDecodeError: raise Refused(kind, "text") from None
    if re.fullmatch("[0-9A-TV-Za-tv-z]{40}", bare := re.sub("[- \t]", "", text)):
        s = checked(bare.upper().translate(str.maketrans("OIL", "011")), b"recovery code", 5, "mistyped-recovery-code")
        return SimpleNamespace(tried=(1, 0), s=s, binding=None)
    clean = re.fullmatch("[^\0-\x1f\x7f-\x9f\ufeff]+", text) and len(text.encode()) <= 1024
    check(clean and kind == "bad-passphrase", kind, "text")
    return SimpleNamespace(tried=(2, int(factor != b"")), s=text.encode(), factor=factor, binding=None)
def unarmour(text):
    check(len(text) <= 92_278_070, "too-large", "size")
    first, last = (b"-----%s STRONGROOM VAULT-----" % word for word in (b"BEGIN", b"END"))
    try: file = base64.b64decode(text.replace(first, b"").replace(last, b""))  # lenient, but compared below
    except ValueError: file = b""
    lines = [first, *re.findall(b".{1,64}", base64.b64encode(file)), last]
    check(file and text in [e.join(lines) + end for e in (b"\n", b"\r\n") for end in (e, b"")], "armor", "armor")
    return file
# Section 7. A type is a function that takes its bytes from the stream r, or raises ValueError.
def rule(value, holds):
    if not holds: raise ValueError
    return value
def take(r, n): return rule(taken := r.read(min(n, 1 << 26)), len(taken) == n)
def fixed(n): return lambda r: take(r, n)
def number(width, allowed=range(1 << 64), signed=False):
    return lambda r: rule(n := int.from_bytes(take(r, width), "little", signed=signed), signed or n in allowed)
U64, I64 = number(8), number(8, signed=True)
def data(r): return take(r, U64(r))
def text(least, most, pattern="[^\0-\x1f\x7f-\x9f]*"):  # the default is "clean"
    return lambda r: rule((raw := data(r)).decode(), least <= len(raw) <= most and re.fullmatch(pattern, raw.decode()))
def option(item): return lambda r: item(r) if number(1, (0, 1))(r) else None
def struct(**fields): return lambda r: {name: read(r) for name, read in fields.items()}
def ascending(found, key): return rule(found, not key or all(key(a) < key(b) for a, b in zip(found, found[1:])))
def items(item, key=None, most=(1 << 64) - 1):
    return lambda r: ascending([item(r) for _ in range(number(8, range(most + 1))(r))], key)
def tombstones(width): return items(struct(id=fixed(width), removed=I64), by("id"))
def variables(r):
    found = items(VARIABLE, by("field"), 64)(r)
    return rule(found, len({variable["name"] for variable in found}) == len(found))
def record_key(record):
    return re.sub("[A-Z]", lambda m: m[0].lower(), record["exchange"]), record["subaccount"], record["environment"]
NAME, EXACT, WORDS = text(1, 64, "[A-Za-z0-9_.-]*"), text(0, 65536, "[^\0]*"), items(text(1, 64), str)
VARIABLE = struct(field=NAME, name=(VALUE_NAME := text(1, 256, "[^\0-\x1f\x7f-\x9f=/]*")))
FIELDS, TIME, TEXT = items(struct(name=NAME, value=EXACT), by("name"), 64), option(I64), text(0, 128)
EXTENSIONS = items(struct(tag=number(2), data=data), by("tag"))
RECORD = struct(
    id=fixed(16), exchange=text(1, 64), subaccount=text(1, 128), environment=number(1, range(1, 4)),
    kind=number(1, range(1, 7)), fields=FIELDS, permissions=WORDS, ip_allowlist=WORDS, created=I64, rotated=TIME,
    expires=TIME, rotate_after_days=option(number(4)), verified=TIME, tags=WORDS, note=text(0, 4096, "[^\0]*"),
    previous=option(struct(replaced=I64, retire=TIME, fields=FIELDS, rotated=TIME, expires=TIME, verified=TIME,
                           kind=number(1, range(1, 7)), permissions=WORDS, ip_allowlist=WORDS)),
    variables=variables, extensions=EXTENSIONS)
VALUE = struct(name=VALUE_NAME, value=EXACT, created=I64, changed=TIME)
LOG = struct(at=I64, revision=U64, who=TEXT, what=text(1, 1024), action=number(1, range(1, 5)), fields=items(NAME, str))
ENTRY = struct(slot_id=fixed(8), label=TEXT, kw=fixed(32), pk=fixed(32), created=I64, proven=I64)
PAYLOAD = struct(
    schema=number(2), vault_name=TEXT, lineages=items(fixed(32), None, 4096), ancestors=items(fixed(32), None, 128),
    slots=items(ENTRY, by("slot_id")), slot_tombstones=tombstones(8), records=items(RECORD, record_key),
    values=items(VALUE, by("name")), tombstones=tombstones(16), log=items(LOG, None, 256), extensions=EXTENSIONS)
def decode(payload):
    check(len(payload) >= 2, "tampered", "payload")
    check(payload[:2] == b"\1\0", "newer-schema", "payload")
    try: p = PAYLOAD(r := io.BytesIO(payload))
    except ValueError: raise Refused("tampered", "payload") from None
    ids = [i["slot_id"] for i in p["slots"]] + [i["id"] for i in p["slot_tombstones"] + p["records"] + p["tombstones"]]
    unique = all(len(set(some)) == len(some) for some in (ids, p["lineages"], p["ancestors"]))
    check(not r.read() and unique, "tampered", "payload")
    return p
# Section 9. `seen` collects the intermediate values under their names in appendix A.
FORMS = [head + b"STRONGROOM" + tail for head in (b"\x89", b"\x09", b"\xc2\x89", b"\xef\xbf\xbd")  # 9.2
         for tail in (b"\r\n\x1a\n\0", b"\n\x1a\n\0", b"\r\n\x1a\r\n\0", b"\r\r\n\x1a\r\n\0")]
def note(prefix, **values): return {prefix + name.replace("_", "-"): value for name, value in values.items()}
def parse(file):  # stages 1 to 5
    check(len(file) <= 67_111_275, "too-large", "size")
    check(not file.startswith(tuple(FORMS[1:])), "line-endings", "signature")
    check(file.startswith(FORMS[0]), "not-a-vault", "signature")
    check(len(file) >= 49 and sha256(file[:-32]).digest() == file[-32:], "damaged", "checksum")
    check(file[16] == 1, "unsupported-version", "version")
    end, at, slots = len(file) - 32, 91, []
    check(end >= 91 and 1 <= file[17] <= 16 and any(file[34:42]) and file[90] <= 14)
    for _ in range(file[17]):
        check(file[at] in (1, 2), "unknown-slot-kind" if at < end else "malformed")
        n = 25 if file[at] == 1 else 31
        check(at + n + 112 <= end)
        raw, at = file[at:at + n + 112], at + n + 112
        s = SimpleNamespace(kind=raw[0], slot_id=raw[1:9], m=0, t=0, key_file=0, public=raw[:n], salt=raw[n - 16:n],
                            epk=raw[n:n + 32], commitment=raw[n + 32:n + 64], wrapped=raw[n + 64:])
        if s.kind == 2:
            s.m, s.t, s.key_file = int.from_bytes(raw[9:13], "little"), raw[13], raw[14]
            check(19_456 <= s.m <= 1_048_576 and 2 <= s.t <= 16 and s.m * s.t <= 4_194_304, "over-limit")
            check(s.key_file in (0, 1))
            check(sum(other.kind == 2 for other in slots) < 8, "over-limit")
        check(not slots or (slots[-1].m * slots[-1].t, slots[-1].slot_id) < (s.m * s.t, s.slot_id))
        slots.append(s)
        check(len({s.slot_id for s in slots}) == len(slots))
    check(at + 80 + (4096 << file[90]) == len(file))
    return SimpleNamespace(
        id=file[18:34], revision=int.from_bytes(file[34:42], "little"), write_salt=file[42:74], key_id=file[74:90],
        header=file[:at], slots=slots, commitment=file[at:at + 32], sealed=file[at + 32:-32], checksum=file[-32:])
def unlock(v, secret, named, memory, seen):  # stage 6
    check(not secret.binding or secret.binding[0] == v.id, "key-bound", "unlock")
    allowed = [s for s in v.slots if named in (None, s.slot_id.hex())]
    tried = [s for s in allowed if (s.kind, s.key_file) == secret.tried]
    factor = secret.tried == (2, 0) and any(s.key_file for s in allowed)
    check(tried, "key-file-needed" if factor else "no-such-way-in", "unlock")
    check(sum(s.m * s.t for s in tried) <= 16_777_216, "too-expensive", "unlock")
    failures = {("wrong-secret", "unlock")}
    for slot in tried:
        try: s = secret.s if slot.kind == 1 else d2(secret, slot) if slot.m <= memory else None
        except HashingError: s = None
        kw, seed = d3(s or b"", slot, v.id)
        z = x25519(seed, slot.epk)
        key, commitment = d8(kw, z, slot, slot.epk, v.id, v.key_id)
        if not s: failures.add(("not-enough-memory", "unlock"))
        elif not any(z): failures.add(("tampered", "shared-secret"))
        elif hmac.compare_digest(commitment, slot.commitment):
            seen |= note(f"slot {v.slots.index(slot)} ", secret=s, seed=seed, z=z)
            return decrypt(key, slot.wrapped, "wrapped-key"), (slot.slot_id, kw, x25519(seed))
    raise Refused(*max(failures, key=lambda f: ("wrong-secret", "not-enough-memory", "tampered").index(f[0])))
def unseal(v, data_key, opened, seen):  # stages 7 to 10
    check(d11(lineage := d10(data_key)) == v.key_id, "tampered", "data-key-id")
    payload_key, commitment = d12(data_key, v.write_salt, v.header)
    check(hmac.compare_digest(commitment, v.commitment), "tampered", "payload-commitment")
    padded = decrypt(payload_key, v.sealed, "payload-tag")
    size, length = len(padded), 4 + int.from_bytes(padded[:4], "little")
    check(length <= size and (size == 4096 or length > size // 2) and not any(padded[length:]), "tampered", "padding")
    p = decode(padded[4:length])
    entries = {e["slot_id"]: (e["kw"], e["pk"]) for e in p["slots"]}
    check(entries.keys() == {s.slot_id for s in v.slots}, "tampered", "slot-recomputation")
    for i, s in enumerate(v.slots):
        (kw, pk), esk = entries[s.slot_id], d5(data_key, s)
        epk, z = x25519(esk), x25519(esk, pk)
        key, mac = d8(kw, z, s, epk, v.id, v.key_id)
        same = (epk, mac, encrypt(key, data_key)) == (s.epk, s.commitment, s.wrapped) and any(z)
        check(same and (s.slot_id != opened[0] or opened[1:] == (kw, pk)), "tampered", "slot-recomputation")
        seen |= note(f"slot {i} ", kw=kw, pk=pk, esk=esk, epk=epk, z=z, wrap_key=key, commitment=mac, wrapped=s.wrapped)
    seen |= note("", data_key=data_key, lineage=lineage, data_key_id=v.key_id, header_sha256=sha256(v.header).digest(),
                 payload_key=payload_key, payload_commitment=v.commitment, payload=padded[4:length],
                 padded_sha256=sha256(padded).digest(), write_salt=v.write_salt, checksum=v.checksum)
    return p
# Section 10. An expectation is [vault id, revision, data key id] as text; a pin has the checksum besides.
def accept(v, p, binding, want, pin):  # stage 11; true if with the warning of 10.2
    known = {key_id.hex() for key_id in (v.key_id, *map(d11, p["lineages"]))}
    check(not binding or binding[1].hex() in known, "key-bound", "pins")
    check(not want or want[0] == v.id.hex() and v.revision >= int(want[1]) and want[2] in known, "unexpected", "pins")
    if not pin or (pin[0], pin[3]) == (v.id.hex(), v.checksum.hex()): return False
    check(pin[0] == v.id.hex() and pin[2] in known, "substituted", "pins")
    if bytes.fromhex(pin[3]) in p["ancestors"]: return False
    check(v.revision >= int(pin[1]), "rolled-back", "pins")
    check(v.revision > int(pin[1]) + 128 and len(p["ancestors"]) == 128, "forked", "pins")
    return True
# Appendix A. A vault on the command line is opened like a vector's.
KEYS = ("expect layer warning machine-key key-file passphrase passphrase-hex recovery-code slot available-memory pin"
        " require data-key-random previous-data-key write-salt-random").split()
def open_vault(file, given, seen):  # the payload, or None without a secret; and whether there is a warning
    factor = key_file(given["key-file"]) if "key-file" in given else b""
    secret = machine_key(given["machine-key"]) if "machine-key" in given else None
    for name in {*KEYS[5:8]} & given.keys():
        raw = bytes.fromhex(given[name]) if name == "passphrase-hex" else given[name].encode()
        kind = "mistyped-recovery-code" if name == "recovery-code" else "bad-passphrase"
        secret = passphrase(raw, name == "passphrase-hex", factor, kind)
    v = parse(file)
    if not secret: return None, False
    data_key, opened = unlock(v, secret, given.get("slot"), int(given.get("available-memory", 1 << 32)), seen)
    p = unseal(v, data_key, opened, seen)
    for name in (name for name in given if re.fullmatch("slot [0-9]+ secret", name)):  # D3 and D4 of the other slots
        kw, seed = d3(s := bytes.fromhex(given[name]), v.slots[int(name.split()[1])], v.id)
        seen |= {name: seen.get(name, s)} | note(name[:-6], kw=kw, seed=seed, pk=x25519(seed))
    random, previous, salt = (bytes.fromhex(given.get(name, "")) for name in KEYS[-3:])
    if random: seen["data-key"] = d14(random, previous, seen["payload"])
    if salt: seen["write-salt-key"], seen["write-salt"] = d15(data_key, salt, v.revision, seen["padded-sha256"])
    marks = [re.split("[@: ]", given[name]) if name in given else None for name in ("require", "pin")]
    return p, accept(v, p, secret.binding, *marks)
def failure(path):
    head, _, body = path.read_bytes().partition(b"\n\n")
    rows = [row.split(": ", 1) for row in head.decode().split("\n") if not row.startswith("comment: ")]
    given, seen = dict(rows), {}
    try:
        file = bytes.fromhex(body[5:].decode()) if body.startswith(b"hex:\n") else unarmour(body)
        outcome = ("ok", None, "far-behind" if open_vault(file, given, seen)[1] else None)
    except Refused as refused: outcome = (*refused.args, None)
    if outcome != (wanted := tuple(map(given.get, KEYS[:3]))) or len(given) < len(rows):
        return f"expected {wanted}, got {outcome}, with {len(rows) - len(given)} keys repeated"
    return ", ".join(key for key in given if key not in KEYS and seen.get(key, b"?").hex() != given[key])
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options = ["--check", "--at-least", "--key-file", "--passphrase-file", "--recovery-code-file", "--factor-file"]
    for name in ("vault", *options): parser.add_argument(name, **{} if name in options else {"nargs": "?"})
    options = parser.parse_args()
    if options.check:
        paths = sorted(pathlib.Path(options.check).glob("*.txt"))
        failures = [f"{path.name}: {why}" for path in paths if (why := failure(path))]
        print(*failures, f"{len(paths) - len(failures)} passed, {len(failures)} failed", sep="\n")
        sys.exit(bool(failures) or len(paths) < int(options.at_least or 1))
    read = lambda path: pathlib.Path(path).read_bytes() if path else b""
    texts = {"machine-key": read(options.key_file).decode(), "key-file": read(options.factor_file).decode(),
             "passphrase-hex": read(options.passphrase_file or options.recovery_code_file).hex()}
    try: p, _ = open_vault(read(options.vault), {name: text for name, text in texts.items() if text}, {})
    except Refused as refused: sys.exit("error: {} ({})".format(*refused.args))
    print(json.dumps({name: p[name] for name in ("records", "values")}, default=bytes.hex, indent=1, sort_keys=True))
if __name__ == "__main__": main()
