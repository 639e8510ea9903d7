#!/usr/bin/env python3
"""Makes tests/vectors/*.txt, the vectors of SPEC.md, appendix A. Every run gives the same bytes.

    make_vectors.py [DIR]        writes the vectors (to ../vectors) and removes others named *.txt there
    make_vectors.py --annotate   prints appendix B of SPEC.md

Derivations come from strongroom_reader.py. The writer here is its own: it encodes whatever it is told to, right or
wrong, and nothing it writes was checked by the reader. All secrets are made up and protect nothing. There is no
randomness: what a writer would draw is the hash of a name, see draw().
"""
import base64, copy, pathlib, sys
from hashlib import sha256
from types import SimpleNamespace

import strongroom_reader as spec

OUT = pathlib.Path(__file__).resolve().parent.parent / "vectors"


def draw(name, n=32):
    """Stands for n random bytes."""
    return sha256(b"strongroom vectors: " + name.encode()).digest()[:n]


VAULT_ID = draw("vault id", 16)
OTHER_VAULT_ID = draw("other vault id", 16)
TIME = 1_700_000_000  # 2023-11-14T22:13:20Z
SIGNATURE = bytes.fromhex("89 5354524F4E47524F4F4D 0D0A1A0A00")


# Texts of secrets (section 6).

def base32(data):
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return "".join(spec.BASE32[int(bits[i:i + 5], 2)] for i in range(0, len(bits), 5))


def machine_text(key, vault_id=bytes(16), key_id=bytes(16)):
    body = key + vault_id + key_id
    return "STRONGROOM-KEY-1-" + base32(body + sha256(b"strongroom/v1 machine key" + body).digest()[:8])


def factor_text(key):
    return "STRONGROOM-FACTOR-1-" + base32(key + sha256(b"strongroom/v1 key file" + key).digest()[:8])


def recovery_text(code):
    text = base32(code + sha256(b"strongroom/v1 recovery code" + code).digest()[:5])
    return "-".join(text[i:i + 5] for i in range(0, 40, 5))


def armour(file, end="\n"):
    text = base64.b64encode(file).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "".join(
        line + end for line in ("-----BEGIN STRONGROOM VAULT-----", *lines, "-----END STRONGROOM VAULT-----")).encode()


# Slots.

class Slot:
    """One secret and its public bytes. `typed` is the vector line that presents the secret."""

    def __init__(self, name, kind, secret, m=0, t=0, factor=b"", slot_id=None, salt=None, label=None):
        self.kind, self.s, self.m, self.t, self.factor = kind, secret, m, t, factor
        self.key_file = 1 if factor else 0
        self.slot_id = slot_id or draw(f"slot id of {name}", 8)
        self.salt = salt or draw(f"salt of {name}", 16)
        self.label = name if label is None else label
        self._secret = None

    @property
    def public(self):
        cost = self.m.to_bytes(4, "little") + bytes((self.t, self.key_file)) if self.kind == 2 else b""
        return bytes((self.kind,)) + self.slot_id + cost + self.salt

    @property
    def secret(self):
        if self._secret is None:
            self._secret = self.s if self.kind == 1 else spec.d2(self, self)
        return self._secret

    @property
    def order(self):
        return self.m * self.t, self.slot_id

    def keys(self, vault_id):
        """kw, seed, pk: D3 and D4."""
        kw, seed = spec.d3(self.secret, self, vault_id)
        return kw, seed, spec.x25519(seed)

    def given(self):
        if self.kind == 1:
            machine = len(self.s) == 32
            return {"machine-key": machine_text(self.s)} if machine else {"recovery-code": recovery_text(self.s)}
        given = {"passphrase": self.s.decode()}
        return given | {"key-file": factor_text(self.factor)} if self.factor else given

    def wrap(self, data_key, key_id, vault_id, edit):
        """The slot's bytes (D5 to D9) and the values on the way. `edit` replaces any of them."""
        v = dict(zip(("kw", "seed", "pk"), self.keys(vault_id))) | {"wrapped_key": data_key} | edit
        v["esk"] = spec.d5(data_key, self)
        v["epk"] = edit.get("epk") or spec.x25519(v["esk"])
        v["z"] = edit.get("z") or spec.x25519(v["esk"], v["pk"])
        v["wrap-key"], v["commitment"] = spec.d8(v["kw"], v["z"], self, v["epk"], vault_id, key_id)
        v["wrapped"] = spec.encrypt(v["wrap-key"], v["wrapped_key"])
        return self.public + v["epk"] + v["commitment"] + v["wrapped"], v


MACHINE = Slot("bot", 1, b"EXAMPLE machine key number 00001")
MACHINE_2 = Slot("second bot", 1, b"EXAMPLE machine key number 00002")
STRANGER = Slot("stranger", 1, b"EXAMPLE machine key of a nobody!")
RECOVERY = Slot("drawer", 1, b"EXAMPLE recovery 001")
PASS = Slot("alice", 2, b"EXAMPLE passphrase", 19456, 2)
FACTOR = Slot("bob", 2, b"EXAMPLE passphrase and file", 19456, 2, b"EXAMPLE key file number 00000001")


def many(count):
    return [Slot(f"bot {i}", 1, b"EXAMPLE machine key number 1%04d" % i) for i in range(count)]


def costly(name, m, t, **more):
    """A passphrase slot nobody derives: its keys are made up."""
    slot = Slot(name, 2, b"EXAMPLE passphrase", m, t, **more)
    slot._secret = draw(f"no Argon2 for {name}")
    return slot


# The payload's encoding (section 7). Each type gives a list of (name, bytes). Raw bytes go in as they stand.

class Raw(bytes):
    pass


def typed(encode):
    return lambda name, x: [(name, bytes(x))] if isinstance(x, Raw) else encode(name, x)


def number(width, signed=False):
    return typed(lambda name, x: [(name, x.to_bytes(width, "little", signed=signed))])


def text(name, x):
    raw = x.encode() if isinstance(x, str) else x
    return [(name, Raw(raw))] if isinstance(x, Raw) else [(name, len(raw).to_bytes(8, "little") + raw)]


def listing(item):
    return typed(lambda name, xs: [(f"{name}, count", len(xs).to_bytes(8, "little"))]
                 + [part for i, x in enumerate(xs) for part in item(f"{name}[{i}]", x)])


def option(item):
    some = lambda name, x: [(f"{name}: some", b"\1")] + item(name, x)
    return typed(lambda name, x: [(f"{name}: none", b"\0")] if x is None else some(name, x))


def struct(**fields):
    def encode(name, x):
        assert isinstance(x, Raw) or x.keys() == fields.keys(), x.keys() ^ fields.keys()
        return [part for field, item in fields.items() for part in item(f"{name}.{field}" if name else field, x[field])]
    return typed(encode)


fixed = typed(lambda name, x: [(name, x)])
u8, u16, u32, u64, i64 = number(1), number(2), number(4), number(8), number(8, True)
FIELDS = listing(struct(name=text, value=text))
EXTENSIONS = listing(struct(tag=u16, data=text))
PAYLOAD = struct(
    schema=u16,
    vault_name=text,
    lineages=listing(fixed),
    ancestors=listing(fixed),
    slots=listing(struct(slot_id=fixed, label=text, kw=fixed, pk=fixed, created=i64, proven=i64)),
    slot_tombstones=listing(struct(slot_id=fixed, removed=i64)),
    records=listing(struct(
        id=fixed, exchange=text, subaccount=text, environment=u8, kind=u8, fields=FIELDS, permissions=listing(text),
        ip_allowlist=listing(text), created=i64, rotated=option(i64), expires=option(i64),
        rotate_after_days=option(u32), verified=option(i64), tags=listing(text), note=text,
        previous=option(struct(replaced=i64, retire=option(i64), fields=FIELDS, rotated=option(i64),
                               expires=option(i64), verified=option(i64), kind=u8, permissions=listing(text),
                               ip_allowlist=listing(text))),
        variables=listing(struct(field=text, name=text)), extensions=EXTENSIONS)),
    values=listing(struct(name=text, value=text, created=i64, changed=option(i64))),
    tombstones=listing(struct(id=fixed, removed=i64)),
    log=listing(struct(at=i64, revision=u64, who=text, what=text, action=u8, fields=listing(text))),
    extensions=EXTENSIONS,
)


def fields(**values):
    return [{"name": name, "value": value} for name, value in values.items()]


def record(exchange="binance", subaccount="main", environment=1, **changes):
    return {
        "id": draw(f"record {exchange} {subaccount} {environment}", 16), "exchange": exchange,
        "subaccount": subaccount, "environment": environment, "kind": 1,
        "fields": fields(api_key="EXAMPLE-KEY", api_secret="EXAMPLE-SECRET"), "permissions": [], "ip_allowlist": [],
        "created": TIME, "rotated": None, "expires": None, "rotate_after_days": None, "verified": None, "tags": [],
        "note": "", "previous": None, "variables": [], "extensions": []} | changes


def previous(values, replaced=TIME, **changes):
    return {"replaced": replaced, "retire": None, "fields": values, "rotated": None, "expires": None,
            "verified": None, "kind": 1, "permissions": [], "ip_allowlist": []} | changes


def variables(**names):
    return [{"field": field, "name": name} for field, name in names.items()]


def value(name="EXAMPLE_TOKEN", content="EXAMPLE", **changes):
    return {"name": name, "value": content, "created": TIME, "changed": None} | changes


def entry_log(what="binance/main", action=1, names=("api_key", "api_secret"), **changes):
    return {"at": TIME, "revision": 1, "who": "alice", "what": what, "action": action, "fields": list(names)} | changes


def contents(**changes):
    return {
        "schema": 1, "vault_name": "EXAMPLE", "lineages": [], "ancestors": [], "slot_tombstones": [],
        "records": [record()], "values": [], "tombstones": [], "log": [], "extensions": []} | changes


# The file.

def reseal(body):
    """D16 behind a file without its checksum."""
    return bytes(body) + sha256(body).digest()


