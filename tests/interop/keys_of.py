#!/usr/bin/env python3
"""Every key that vaults and their secrets lead to, for searching memory: derived by the second reader, not by the program.
Standard input: [{"vault": PATH, "secrets": [{"machine-key": TEXT}, {"passphrase": TEXT, "key-file": TEXT}, ...]}, ...]
Standard output: {NAME: HEX, ...}, besides the reader's own names also HKDF's inner keys, AES round keys and GHASH's key."""
import hmac, json, pathlib, sys
import strongroom_reader as reader
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PUBLIC = {"epk", "commitment", "wrapped", "data-key-id", "header-sha256", "payload-commitment", "payload", "write-salt",
          "padded-sha256", "checksum"}
found, inner, ciphers = {}, {}, {}

def watch_hkdf(ikm, salt, label, *info, n=32, derive=reader.hkdf):
    inner[f"prk of {label.decode()} {len(inner)}"] = hmac.digest(salt or bytes(32), ikm, "sha256")
    return derive(ikm, salt, label, *info, n=n)
def watch(name, use):
    def watched(key, *rest):
        ciphers.setdefault(key, f"{name} {len(ciphers)}")
        return use(key, *rest)
    return watched
reader.hkdf, reader.encrypt = watch_hkdf, watch("aes", reader.encrypt)
reader.decrypt = watch("aes", reader.decrypt)

def sbox():
    log, antilog, x = {}, [], 1
    for i in range(255):
        log[x], _ = i, antilog.append(x)
        x ^= x << 1 ^ (0x11b if x & 0x80 else 0)
    rotations = lambda b: b ^ (b << 1 | b >> 7) ^ (b << 2 | b >> 6) ^ (b << 3 | b >> 5) ^ (b << 4 | b >> 4)
    return [(rotations(antilog[-log[b] % 255] if b else 0) & 255) ^ 0x63 for b in range(256)]
SBOX = sbox()
def round_keys(key):
    words = [key[i:i + 4] for i in range(0, 32, 4)]
    rcon = 1
    for i in range(8, 60):
        last = words[-1]
        if i % 8 == 0:
            last = bytes(SBOX[b] for b in last[1:] + last[:1])
            last, rcon = bytes([last[0] ^ rcon]) + last[1:], rcon << 1
        elif i % 8 == 4:
            last = bytes(SBOX[b] for b in last)
        words.append(bytes(a ^ b for a, b in zip(words[-8], last)))
    return [b"".join(words[i:i + 4]) for i in range(0, 60, 4)]
def block(key, message):
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(message) + encryptor.finalize()
def check_schedule():
    key = bytes.fromhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")  # FIPS 197, A.3 of the test
    assert round_keys(key)[14] == bytes.fromhex("24fc79ccbf0979e9371ac23c6d68de36")

def main():
    check_schedule()
    for at, job in enumerate(json.load(sys.stdin)):
        opened = 0
        for secret in job["secrets"]:
            seen = {}
            # A changed passphrase opens some versions and not others.
            try: reader.open_vault(pathlib.Path(job["vault"]).read_bytes(), secret, seen)
            except reader.Refused: continue
            opened += 1
            data_key = seen["data-key"]
            reader.d15(data_key, b"", 1, b"")
            seen["write-salt-key"] = reader.hkdf(data_key, b"", b"write salt")
            found.update({f"{at} {name}": value for name, value in seen.items() if name.split()[-1] not in PUBLIC})
        assert opened >= 4, "the secrets open the vault"
    found.update(inner)
    for key, name in ciphers.items():
        found.update({f"{name} round {i}": part for i, part in enumerate(round_keys(key))})
        h = block(key, bytes(16))
        found.update({f"{name} ghash": h, f"{name} ghash reversed": h[::-1]})
    json.dump({name: value.hex() for name, value in found.items()}, sys.stdout)
if __name__ == "__main__": main()