def build(name, slots=(MACHINE,), inside=None, *, vault_id=VAULT_ID, revision=1, previous=b"", data_key=None,
          key_id=None, wraps={}, entries={}, entry_list=None, payload=None, padded=None, k=None, header=None,
          slot_bytes=None):
    """One version of a vault. The parameters after `previous` make a holder's forgery: whatever comes later in the
    order of section 5 is computed over what they changed.

    wraps       {slot: {name: value}} replaced while the header's slot is made
    entries     {slot: {field: value}} replaced in the payload's entry
    entry_list  takes and gives the list of entries
    payload, padded, header, slot_bytes   take and give these bytes
    """
    slots = sorted(slots, key=lambda slot: slot.order)
    inside = copy.deepcopy(inside or contents())
    listed = []
    for slot in sorted(slots, key=lambda slot: slot.slot_id):
        kw, _, pk = slot.keys(vault_id)
        listed.append({"slot_id": slot.slot_id, "label": slot.label, "kw": kw, "pk": pk, "created": TIME,
                       "proven": TIME} | entries.get(slot, {}))
    inside["slots"] = entry_list(listed) if entry_list else listed
    parts = PAYLOAD("", inside)
    plain = b"".join(part for _, part in parts)
    plain = payload(plain) if payload else plain

    values = {}
    if data_key is None:
        values["data-key-random"] = draw(f"data key of {name}")
        if previous:
            values["previous-data-key"] = previous
        data_key = spec.d14(values["data-key-random"], previous, plain)
    lineage = spec.d10(data_key)
    key_id = key_id or spec.d11(lineage)
    made = [slot.wrap(data_key, key_id, vault_id, wraps.get(slot, {})) for slot in slots]

    if k is None:
        k = next(k for k in range(15) if 4 + len(plain) <= 4096 << k)
    filled = (len(plain).to_bytes(4, "little") + plain).ljust(4096 << k, b"\0")
    filled = padded(filled) if padded else filled
    values["write-salt-random"] = draw(f"write salt of {name}")
    values["write-salt-key"], write_salt = spec.d15(
        data_key, values["write-salt-random"], revision, sha256(filled).digest())
    slot_part = b"".join(raw for raw, _ in made)
    slot_part = slot_bytes(slot_part) if slot_bytes else slot_part
    head = (SIGNATURE + bytes((1, len(slots))) + vault_id + revision.to_bytes(8, "little") + write_salt + key_id
            + bytes((k,)) + slot_part)
    head = header(head) if header else head
    payload_key, commitment = spec.d12(data_key, write_salt, head)
    file = reseal(head + commitment + spec.encrypt(payload_key, filled))

    for i, (slot, (_, v)) in enumerate(zip(slots, made)):
        values |= {f"slot {i} secret": slot.secret}
        values |= {f"slot {i} {name}": v[name] for name in
                   ("kw", "seed", "pk", "esk", "epk", "z", "wrap-key", "commitment", "wrapped")}
    values |= {
        "data-key": data_key, "lineage": lineage, "data-key-id": key_id, "header-sha256": sha256(head).digest(),
        "payload-key": payload_key, "payload-commitment": commitment, "payload": plain,
        "padded-sha256": sha256(filled).digest(), "write-salt": write_salt, "checksum": file[-32:]}
    return SimpleNamespace(file=file, values=values, data_key=data_key, lineage=lineage, key_id=key_id, slots=slots,
                           vault_id=vault_id, revision=revision, checksum=file[-32:], header=len(head), parts=parts)


def patch(file, at, new, seal=True):
    """The file with bytes replaced at an offset, counted from the end if negative; with a new checksum if `seal`."""
    at = at if at >= 0 else len(file) + at
    changed = file[:at] + new + file[at + len(new):]
    return reseal(changed[:-32]) if seal else changed


def flip(file, at, seal=True):
    return patch(file, at, bytes((file[at] ^ 1,)), seal)


# Vectors.

VECTORS = {}
ORDER = """data-key-random previous-data-key data-key lineage data-key-id write-salt-random write-salt-key write-salt
header-sha256 payload-key payload-commitment payload padded-sha256 checksum""".split()


def vector(name, comment, vault, given=None, expect="ok", more=None, values=False, body=None, hexadecimal=False):
    """`vault` is what build() gave, or the bytes of a file; `expect` is ok or (kind, layer). With `values`, all
    intermediate values are given."""
    assert name not in VECTORS, name
    file = vault if isinstance(vault, bytes) else vault.file
    rows = [("comment", line) for line in comment.split("\n")]
    rows += [("expect", "ok")] if expect == "ok" else [("expect", expect[0]), ("layer", expect[1])]
    rows += ({} if given is None else given).items()
    rows += (more or {}).items()
    if values:
        shown = {key: x for key, x in vault.values.items() if key.startswith("slot ")}
        shown |= {key: vault.values[key] for key in ORDER if key in vault.values}
        rows += [(key, x.hex()) for key, x in shown.items()]
    if body is None:
        lines = [file[i:i + 32].hex() for i in range(0, len(file), 32)]
        body = "\n".join(["hex:", *lines, ""]).encode() if hexadecimal else armour(file)
    VECTORS[name] = "".join(f"{key}: {x}\n" for key, x in rows).encode() + b"\n" + body


def tampered(layer):
    return "tampered", layer


BASE = build("base")
BOT = MACHINE.given()


def valid():
    """Files that open, with every intermediate value."""
    def opens(name, comment, vault, given, more=None, values=True):
        vector(name, comment, vault, given, more=more, values=values)

    opens("slot-machine-key", "G12: one machine key opens the vault.", BASE, BOT)
    opens("slot-recovery-code", "G12: one recovery code opens the vault.", build("recovery", [RECOVERY]),
           RECOVERY.given())
    opens("slot-passphrase", "G12: one passphrase opens the vault.", build("passphrase", [PASS]), PASS.given())
    opens("slot-passphrase-and-key-file", "D2: s is Argon2id's output and then the key file.",
           build("factor", [FACTOR]), FACTOR.given())
    every = build("all kinds", [MACHINE, RECOVERY, PASS, FACTOR])
    for slot, name in ((PASS, "passphrase"), (FACTOR, "passphrase-and-key-file")):
        opens(f"slots-of-all-kinds-by-{name}", "R9: each secret finds its own slot among four.", every, slot.given(),
              values=slot is FACTOR)
    sixteen = build("sixteen", many(16))
    opens("slots-16", "9.3: sixteen slots are allowed; this is the last of them.",
          sixteen, sixteen.slots[15].given(), values=False)
    opens("slot-named", "6.6: the caller names the slot.",
          every, PASS.given(), more={"slot": PASS.slot_id.hex()}, values=False)
    cheap = [costly(f"cost {m} {t}", m, t) for m, t in ((19456, 3), (20000, 2), (1048576, 4))]
    opens("slots-in-order-of-cost", "4.1: slots ascend by m times t before slot_id.", build(
        "by cost", [MACHINE, *cheap]), BOT, values=False)

    opens("payload-without-records", "7.1: every list may be empty, and so may the name.",
           build("no records", inside=contents(vault_name="", records=[])), BOT)
    opens("payload-at-upper-bounds",
          "7: names, words, a record's fields and variables, and the log are as long as they may be.",
          build("bounds", [Slot("bounds", 1, MACHINE.s, label="x" * 128)], upper_bounds()), BOT, values=False)
    opens("payload-rich", "7: every field of every structure, each kind and environment, exact values.",
           build("rich", [MACHINE, PASS], rich()), BOT)
    size = len(BASE.values["payload"])
    for total, k in ((4092, 0), (4093, 1)):
        note = build(f"size {total}", inside=contents(records=[record(note="x" * (total - size))]))
        assert len(note.values["payload"]) == total and note.file[90] == k
        opens(f"payload-of-{total}-bytes", f"W2: with its length, {total} bytes need k = {k}.", note, BOT, values=False)
    opens("revision-above-signed", "3: readers refuse revision 0 only.",
          build("last", revision=2**64 - 1), BOT, values=False)
    opens("data-key-not-by-d14", "5: a reader cannot tell how the data key was made.",
           build("odd", data_key=draw("odd data key")), BOT, values=False)

    old = build("before", [MACHINE, PASS, RECOVERY])
    inside = contents(lineages=[old.lineage], ancestors=[old.checksum],
                      slot_tombstones=[{"slot_id": PASS.slot_id, "removed": TIME}])
    new = build("after", [MACHINE, RECOVERY], inside, revision=2, previous=old.data_key)
    opens("rekey-before", "W15: a vault before a slot is removed.", old, BOT, values=False)
    opens("rekey-after", "W15: the same vault with a new data key; the other slots are made anew.", new, BOT)
    opens("rekey-after-by-recovery-code", "G7: the slot whose secret was not at hand works as well.", new,
           RECOVERY.given(), values=False)
    vector("rekey-removed-passphrase", "G8: the removed passphrase opens nothing.", new, PASS.given(),
           ("no-such-way-in", "unlock"))
    inside = contents(lineages=[old.lineage, new.lineage], ancestors=[new.checksum, old.checksum],
                      slot_tombstones=inside["slot_tombstones"])
    opens("rekey-twice", "7.1: lineages are oldest first, ancestors newest first.",
           build("again", [MACHINE, RECOVERY], inside, revision=3, previous=new.data_key), BOT, values=False)
    opens("entry-pk-with-top-bit", "13.5: another form of pk in an entry that was not opened is without effect.",
           build("top bit", [MACHINE, RECOVERY], wraps={RECOVERY: {"pk": top_bit(RECOVERY)}},
                 entries={RECOVERY: {"pk": top_bit(RECOVERY)}}), BOT,
           values=False)


def top_bit(slot):
    pk = slot.keys(VAULT_ID)[2]
    return pk[:31] + bytes((pk[31] | 0x80,))


def upper_bounds():
    names = [{"name": f"f{i:02}", "value": ""} for i in range(63)] + [{"name": "x" * 64, "value": ""}]
    words = ["x" * 64, "y" * 64]
    return contents(
        vault_name="x" * 128,
        records=[record("x" * 64, "x" * 128, fields=names, permissions=words, ip_allowlist=words, tags=words,
                        variables=variables(**{f"f{i:02}": f"{i:02}" for i in range(63)}, **{"x" * 64: "x" * 256}))],
        values=[value("x" * 256)],
        log=[entry_log("x" * 1024, who="x" * 128, names=["x" * 64])] + [entry_log("x", names=[], who="")] * 255)


def rich():
    pem = "-----BEGIN EXAMPLE KEY-----\nRVhBTVBMRQ==\n-----END EXAMPLE KEY-----\n"
    records = [
        record("Binance", "main", 1, kind=1, permissions=["read", "trade"], ip_allowlist=["192.0.2.1", "2001:db8::/32"],
               rotated=TIME, expires=TIME + 1, rotate_after_days=90, verified=-1, tags=["a", "a b", "b"],
               note="lines\n\ttabs \x1b[31m and \u202e are kept",
               fields=fields(**{"A-b.c_9": "", "api_key": "EXAMPLE", "uid": "0"}),
               previous=previous(fields(api_key="EXAMPLE-OLD"), retire=TIME + 2, rotated=TIME - 1, expires=TIME + 3,
                                 verified=2**63 - 1, kind=3, permissions=["read", "withdraw"],
                                 ip_allowlist=["192.0.2.7"]),
               variables=variables(api_key="BINANCE", api_secret="not there \u00fc"),
               extensions=[{"tag": 0, "data": b""}, {"tag": 65535, "data": b"\0\xff"}]),
        record("binance", "main", 2, kind=2, fields=fields(private_key=pem)),
        record("binance", "main", 3, kind=3, fields=fields(private_key=pem.replace("\n", "\r\n")),
               previous=previous([], -2**63)),
        record("binance", "main2", 1, kind=4, fields=[], created=2**63 - 1),
        record("BYBIT", "Ünïcode 東京", 1, kind=5, fields=fields(wallet_address="0xEXAMPLE")),
        record("kraken", "b", 1, kind=6, fields=fields(token="e\u0301 is not \u00e9"), rotate_after_days=2**32 - 1),
        record("\u00c9", "main", 1), record("\u00e9", "main", 1)]
    values = [value("A", ""), value("B c", "line\nline\r\n", changed=TIME), value("\u00fc", "\U0001f511")]
    return contents(
        vault_name="EXAMPLE \U0001f512", records=records, values=values,
        slot_tombstones=[{"slot_id": bytes(8), "removed": TIME}, {"slot_id": b"\xff" * 8, "removed": TIME}],
        tombstones=[{"id": bytes(16), "removed": TIME}, {"id": bytes(15) + b"\1", "removed": 0}],
        log=[entry_log(), entry_log(action=2, names=[]), entry_log("env/A", 3, [], at=-1, revision=2**64 - 1, who=""),
             entry_log("slot 0000000000000000", 4, [])],
        extensions=[{"tag": 7, "data": b"\xc3\x28 need not be UTF-8"}])


def signatures():
    heads = {"intact": "89", "7-bit": "09", "utf-8": "c289", "replaced": "efbfbd"}
    tails = {"intact": "0d0a1a0a00", "lf": "0a1a0a00", "crlf-once": "0d0a1a0d0a00", "crlf-twice": "0d0d0a1a0d0a00"}
    rest = BASE.file[16:48]
    for head, head_hex in heads.items():
        for tail, tail_hex in tails.items():
            if (head, tail) != ("intact", "intact"):
                start = bytes.fromhex(head_hex) + b"STRONGROOM" + bytes.fromhex(tail_hex)
                vector(f"line-endings-{head}-{tail}", f"G11: 9.2, first byte {head}, line ends {tail}.",
                       start + rest, BOT, ("line-endings", "signature"), hexadecimal=True)
    vector("line-endings-of-15-bytes", "9.1: a converted signature is named also when 16 bytes are not there.",
           b"\x09STRONGROOM\n\x1a\n\0", BOT, ("line-endings", "signature"), hexadecimal=True)
    vector("line-endings-with-good-checksum", "R2: the signature comes before the checksum.",
           reseal(b"\x09" + BASE.file[1:200]), BOT, ("line-endings", "signature"), hexadecimal=True)
    foreign = "not-a-vault", "signature"
    vector("not-a-vault-empty", "9.1: an empty file.", b"", BOT, foreign, hexadecimal=True)
    vector("not-a-vault-15-bytes", "9.1: one byte short of a signature.",
           SIGNATURE[:15], BOT, foreign, hexadecimal=True)
    vector("not-a-vault-text", "9.1: another kind of file.", b"EXAMPLE=1\n" * 10, BOT, foreign, hexadecimal=True)
    vector("not-a-vault-armour-inside", "6.7: armour is not a vault.", armour(b"EXAMPLE"), BOT, foreign,
           hexadecimal=True)
    vector("not-a-vault-changed-byte-with-good-checksum", "R2: the signature comes before the checksum.",
           flip(reseal(BASE.file[:200]), 5), BOT, foreign, hexadecimal=True)
    vector("not-a-vault-over-checksum", "R2: changed signature and wrong checksum.",
           flip(BASE.file[:200], 15, seal=False), BOT, foreign, hexadecimal=True)
    vector("not-a-vault-half-converted", "9.2: 8A is no head, whatever the tail.",
           b"\x8aSTRONGROOM\n\x1a\n\0" + rest, BOT, foreign, hexadecimal=True)


def damage():
    broken = "damaged", "checksum"
    file = BASE.file
    short = reseal(file[:228])  # what is refused before the structure needs no payload
    vector("damaged-signature-only", "9.1: sixteen bytes have no checksum.", SIGNATURE, BOT, broken, hexadecimal=True)
    vector("damaged-48-bytes", "9.1: one byte short of signature, version and checksum.", file[:48], BOT, broken,
           hexadecimal=True)
    for name, at in (("slot-count", 17), ("slot", 150), ("checksum", -1)):
        vector(f"damaged-{name}", "R3: a flipped bit that nobody covered up is damage.",
               flip(short, at, seal=False), BOT, broken, hexadecimal=True)
    vector("damaged-ciphertext", "R3: a flipped bit that nobody covered up is damage.",
           flip(file, 2000, seal=False), BOT, broken)
    vector("damaged-truncated", "G2: the last byte is missing.", short[:-1], BOT, broken, hexadecimal=True)
    vector("damaged-extended", "G2: a byte was appended.", short + b"\0", BOT, broken, hexadecimal=True)
    vector("damaged-over-version", "R3: a flipped bit in the version is not a newer version.",
           patch(short, 16, b"\2", seal=False), BOT, broken, hexadecimal=True)
    vector("damaged-over-malformed", "R3: wrong checksum, and no slots.",
           patch(short, 17, b"\0", seal=False), BOT, broken, hexadecimal=True)
    version = "unsupported-version", "version"
    vector("version-0", "R4: version 0 is not known.", patch(short, 16, b"\0"), BOT, version, hexadecimal=True)
    vector("version-2", "R4: version 2 is not known.", patch(short, 16, b"\2"), BOT, version, hexadecimal=True)
    vector("version-of-49-bytes", "9.1: 49 bytes are enough to be told the version.",
           reseal(SIGNATURE + b"\2"), BOT, version, hexadecimal=True)
    vector("version-over-malformed", "9.1: version 2, and no slots.", patch(patch(short, 16, b"\2"), 17, b"\0"), BOT,
           version, hexadecimal=True)


def structure():
    bad, limit, unknown = (("malformed", "structure"), ("over-limit", "structure"), ("unknown-slot-kind", "structure"))
    file = BASE.file
    two = build("two machines", [MACHINE, MACHINE_2])
    vector("malformed-slot-count-0", "9.3 (1): a vault without slots.", patch(file[:91] + file[228:], 17, b"\0"),
           BOT, bad)
    seventeen = build("seventeen", many(17))
    vector("malformed-slot-count-17", "9.3 (1): one slot too many.", seventeen, seventeen.slots[0].given(), bad)
    vector("malformed-revision-0", "9.3 (2): the first save has revision 1.", build("zero", revision=0), BOT, bad)
    vector("malformed-k-15", "9.3 (3): k ends at 14.",
           build("k", header=lambda head: head[:90] + b"\x0f" + head[91:]), BOT, bad)
    vector("malformed-k-one-more", "9.3 (5): the file has the length for k = 0.", patch(file, 90, b"\1"), BOT, bad)
    vector("malformed-truncated", "9.3 (5): a byte of the ciphertext is missing, the checksum covers it up.",
           reseal(file[:-33]), BOT, bad)
    vector("malformed-extended", "9.3 (5): a byte was appended, the checksum covers it up.", reseal(file[:-32] + b"\0"),
           BOT, bad)
    vector("malformed-ends-in-header", "9.3: the fixed part of the header is cut.", reseal(file[:80]), BOT, bad,
           hexadecimal=True)
    vector("malformed-ends-before-slot", "9.3: the header ends where the slot should begin.",
           reseal(file[:91]), BOT, bad, hexadecimal=True)
    vector("malformed-ends-in-slot", "9.3 (4.2): the slot reaches into the checksum.", reseal(file[:227]), BOT, bad,
           hexadecimal=True)
    vector("malformed-ends-behind-slots", "9.3 (5): there is no payload.",
           reseal(file[:228]), BOT, bad, hexadecimal=True)
    first, second = two.file[91:228], two.file[228:365]
    low, high = costly("low", 19456, 2), costly("high", 19456, 3)
    pair = build("two costs", [low, high]).file
    vector("malformed-slots-not-by-cost", "9.3 (4.6): the cheaper slot comes first.",
           reseal(pair[:91] + pair[234:377] + pair[91:234] + pair[377:-32]), None, bad)
    vector("malformed-slot-id-twice", "9.3 (4.7): a slot_id twice, at different costs.",
           build("same id", [low, costly("same", 19456, 3, slot_id=low.slot_id)]), None, bad)
    vector("malformed-slot-id-twice-not-neighbours", "9.3 (4.7): a slot_id twice, with another slot between.",
           build("same id, apart", [MACHINE, low, costly("apart", 19456, 3, slot_id=MACHINE.slot_id)]), BOT, bad)
    for kind in (0, 3, 255):
        vector(f"unknown-slot-kind-{kind}", "9.3 (4.1): there is no other kind within version 1.",
               patch(reseal(file[:228]), 91, bytes((kind,))), BOT, unknown, hexadecimal=True)
    vector("unknown-slot-kind-second", "9.3 (4.1): the slot that would open is there, the other is unknown.",
           patch(two.file, 228, b"\3"), two.slots[0].given(), unknown)
    vector("unknown-slot-kind-over-end", "9.3 (4): the kind is looked at before the slot's length.",
           reseal(file[:91] + b"\3"), BOT, unknown, hexadecimal=True)

    for m, t in ((19456, 2), (19456, 16), (1048576, 4)):
        vector(f"kdf-m-{m}-t-{t}", "R7: a cost at a limit. Only its structure is read.",
               build(f"kdf {m} {t}", [costly("edge", m, t)]), None)
    for m, t in ((19455, 2), (19456, 1), (19456, 0), (19456, 17), (1048577, 2), (1048576, 5), (262145, 16), (0, 2),
                 (2**32 - 1, 255)):
        vector(f"over-limit-m-{m}-t-{t}", "R7: a cost beyond a limit is refused before any KDF.",
               reseal(build(f"kdf {m} {t}", [costly("edge", m, t)]).file[:234]), PASS.given(), limit, hexadecimal=True)
    eight = [costly(f"person {i}", 262144, 3) for i in range(9)]
    vector("passphrases-8", "3: eight passphrases are allowed. Only the structure is read.",
           build("8", eight[:8]), None)
    vector("over-limit-passphrases-9", "9.3 (4.5): the ninth passphrase.",
           reseal(build("9", eight).file[:91 + 143 * 9]), PASS.given(), limit, hexadecimal=True)
    passphrase = build("passphrase", [PASS]).file
    cut = reseal(passphrase[:234])
    cut_pair = reseal(pair[:377])
    vector("malformed-key-file-2", "9.3 (4.4): key_file is 0 or 1.", patch(passphrase, 105, b"\2"), PASS.given(), bad)

    nine = build("9", eight).file
    swapped = reseal(nine[:91 + 143 * 7] + nine[91 + 143 * 8:91 + 143 * 9] + nine[91 + 143 * 7:91 + 143 * 8]
)
    vector("precedence-ninth-passphrase-over-order", "9.3 (4.5, 4.6): the ninth passphrase stands in the wrong place.",
           swapped, PASS.given(), limit, hexadecimal=True)
    vector("precedence-cost-over-key-file", "9.3 (4.3, 4.4): t is 17 and key_file is 2.",
           patch(cut, 104, b"\x11\2"), PASS.given(), limit, hexadecimal=True)
    vector("precedence-key-file-over-later-cost", "9.3: the first slot has key_file 2, the second t 17.",
           patch(patch(cut_pair, 105, b"\2"), 247, b"\x11"), PASS.given(), bad, hexadecimal=True)
    vector("precedence-cost-over-later-kind", "9.3: the first slot has t 17, the second is of kind 3.",
           patch(patch(cut_pair, 104, b"\x11"), 234, b"\3"), PASS.given(), limit, hexadecimal=True)
    vector("precedence-kind-over-later-cost", "9.3: the first slot is of kind 3, the second has t 17.",
           patch(patch(cut_pair, 91, b"\3"), 247, b"\x11"), PASS.given(), unknown, hexadecimal=True)
    vector("precedence-revision-over-cost", "9.3: revision 0 and t 17.",
           patch(patch(cut, 34, bytes(8)), 104, b"\x11"), PASS.given(), bad, hexadecimal=True)
    vector("precedence-k-over-cost", "9.3: k is 15 and t is 17.", patch(patch(cut, 90, b"\x0f"), 104, b"\x11"),
           PASS.given(), bad, hexadecimal=True)
    vector("precedence-cost-over-length", "9.3: t is 17 and the file is a byte too long.",
           reseal(patch(passphrase, 104, b"\x11")[:-32] + b"\0"), PASS.given(), limit)
    vector("precedence-slot-end-over-cost", "9.3 (4.2, 4.3): t is 17 and the slot is cut.",
           reseal(patch(passphrase, 104, b"\x11")[:200]), PASS.given(), bad, hexadecimal=True)
    vector("precedence-malformed-over-wrong-secret", "R5: structure before any KDF.", reseal(file[:-32] + b"\0"),
           STRANGER.given(), bad)


def texts():
    bad_key, bad_file, bad_code, bad_phrase = ((kind, "text") for kind in (
        "bad-machine-key", "bad-key-file", "mistyped-recovery-code", "bad-passphrase"))
    stub = SIGNATURE  # a text that is refused needs no vault behind it: the file would be `damaged`
    key = machine_text(MACHINE.s)
    last = spec.BASE32[spec.BASE32.index(key[-1]) + 1]
    other = "1" if key[40] == "0" else "0"
    for name, comment, line in (
            ("check", "one character differs", key[:40] + other + key[41:]),
            ("lower-case", "it is upper case only", key.lower()),
            ("unused-bits", "the unused bits of the last character are not zero", key[:-1] + last),
            ("short", "the last character is missing", key[:-1]),
            ("long", "a character too many", key + "0"),
            ("version-2", "another version in the prefix", key.replace("-1-", "-2-")),
            ("letter-o", "O is not read as 0 here", key[:17] + key[17:].replace("0", "O", 1)),
            ("trailing-space", "a space behind it", key + " "),
            ("empty", "no text at all", ""),
            ("recovery-code", "a recovery code in its place", recovery_text(RECOVERY.s))):
        vector(f"machine-key-text-{name}", f"6.2: {comment}.", stub, {"machine-key": line}, bad_key, hexadecimal=True)
    line = factor_text(FACTOR.factor)
    for name, comment, text_ in (
            ("check", "one character differs", line[:30] + ("1" if line[30] == "0" else "0") + line[31:]),
            ("lower-case", "it is upper case only", line.lower()),
            ("short", "the last character is missing", line[:-1]),
            ("machine-key", "a machine key in its place", key)):
        vector(f"key-file-text-{name}", f"6.3: {comment}.", stub, FACTOR.given() | {"key-file": text_}, bad_file,
               hexadecimal=True)
    vector("key-file-text-beside-recovery-code", "6.4: a key file that is not used is checked all the same.", stub,
           {"passphrase": recovery_text(RECOVERY.s), "key-file": line[:-1]}, bad_file, hexadecimal=True)
    vector("precedence-text-over-damaged", "9.1: a secret's text is checked before the file.",
           stub, {"machine-key": key[:-1]}, bad_key, hexadecimal=True)

    vault = build("recovery", [RECOVERY])
    code = recovery_text(RECOVERY.s)
    bare = code.replace("-", "")
    likes = Slot("letters", 1, bytes(5) + bytes.fromhex("0842108421") + b"EXAMPLE 01")  # 0s and 1s, for O, I and L
    likes_vault = build("letters", [likes])
    typed_ = recovery_text(likes.s)
    assert len(likes.s) == 20 and "0" in typed_ and typed_.count("1") > 1
    vector("recovery-code-lower-case", "6.4: case does not matter.", vault, {"recovery-code": code.lower()})
    vector("recovery-code-letters", "6.4: O is read as 0, I and L as 1.", likes_vault, {"recovery-code":
           typed_.replace("0", "O").replace("1", "I", 1).replace("1", "l")})
    vector("recovery-code-grouped-by-spaces", "6.4: spaces and hyphens anywhere.", vault,
           {"recovery-code": "- " + " ".join(bare[i:i + 4] for i in range(0, 40, 4)) + " -"})
    vector("recovery-code-with-tabs", "6.5 (4): tabs in a recovery code are no control characters in a passphrase.",
           vault, {"passphrase-hex": code.replace("-", "\t").encode().hex()})
    vector("recovery-code-where-a-passphrase-is-asked", "6.4: a text of this form is always a recovery code.", vault,
           {"passphrase": code})
    kelvin = Slot("kelvin", 1, b"EXAMPLE recovery K 9")
    kelvin_text = recovery_text(kelvin.s)
    assert "K" in kelvin_text
    vector("recovery-code-after-normalisation", "6.5 (3, 4): U+212A becomes K by NFC, and then it has the form.",
           build("kelvin", [kelvin]), {"passphrase": kelvin_text.replace("K", "\u212a", 1)})
    vector("recovery-code-beside-key-file", "6.4: a key file beside a recovery code is not used.", vault,
           {"passphrase": code, "key-file": line})
    wrong = code[:-1] + ("1" if code[-1] == "0" else "0")
    vector("recovery-code-mistyped", "6.4: the check does not match.", stub, {"recovery-code": wrong}, bad_code,
           hexadecimal=True)
    vector("recovery-code-mistyped-as-passphrase",
           "6.4: it is not tried as a passphrase either, though it would open this vault as one.",
           build("code as passphrase", [Slot("code", 2, wrong.encode(), 19456, 2)]), {"passphrase": wrong}, bad_code)
    vector("recovery-code-of-39-characters", "6.4: given as a recovery code, it has to have the form.", stub,
           {"recovery-code": code[:-1]}, bad_code, hexadecimal=True)
    vector("recovery-code-with-u", "6.4: U is not in the alphabet.", stub, {"recovery-code": "U" + code[1:]}, bad_code,
           hexadecimal=True)
    almost = "U" * 40
    vector("passphrase-of-40-letters-with-u", "6.4: this is a passphrase, not a recovery code.",
           build("u", [Slot("u", 2, almost.encode(), 19456, 2)]), {"passphrase": almost})

    accent = Slot("accent", 2, "EXAMPLE \u00e9\u212b".replace("\u212b", "\u00c5").encode(), 19456, 2)
    composed = build("accent", [accent])
    vector("passphrase-decomposed", "6.5 (3): the same in another normal form.", composed,
           {"passphrase": "EXAMPLE e\u0301A\u030a"})
    vector("passphrase-not-compatibility", "6.5 (3): NFC, not NFKC: a full-width E is another letter.", composed,
           {"passphrase": "\uff25XAMPLE \u00e9\u00c5"}, ("wrong-secret", "unlock"))
    simple = build("passphrase", [PASS])
    for name, comment, raw in (("lf", "one LF is dropped", b"EXAMPLE passphrase\n"),
                               ("crlf", "one CR LF is dropped", b"EXAMPLE passphrase\r\n")):
        vector(f"passphrase-file-{name}", f"6.5 (1): {comment}.", simple, {"passphrase-hex": raw.hex()})
    vector("passphrase-file-space", "6.5: a space is part of it.", simple,
           {"passphrase-hex": b"EXAMPLE passphrase \n".hex()}, ("wrong-secret", "unlock"))
    longest = Slot("longest", 2, b"EXAMPLE " * 128, 19456, 2)
    vector("passphrase-of-1024-bytes", "6.5 (5): the longest.", build("longest", [longest]), longest.given())
    shrinks = Slot("shrinks", 2, ("\u00e9" * 512).encode(), 19456, 2)
    vector("passphrase-of-1024-bytes-after-nfc", "6.5 (5): the length counts after normalisation.",
           build("shrinks", [shrinks]), {"passphrase": "e\u0301" * 512})
    for name, comment, raw in (
            ("empty", "no bytes", b""), ("empty-line", "no bytes but a line end", b"\n"),
            ("two-line-ends", "only one line end is dropped", b"EXAMPLE passphrase\n\n"),
            ("bare-cr", "CR alone is no line end", b"EXAMPLE passphrase\r"),
            ("tab", "U+0009", b"EXAMPLE\tpassphrase"), ("nul", "U+0000", b"EXAMPLE\0passphrase"),
            ("delete", "U+007F", b"EXAMPLE passphrase\x7f"), ("c1", "U+0085", "EXAMPLE\u0085passphrase".encode()),
            ("byte-order-mark", "U+FEFF", "\ufeffEXAMPLE passphrase".encode()),
            ("not-utf-8", "Latin-1", b"EXAMPLE \xe9"), ("surrogate", "a surrogate", b"EXAMPLE \xed\xa0\x80"),
            ("overlong", "an overlong form", b"EXAMPLE \xc0\xaf"),
            ("of-1025-bytes", "a byte too many", b"EXAMPLE " * 128 + b"!"),
            ("grown-by-nfc", "264 bytes become 1056 by NFC", "\U0001d160".encode() * 88)):
        vector(f"bad-passphrase-{name}", f"6.5: {comment}.",
               stub, {"passphrase-hex": raw.hex()}, bad_phrase, hexadecimal=True)


def unlocking():
    wrong, nothing, needs = (("wrong-secret", "unlock"), ("no-such-way-in", "unlock"), ("key-file-needed", "unlock"))
    both = build("machine and passphrase", [MACHINE, PASS])
    factor = build("factor", [FACTOR])
    vector("wrong-machine-key", "R13: no slot of kind 1 has this key.", both, STRANGER.given(), wrong)
    vector("wrong-passphrase", "R13: no slot of kind 2 has this passphrase.",
           both, {"passphrase": "EXAMPLE wrong"}, wrong)
    vector("wrong-key-file", "D2: the passphrase is right, the key file is another.", factor,
           FACTOR.given() | {"key-file": factor_text(b"EXAMPLE key file number 00000002")}, wrong)
    vector("key-file-needed", "6.6: the only passphrase slot wants a key file.", factor,
           {"passphrase": FACTOR.s.decode()}, needs)
    vector("key-file-not-wanted", "R9: with a key file, slots without one are not tried.", both,
           PASS.given() | {"key-file": factor_text(FACTOR.factor)}, nothing)
    vector("key-file-missing-for-one-of-two", "R9: without a key file, only the slot that needs none is tried.",
           build("both passphrases", [PASS, FACTOR]), {"passphrase": FACTOR.s.decode()}, wrong)
    vector("no-way-in-for-machine-key", "6.6: no slot of kind 1.", factor, BOT, nothing)
    mixed = build("machine and factor", [MACHINE, FACTOR])
    vector("named-slot-wants-key-file", "6.6: the named slot needs a key file.", mixed, PASS.given(), needs,
           more={"slot": FACTOR.slot_id.hex()})
    vector("named-slot-decides-about-key-file", "6.6: another slot needs a key file, the named one is a machine key's.",
           mixed, PASS.given(), nothing, more={"slot": MACHINE.slot_id.hex()})
    vector("named-slot-is-not-the-one", "6.6: another slot would open, the named one does not.",
           build("two machines", [MACHINE, MACHINE_2]), BOT, wrong, more={"slot": MACHINE_2.slot_id.hex()})

    five = [costly(f"paranoid {i}", 1048576, 4) for i in range(5)]
    vector("too-expensive", "R8: five slots of the paranoid cost, refused before the first KDF.",
           build("five", five), PASS.given(), ("too-expensive", "unlock"))
    memory = "not-enough-memory", "unlock"
    vector("unlock-cost-at-limit", "R8: four of them are at the limit; without memory none is tried.",
           build("four", five[:4]), PASS.given(), memory, more={"available-memory": 19456})
    vector("too-expensive-named", "9.4 (3): a named slot is the way out; without memory it is not tried.",
           build("five", five), PASS.given(), memory,
           more={"slot": five[0].slot_id.hex(), "available-memory": 19456})
    vector("too-expensive-is-not-for-machine-keys", "R8: only the slots to try count.",
           build("five and a key", [MACHINE, *five]), BOT)
    vector("memory-exactly-enough", "9.4 (4.1): m may equal the memory that is available.", build("passphrase", [PASS]),
           PASS.given(), more={"available-memory": 19456})
    vector("memory-lacking-by-one", "R10: the only slot is skipped.", build("passphrase", [PASS]), PASS.given(), memory,
           more={"available-memory": 19455})
    narrow = Slot("narrow", 2, b"EXAMPLE narrow", 19456, 3)
    vector("memory-lacking-for-another-slot", "R10: a slot that lacks memory is skipped, the next one opens.",
           build("skip", [costly("wide", 20000, 2), narrow]), narrow.given(), more={"available-memory": 19456})
    vector("memory-lacking-over-wrong-secret", "9.4 (5): a skipped slot might have matched.",
           build("skip", [costly("wide", 20000, 2), narrow]), {"passphrase": "EXAMPLE wrong"}, memory,
           more={"available-memory": 19456})

    p = 2**255 - 19
    low = {"0": 0, "1": 1, "order-8": 325606250916557431795983626356110631294008115727848805560023387167927233504,
           "p": p, "top-bit": 2**255}
    for name, point in low.items():
        edit = {"epk": point.to_bytes(32, "little"), "z": bytes(32)}
        vector(f"shared-secret-zero-epk-{name}", "R11: epk is of small order; commitment and wrapping fit z = 0.",
               build("low order", wraps={MACHINE: edit}), BOT, tampered("shared-secret"))
    edit = {"epk": bytes(32), "z": bytes(32)}
    first, second = sorted((MACHINE, MACHINE_2), key=lambda slot: slot.order)
    vector("shared-secret-zero-over-wrong-secret", "9.4 (5): one slot has a zero epk, the other does not match.",
           build("low order", [first, second], wraps={first: edit}), STRANGER.given(), tampered("shared-secret"))
    vector("shared-secret-zero-in-an-earlier-slot", "9.4 (4.2): the next slot opens; then R19 refuses the first.",
           build("low order", [first, second], wraps={first: edit}), second.given(), tampered("slot-recomputation"))
    cheap_wide = costly("wide", 20000, 3)
    vector("shared-secret-zero-over-memory", "9.4 (5): one slot has a zero epk, another lacks memory.",
           build("low order and memory", [PASS, cheap_wide], wraps={PASS: edit}), PASS.given(),
           tampered("shared-secret"), more={"available-memory": 19456})
    twins = sorted((MACHINE, Slot("twin", 1, MACHINE.s)), key=lambda slot: slot.order)
    vector("wrapped-key-no-other-slot-is-tried", "9.4 (4.4): a later slot of the same secret would open.",
           build("twins", twins, slot_bytes=lambda b: b[:100] + bytes((b[100] ^ 1,)) + b[101:]), BOT,
           tampered("wrapped-key"))


def changes():
    """One bit changed, and the checksum made anew: what somebody without a secret can do."""
    wrong = "wrong-secret", "unlock"
    passphrase, base, h = build("passphrase", [PASS]), BASE, BASE.header
    for name, at, expect in (
            ("vault-id", 18, wrong), ("revision", 35, tampered("payload-commitment")),
            ("write-salt", 42, tampered("payload-commitment")), ("data-key-id", 74, wrong), ("slot-id", 92, wrong),
            ("epk", 116, wrong), ("slot-commitment", 148, wrong),
            ("wrapped-key", 180, tampered("wrapped-key")),
            ("payload-commitment", h, tampered("payload-commitment")), ("ciphertext", h + 32, tampered("payload-tag")),
            ("payload-tag", h + 32 + 4096, tampered("payload-tag"))):
        vector(f"changed-{name}", "G2: one bit changed, checksum made anew.", flip(base.file, at), BOT, expect)
    vector("changed-key-file", "G3: an edited key_file asks for a key file.", patch(passphrase.file, 105, b"\1"),
           PASS.given(), ("key-file-needed", "unlock"))
    vector("changed-vault-id-by-bound-key", "9.4 (1): the machine key knows its vault.", flip(base.file, 18),
           {"machine-key": machine_text(MACHINE.s, VAULT_ID, base.key_id)}, ("key-bound", "unlock"))
    two = build("two machines", [MACHINE, MACHINE_2])
    index = two.slots.index(MACHINE_2)
    vector("changed-other-slot", "G2: the slot that is not opened is in the header's hash.",
           flip(two.file, 91 + 137 * index + 136), BOT, tampered("payload-commitment"))
    vector("removed-other-slot", "G2: the other slot was cut out, the count corrected.",
           patch(two.file[:91 + 137 * index] + two.file[91 + 137 * (index + 1):], 17, b"\1"), BOT,
           tampered("payload-commitment"))
    vector("precedence-wrong-secret-over-payload", "9.1: wrong key, and a changed ciphertext.", flip(base.file, h + 40),
           STRANGER.given(), wrong)

    # Splices.
    one = build("splice 1", [MACHINE, MACHINE_2])
    two = build("splice 2", [MACHINE, MACHINE_2], contents(ancestors=[one.checksum]), revision=2, data_key=one.data_key)
    three = build("splice 3", [MACHINE, MACHINE_2], contents(ancestors=[two.checksum], lineages=[one.lineage]),
                  revision=3, previous=one.data_key)
    h, i = one.header, one.slots.index(MACHINE)
    mine, other = (slice(91 + 137 * n, 91 + 137 * (n + 1)) for n in (i, 1 - i))
    vector("splice-header-and-older-payload", "13.6: header of one save, payload of the save before.",
           reseal(two.file[:h] + one.file[h:-32]), BOT, tampered("payload-commitment"))
    vector("splice-commitment-and-older-ciphertext", "13.6: only ciphertext and tag are of the save before.",
           reseal(two.file[:h + 32] + one.file[h + 32:-32]), BOT, tampered("payload-tag"))
    vector("splice-older-slot-opened", "13.6: the slot is from before a re-key; data_key_id is in D8.",
           reseal(three.file[:mine.start] + one.file[mine] + three.file[mine.stop:-32]), BOT, wrong)
    vector("splice-older-slot-by-a-holder", "R19: the same, and the payload was made to fit the header.",
           build("splice 4", [MACHINE, MACHINE_2], contents(lineages=[one.lineage]), revision=3, previous=one.data_key,
                 slot_bytes=lambda b: b[:other.start - 91] + one.file[other] + b[other.stop - 91:]), BOT,
           tampered("slot-recomputation"))
    vector("splice-data-key-id-and-slots-of-older", "13.6: old slots and id open the old data key, not this payload.",
           reseal(three.file[:74] + one.file[74:h] + three.file[h:-32]), BOT, tampered("payload-commitment"))
    foreign = build("splice 5", vault_id=OTHER_VAULT_ID)
    vector("splice-slot-of-another-vault", "13.6: vault_id is in D3 and D8.",
           reseal(foreign.file[:91] + BASE.file[91:228] + foreign.file[228:-32]), BOT, wrong)
    vector("splice-two-data-keys", "9.1: the slot that is opened gives another data key than the id names.",
           build("two data keys", [MACHINE, MACHINE_2], wraps={MACHINE: {"wrapped_key": draw("another data key")}}),
           BOT, tampered("data-key-id"))
    vector("splice-two-data-keys-other-side", "R19: opened by the right slot, the other one wraps another data key.",
           build("two data keys", [MACHINE, MACHINE_2], wraps={MACHINE_2: {"wrapped_key": draw("another data key")}}),
           BOT, tampered("slot-recomputation"))
    vector("data-key-id-wrong", "R14: a holder wrote another id; everything else fits it.",
           build("wrong id", key_id=draw("wrong id", 16)), BOT, tampered("data-key-id"))
    vector("precedence-data-key-id-over-payload-commitment", "9.1: another id, and a changed payload commitment.",
           flip(build("wrong id", key_id=draw("wrong id", 16)).file, BASE.header), BOT, tampered("data-key-id"))


def recomputation():
    """A holder's forgeries that only R19 finds."""
    layer = tampered("slot-recomputation")
    two = [MACHINE, MACHINE_2]
    drop = lambda entries: [e for e in entries if e["slot_id"] != MACHINE_2.slot_id]
    stranger = {"slot_id": b"\xff" * 8, "label": "", "kw": draw("kw"), "pk": spec.x25519(draw("seed")), "created": 0,
                "proven": 0}
    vector("entry-missing", "R19: a slot of the header without an entry.",
           build("missing", two, entry_list=drop), BOT, layer)
    vector("entry-extra", "R19: an entry without a slot in the header.",
           build("extra", entry_list=lambda entries: entries + [stranger]), BOT, layer)
    vector("entry-of-another-id", "R19: as many entries as slots, of other ids.",
           build("another", two, entry_list=lambda entries: drop(entries) + [stranger]), BOT, layer)
    vector("entry-kw-of-other-slot", "R19: the entry would wrap with another kw.",
           build("kw", two, entries={MACHINE_2: {"kw": draw("kw")}}), BOT, layer)
    vector("entry-pk-of-opened-slot", "R19: the entry's pk is not the one that opened.",
           build("pk", entries={MACHINE: {"pk": spec.x25519(draw("seed"))}}), BOT, layer)
    vector("entry-pk-with-top-bit-of-opened-slot", "R19: another form of pk, the same slot: refused all the same.",
           build("top bit", entries={MACHINE: {"pk": top_bit(MACHINE)}}), BOT, layer)
    edit = {"pk": bytes(32), "z": bytes(32)}
    vector("entry-pk-of-small-order", "R19: z of another slot is all zero; the header fits it.",
           build("small", two, wraps={MACHINE_2: edit}, entries={MACHINE_2: {"pk": bytes(32)}}), BOT, layer)
    at = 137 * sorted(two, key=lambda slot: slot.order).index(MACHINE_2)
    for name, offset in (("epk", 25), ("commitment", 57), ("wrapped-key-tag", 136)):
        edit = lambda b, o=at + offset: b[:o] + bytes((b[o] ^ 1,)) + b[o + 1:]
        vector(f"other-slot-{name}", "R19: the slot that is not opened does not match; the payload fits the header.",
               build("other slot", two, slot_bytes=edit), BOT, layer)
    vector("other-slot-salt", "R19: the public bytes of another slot were changed.",
           build("other salt", two, slot_bytes=lambda b: b[:at + 9] + bytes(16) + b[at + 25:]), BOT, layer)
    own = {"kw": draw("own kw"), "pk": spec.x25519(draw("own seed"))}
    vector("substituted-entry-of-other-slot", "13.3: slot and entry were both replaced; no data in the file can tell.",
           build("substituted", two, wraps={MACHINE_2: own}, entries={MACHINE_2: own}), BOT)


def payloads():
    def refuse(name, comment, expect=tampered("payload"), slots=(MACHINE,), **how):
        inside = how.pop("inside", None)
        vector(name, comment, build(name, slots, inside, **how), BOT, expect)

    def bad(name, comment, **changed):
        refuse(f"payload-{name}", comment, inside=contents(**changed))

    def bad_record(name, comment, **changed):
        bad(f"record-{name}", comment, records=[record() | changed])

    padding = tampered("padding")
    put = lambda at, new: lambda b: b[:at] + new + b[at + len(new):]
    refuse("tampered-padding-nonzero", "R16: the last byte of the padding is not zero.",
           padding, padded=put(4095, b"\1"))
    size = len(BASE.values["payload"])
    refuse("tampered-padding-nonzero-at-once", "R16: the first byte of the padding is not zero.", padding,
           padded=put(4 + size, b"\1"))
    refuse("tampered-length-one-beyond", "R16: the length exceeds what is there by one.", padding,
           padded=lambda b: (4093).to_bytes(4, "little") + b[4:])
    refuse("tampered-length-huge", "R16: the length is 2^32 - 1; 4 is added without wrapping.", padding,
           padded=put(0, b"\xff" * 4))
    largest = contents(records=[record(note="x" * (4092 - size))])
    refuse("tampered-bucket-too-large-by-a-hair", "R16: k is 1, and 4092 bytes fit k = 0.",
           padding, inside=largest, k=1)
    refuse("precedence-padding-over-schema", "9.1: schema 2, and padding that is not zero.", padding,
           inside=contents(schema=2), padded=put(4095, b"\1"))
    refuse("payload-of-0-bytes", "9.1: there is no schema.", payload=lambda b: b"")
    refuse("payload-of-2-bytes", "9.1: a schema and nothing else.", payload=lambda b: b"\1\0")
    newer = "newer-schema", "payload"
    refuse("schema-0", "9.1: schema is not 1.", newer, inside=contents(schema=0))
    refuse("schema-2", "9.1: schema 2, otherwise the same.", newer, inside=contents(schema=2))
    refuse("schema-2-alone", "9.1: nothing behind schema 2 is looked at.", newer, payload=lambda b: b"\2\0")
    refuse("precedence-schema-over-slots", "9.1: schema 2, and no entries.", newer, inside=contents(schema=2),
           entry_list=lambda entries: [])
    refuse("payload-trailing-byte", "R18: a byte behind the last field.", payload=lambda b: b + b"\0")
    refuse("precedence-payload-over-slots", "9.1: a trailing byte, and no entries.", payload=lambda b: b + b"\0",
           entry_list=lambda entries: [])

    huge = Raw(b"\xff" * 8)
    bad("string-longer-than-the-rest", "R17: a string of 2^64 - 1 bytes.", vault_name=huge)
    bad("list-longer-than-the-rest", "R17: a list of 2^64 - 1 records.", records=huge)
    bad("list-times-size-wraps", "R17: 2^59 lineages of 32 bytes are 2^64.",
        lineages=Raw((1 << 59).to_bytes(8, "little")))
    bad("name-129-bytes", "7.1: vault_name ends at 128.", vault_name="x" * 129)
    bad("name-control", "7.1: vault_name has a control character.", vault_name="a\x1bb")
    bad("name-not-utf-8", "7: a string is UTF-8.", vault_name=b"\xff")
    bad("name-surrogate", "7: a surrogate is not UTF-8.", vault_name=b"\xed\xa0\x80")
    many_hashes = [draw(f"ancestor {i}") for i in range(129)]
    bad("ancestors-129", "7.1: at most 128.", ancestors=many_hashes)
    bad("ancestor-twice", "7.1: no duplicates.", ancestors=[many_hashes[0], many_hashes[1], many_hashes[0]])
    bad("lineage-twice", "7.1: no duplicates.", lineages=[many_hashes[0], many_hashes[1], many_hashes[0]])
    refuse("payload-entries-not-sorted", "7.1: entries ascend by slot_id.", slots=[MACHINE, MACHINE_2],
           entry_list=lambda entries: entries[::-1])
    refuse("payload-entry-twice", "7.1: strictly.", entry_list=lambda entries: entries * 2)
    bad("slot-tombstone-of-a-slot", "7.1: a slot that is there and removed.",
        slot_tombstones=[{"slot_id": MACHINE.slot_id, "removed": TIME}])
    bad("tombstones-not-sorted", "7.1: strictly ascending.",
        tombstones=[{"id": bytes((i,)) * 16, "removed": TIME} for i in (2, 1)])
    bad("tombstone-of-a-record", "7.1: a record that is there and removed.",
        tombstones=[{"id": record()["id"], "removed": TIME}])

    bad("records-sorted-by-raw-bytes", "7.1: by ASCII lower case, so that Zeta comes behind alpha.",
        records=[record("Zeta"), record("alpha")])
    bad("records-subaccounts-not-sorted", "7.1: then by subaccount.", records=[record(subaccount="main2"), record()])
    bad("record-twice", "7.1: strictly.", records=[record(), record(id=draw("other", 16))])
    bad("record-twice-in-other-case", "7.4: Binance and binance are the same exchange.",
        records=[record("Binance"), record("binance")])
    bad("record-id-twice", "7.1: no id twice.", records=[record(), record("bybit", id=record()["id"])])
    bad_record("exchange-empty", "7.4: 1..64.", exchange="")
    bad_record("exchange-65-bytes", "7.4: 1..64, in bytes.", exchange="\u00e9" * 32 + "e")
    bad_record("subaccount-129-bytes", "7.4: 1..128.", subaccount="x" * 129)
    bad_record("environment-0", "7.4: environments are 1 to 3.", environment=0)
    bad_record("environment-4", "7.4: environments are 1 to 3.", environment=4)
    bad_record("kind-7", "7.4: kinds are 1 to 6.", kind=7)
    bad_record("option-2", "7: an option begins with 0 or 1.", rotated=Raw(b"\2" + bytes(8)))
    bad_record("fields-not-sorted", "7.4: strictly ascending by name.", fields=fields(b="", a=""))
    bad_record("field-twice", "7.4: strictly.", fields=fields(a="1") + fields(a="2"))
    bad_record("fields-65", "7.4: at most 64.", fields=[{"name": f"f{i:02}", "value": ""} for i in range(65)])
    bad_record("field-name-empty", "7.5: 1..64.", fields=fields(**{"": ""}))
    bad_record("field-name-65-bytes", "7.5: 1..64.", fields=fields(**{"x" * 65: ""}))
    bad_record("field-name-space", "7.5: letters, digits, _ . and -.", fields=fields(**{"api key": ""}))
    bad_record("field-value-nul", "7.5: no NUL.", fields=fields(a="EXAMPLE\0"))
    bad_record("ip-allowlist-not-sorted", "7.4: by bytes, so that 10 comes before 9.", ip_allowlist=["9", "10"])
    bad_record("tag-twice", "7.4: strictly.", tags=["a", "a"])
    bad_record("tag-65-bytes", "7.4: each 1..64.", tags=["x" * 65])
    bad_record("note-4097-bytes", "7.4: at most 4096.", note="x" * 4097)
    bad_record("previous-fields-not-sorted", "7.5: strictly ascending by name.",
               previous=previous(fields(b="", a="")))
    bad_record("previous-option-2", "7: an option begins with 0 or 1.",
               previous=previous([], verified=Raw(b"\2" + bytes(8))))
    bad_record("previous-kind-7", "7.5: 1 to 6.", previous=previous([], kind=7))
    bad_record("previous-permissions-not-sorted", "7.4: strictly ascending.",
               previous=previous([], permissions=["trade", "read"]))
    bad_record("previous-ip-allowlist-empty", "7.4: each 1..64.", previous=previous([], ip_allowlist=[""]))
    named = lambda name: variables(api_key=name)
    bad_record("variables-65", "7.4: at most 64.", variables=variables(**{f"f{i:02}": f"F{i:02}" for i in range(65)}))
    bad_record("variables-not-sorted", "7.4: strictly ascending by field.", variables=variables(b="A", a="B"))
    bad_record("variable-field-twice", "7.4: strictly.", variables=variables(a="A") + variables(a="B"))
    bad_record("variable-name-twice", "7.4: no name twice; between the two is a third.",
               variables=variables(a="A", b="B", c="A"))
    bad_record("variable-field-empty", "7.5: as a Field's name, 1..64.", variables=variables(**{"": "A"}))
    bad_record("variable-field-65-bytes", "7.5: as a Field's name, 1..64.", variables=variables(**{"x" * 65: "A"}))
    bad_record("variable-field-space", "7.5: letters, digits, _ . and -.", variables=variables(**{"api key": "A"}))
    bad_record("variable-name-empty", "7.5: as a Value's name, 1..256.", variables=named(""))
    bad_record("variable-name-257-bytes", "7.5: as a Value's name, 1..256.", variables=named("x" * 257))
    bad_record("variable-name-control", "7.5: clean.", variables=named("A\nB"))
    bad_record("variable-name-equals", "7.5: no equals sign.", variables=named("A=B"))
    bad_record("variable-name-slash", "7.5: no slash.", variables=named("env/A"))
    bad_record("extensions-not-sorted", "7.4: strictly ascending by tag; 256 is above 1.",
               extensions=[{"tag": 256, "data": b""}, {"tag": 1, "data": b""}])
    bad("values-not-sorted", "7.1: strictly ascending by name.", values=[value("B"), value("A")])
    bad("value-name-257-bytes", "7.5: 1..256.", values=[value("x" * 257)])
    bad("value-name-equals", "7.5: no equals sign.", values=[value("A=B")])
    bad("value-name-slash", "7.5: no slash.", values=[value("env/A")])
    bad("log-257", "7.1: at most 256.", log=[entry_log("x", names=[], who="")] * 257)
    bad("log-action-5", "7.6: actions are 1 to 4.", log=[entry_log(action=5)])
    bad("log-fields-not-sorted", "7.6: strictly ascending.", log=[entry_log(names=["b", "a"])])
    bad("extension-twice", "7.1: strictly ascending by tag.", extensions=[{"tag": 1, "data": b""}] * 2)


def armours():
    refused = "armor", "armor"
    base = armour(BASE.file[:231])  # what is refused as armour need not carry a vault
    lines = base.decode().splitlines()
    first, *body, last = lines

    def text_vector(name, comment, changed, expect=refused):
        vector(f"armor-{name}", f"6.7: {comment}.", BASE, BOT, expect,
               body=changed if isinstance(changed, bytes) else ("\n".join(changed) + "\n").encode())

    text_vector("crlf", "all lines end with CR LF", armour(BASE.file, "\r\n"), "ok")
    text_vector("crlf-without-last-line-end", "the last line end may be missing", armour(BASE.file, "\r\n")[:-2], "ok")
    padded = build("two kinds of key", [MACHINE, RECOVERY])
    assert len(padded.file) % 3 == 2
    vector("armor-with-padding", "6.7: the length is no multiple of three.", padded, BOT)
    text = armour(padded.file[:232])
    equals = text.index(b"=")
    bits = bytes((text[equals - 1] + 1,))
    vector("armor-unused-bits", "6.7: the unused bits of the last character are not zero.", b"", BOT, refused,
           body=text[:equals - 1] + bits + text[equals:])
    vector("armor-without-padding", "6.7: the equals sign is missing.", b"", BOT, refused, body=text.replace(b"=", b""))
    vector("armor-padding-inside-line", "6.7: nothing stands behind the equals sign; decoders that join pieces take it.",
           b"", BOT, refused, body=text.replace(b"=\n", b"=AAAA\n"))
    text_vector("mixed-line-ends", "one line ends with CR LF", base.replace(b"\n", b"\r\n", 1))
    text_vector("last-line-end-differs", "all lines end with CR LF but the last",
                base[:-1].replace(b"\n", b"\r\n") + b"\n")
    text_vector("cr-line-ends", "CR alone is no line end", base.replace(b"\n", b"\r"))
    text_vector("last-line-end-cr", "CR alone is no line end", base[:-1] + b"\r")
    text_vector("text-before", "there is nothing before the first line", ["EXAMPLE", *lines])
    text_vector("blank-line-before", "there is nothing before the first line", ["", *lines])
    text_vector("byte-order-mark", "there is nothing before the first line", b"\xef\xbb\xbf" + base)
    text_vector("text-behind", "there is nothing behind the last line", [*lines, "EXAMPLE"])
    text_vector("blank-line-behind", "there is nothing behind the last line", [*lines, ""])
    text_vector("twice", "there is nothing behind the last line", [*lines, *lines])
    text_vector("blank-line-inside", "no other white space", [first, "", *body, last])
    text_vector("space-at-end-of-line", "no other white space", [first, body[0] + " ", *body[1:], last])
    text_vector("indented", "no other white space", [first, *(" " + line for line in body), last])
    text_vector("first-line-lower-case", "the first line is exact", [first.lower(), *body, last])
    text_vector("first-line-missing", "the first line is exact", [*body, last])
    text_vector("last-line-missing", "the last line is exact", [first, *body])
    text_vector("lines-of-76", "lines have 64 characters", [first, *(
        "".join(body)[i:i + 76] for i in range(0, len("".join(body)), 76)), last])
    text_vector("short-line-inside", "only the last line may be short",
                [first, body[0][:60], body[0][60:] + body[1][:60], body[1][60:], *body[2:], last])
    text_vector("one-line", "lines have 64 characters", [first, "".join(body), last])
    text_vector("url-alphabet", "the alphabet is the standard one", [first, *(
        line.replace("+", "-").replace("/", "_") for line in body), last])
    text_vector("character-missing", "the length is no multiple of four", [first, *body[:-1], body[-1][:-1], last])
    vector("armor-of-nothing", "6.7: there is at least one line of base64.", b"", BOT, refused, body=armour(b""))
    vector("armor-empty", "6.7: no text at all.", b"", BOT, refused, body=b"")
    vector("armor-of-another-file", "6.7: armour does not look at what it carries; the file is refused by 9.1.",
           b"EXAMPLE", BOT, ("not-a-vault", "signature"))


def mark(vault, revision=None, key_id=None, vault_id=None):
    return f"{(vault_id or vault.vault_id).hex()}@{revision or vault.revision}:{(key_id or vault.key_id).hex()}"


def pin(vault, checksum=None, **changes):
    return {"pin": f"{mark(vault, **changes)} {(checksum or vault.checksum).hex()}"}


def pins():
    substituted, back, forked = (("substituted", "pins"), ("rolled-back", "pins"), ("forked", "pins"))
    unexpected, bound = ("unexpected", "pins"), ("key-bound", "pins")
    everyone = [MACHINE, MACHINE_2]

    def save(name, parents, slots=everyone, rekey=False, revision=None, **more):
        """A save from parents, the first of which is edited."""
        edited = parents[0]
        ancestors = [p.checksum for p in parents] + [x for p in parents for x in p.ancestors]
        lineages = edited.lineages + ([edited.lineage] if rekey else [])
        made = build(name, slots, contents(ancestors=list(dict.fromkeys(ancestors))[:128], lineages=lineages) | more,
                     revision=revision or 1 + max(p.revision for p in parents),
                     **({"previous": edited.data_key} if rekey else {"data_key": edited.data_key}))
        made.ancestors, made.lineages = list(dict.fromkeys(ancestors))[:128], lineages
        return made

    one = build("chain 1", everyone)
    one.ancestors, one.lineages = [], []
    two = save("chain 2", [one])
    branch = save("chain 2, another branch", [one])
    branch_2 = save("chain 3, another branch", [branch])
    three = save("chain 3", [two], [MACHINE], rekey=True)
    four = save("chain 4", [three], [MACHINE])
    merged = save("merged", [two, branch_2])
    # MACHINE_2 was removed with `three`. Its owner knows everything up to `two`, and public checksums.
    forged = save("forged", [two], rekey=True, revision=99)
    forged_ancestors = [three.checksum, two.checksum, one.checksum]
    forged = build("forged", everyone, contents(lineages=[one.lineage], ancestors=forged_ancestors), revision=99,
                   previous=one.data_key)
    forged_old = build("forged", everyone, contents(ancestors=forged_ancestors), revision=99, data_key=one.data_key)

    vector("pin-same-file", "10.2 (3): the file that was pinned.", two, BOT, more=pin(two))
    vector("pin-across-rekey", "10.2 (5): a re-key since the pin.", three, BOT, more=pin(two))
    vector("pin-of-one-side-of-merge", "10.2 (5): both sides of a merge are ancestors.", merged, BOT, more=pin(branch))
    vector("rolled-back", "10.2 (6): the version before the pinned one.", one, BOT, back, pin(two))
    vector("forked-same-revision", "10.2 (8): another save with the pin's revision.", branch, BOT, forked, pin(two))
    vector("forked-higher-revision", "10.2 (8): a longer branch that has not seen the pin.",
           branch_2, BOT, forked, pin(two))
    vector("substituted-older-than-rekey", "10.2 (4): a version from before a re-key that the pin has seen.", two, BOT,
           substituted, pin(three))
    vector("substituted-other-vault", "10.2 (2): another vault at this path.",
           build("elsewhere", vault_id=OTHER_VAULT_ID), BOT, substituted, pin(one))
    vector("substituted-forged-data-key", "G10: made by somebody removed before the pin, with their own data key.",
           forged, BOT, substituted, pin(three))
    vector("substituted-old-data-key", "G10: the same under the old data key; the pinned version is an ancestor.",
           forged_old, BOT, substituted, pin(three))
    vector("pin-older-than-removal-accepts-forgery", "13.2: a pin from before the removal does not refuse the forgery.",
           forged, BOT, more=pin(two))
    low = build("low revision", everyone, contents(ancestors=[two.checksum]), data_key=one.data_key)
    vector("pin-descendant-with-lower-revision", "10.2 (5 before 6): an ancestor is decided before the revision.",
           low, BOT, more=pin(two))
    full = [draw(f"later ancestor {i}") for i in range(128)]
    far = build("far ahead", everyone, contents(ancestors=full), revision=131, data_key=one.data_key)
    near = build("128 ahead", everyone, contents(ancestors=full), revision=130, data_key=one.data_key)
    gap = build("far ahead, short list", everyone, contents(ancestors=full[:127]), revision=131, data_key=one.data_key)
    vector("pin-far-behind", "10.2 (7): more than 128 saves ahead with 128 ancestors.", far, BOT,
           more=pin(two) | {"warning": "far-behind"})
    vector("forked-128-ahead", "10.2 (7): exactly 128 saves ahead, the pin should be among the ancestors.", near, BOT,
           forked, pin(two))
    vector("forked-far-ahead-with-short-list", "10.2 (7): there are only 127 ancestors, and the pin is not among them.",
           gap, BOT, forked, pin(two))
    top = build("top", everyone, contents(ancestors=full), revision=2**64 - 1, data_key=one.data_key)
    vector("pin-revision-does-not-wrap", "10.2 (7): the pin's revision and 128 are added without wrapping.",
           top, BOT, forked, pin(two, revision=2**64 - 2))
    vector("precedence-substituted-over-rolled-back", "10.2: no key continuity, and a lower revision.", one, BOT,
           substituted, pin(four))
    vector("precedence-schema-over-pin", "9.1: schema 2, and a pin of another vault.", build(
        "schema", inside=contents(schema=2)), BOT, ("newer-schema", "payload"), pin(one, vault_id=OTHER_VAULT_ID))

    vector("expect-older-version", "10.4: at least this revision, continuous from this data key.", four, BOT,
           more={"require": mark(one)})
    vector("unexpected-vault", "10.4: another vault_id.", two, BOT, unexpected,
           {"require": mark(two, vault_id=OTHER_VAULT_ID)})
    vector("unexpected-revision", "10.4: the revision is too low.",
           two, BOT, unexpected, {"require": mark(two, revision=3)})
    vector("unexpected-data-key", "10.4: no key continuity.",
           two, BOT, unexpected, {"require": mark(two, key_id=three.key_id)})
    vector("precedence-expectation-over-pin", "10.4: both fail.", two, BOT, unexpected,
           {"require": mark(two, revision=3)} | pin(three))

    key = lambda vault_id, key_id: {"machine-key": machine_text(MACHINE.s, vault_id, key_id)}
    vector("key-bound-to-this-vault", "6.2: bound to this vault and data key.", two, key(VAULT_ID, two.key_id))
    vector("key-bound-to-older-data-key", "6.2: bound to a data key that this one came after.", four,
           key(VAULT_ID, one.key_id))
    vector("key-bound-to-another-vault", "6.2: compared before any slot is tried.",
           two, key(OTHER_VAULT_ID, two.key_id), ("key-bound", "unlock"))
    vector("key-bound-refuses-forgery", "13.2: a binding made after the removal refuses the forgery.", forged,
           key(VAULT_ID, three.key_id), bound)
    vector("key-bound-with-zero-data-key-id", "6.2: unbound only if both ids are zero.",
           two, key(VAULT_ID, bytes(16)), bound)
    vector("key-bound-with-zero-vault-id", "6.2: unbound only if both ids are zero.", two, key(bytes(16), two.key_id),
           ("key-bound", "unlock"))
    vector("precedence-bound-vault-over-no-way-in", "9.4 (1 before 2): another vault, and no slot of kind 1.",
           build("passphrase", [PASS]), key(OTHER_VAULT_ID, two.key_id), ("key-bound", "unlock"))
    vector("precedence-binding-over-expectation", "10.4: both fail.", two, key(VAULT_ID, three.key_id), bound,
           {"require": mark(two, revision=3)})


# Appendix B.

EXAMPLE = [Slot("bot", 1, b"EXAMPLE machine key number 00001"), Slot("alice", 2, b"EXAMPLE passphrase", 19456, 2)]


def example():
    return build("annotated example", EXAMPLE, contents(vault_name="demo"))


def dump(parts, start=0):
    """Lines of (name, bytes) with offsets. Long ones are shortened."""
    at = start
    for name, raw in parts:
        rows = [(i, raw[i:i + 16]) for i in range(0, len(raw), 16)]
        for n, (i, row) in enumerate(rows):
            if len(rows) > 12 and n == 2:
                yield f"      ... {len(rows) - 3} lines ..."
            if len(rows) <= 12 or n < 2 or n == len(rows) - 1:
                yield f"{at + i:04x}  {row.hex(' '):47}  {name if n == 0 else ''}".rstrip()
        at += len(raw)


def annotate():
    vault = example()
    file, parts = vault.file, [("signature", 16), ("version", 1), ("slot_count", 1), ("vault_id", 16), ("revision", 8),
                               ("write_salt", 32), ("data_key_id", 16), ("k", 1)]
    for i, slot in enumerate(vault.slots):
        cost = [("m", 4), ("t", 1), ("key_file", 1)] if slot.kind == 2 else []
        widths = [("kind", 1), ("slot_id", 8), *cost, ("salt", 16), ("epk", 32), ("commitment", 32),
                  ("wrapped data key", 48)]
        parts += [(f"slot {i} {name}", width) for name, width in widths]
    parts += [("payload commitment", 32), ("ciphertext", 4096), ("tag", 16), ("checksum", 32)]
    named, at = [], 0
    for name, width in parts:
        named.append((name, file[at:at + width]))
        at += width
    assert at == len(file)
    size = len(vault.values["payload"])
    padded = [("length of the payload", size.to_bytes(4, "little")), *vault.parts, ("padding", bytes(4092 - size))]
    listing_of = lambda parts: ["```", *dump(parts), "```"]
    out = [
        "The file is the vector `annotated-example.txt`: a machine key, a passphrase at the lowest cost, a record.",
        "Offsets and bytes are hexadecimal.", "", *listing_of(named), "",
        "The padded payload, that is the plaintext of the ciphertext. A line for a string, or for bytes of any length,",
        "begins with the length.", "", *listing_of(padded), "",
        "Every value on the way, under the names of appendix A:", "", "```"]
    out += [f"passphrase: {EXAMPLE[1].s.decode()}", f"machine-key: {machine_text(EXAMPLE[0].s)[:75]}"]
    out += [f"             {machine_text(EXAMPLE[0].s)[75:]}"]
    shown = {key: x for key, x in vault.values.items() if key.startswith("slot ")}
    shown |= {key: vault.values[key] for key in ORDER if key in vault.values and key != "payload"}
    for key, x in shown.items():
        lines = [x[i:i + 48].hex() for i in range(0, len(x), 48)]
        out += [f"{key}: {lines[0]}", *(" " * (len(key) + 2) + line for line in lines[1:])]
    print("\n".join([*out, "```"]))


def main():
    if "--annotate" in sys.argv:
        return annotate()
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    groups = valid, signatures, damage, structure, texts, unlocking, changes, recomputation, payloads, armours, pins
    for make in groups:
        make()
    vector("annotated-example", "G12: the vault of appendix B.", example(), EXAMPLE[0].given())
    out.mkdir(parents=True, exist_ok=True)
    for stale in {path.name for path in out.glob("*.txt")} - {f"{name}.txt" for name in VECTORS}:
        (out / stale).unlink()
    for name, content in VECTORS.items():
        (out / f"{name}.txt").write_bytes(content)
    print(f"{len(VECTORS)} vectors, {sum(map(len, VECTORS.values()))} bytes, in {out}")


if __name__ == "__main__":
    main()
