#!/usr/bin/env python3
"""Fills fuzz/corpus from the vectors and the sample inputs: `fuzz/seed.py`, then `cargo fuzz run TARGET`."""

import base64
import hashlib
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = ROOT / "fuzz" / "corpus"
TEXT_KEYS = ("machine-key", "key-file", "recovery-code", "passphrase", "require")
REFERENCES = ("okx", "binance/main@testnet", "okx/a%40live/api_key", "binance/*@demo", "env/DATABASE_URL")
FORGERIES = (b"", b"\0\0\x89", b"\x10\0\x02", b"\x5a\x80\x01", b"\x5b\x80\x02", b"\x12\0\0\xa0\x10\x55", b"\x20")
AWS = '{"API_KEY":"EXAMPLE-K","API_SECRET":"EXAMPLE-S","SUBACCOUNTS":[{"subaccount_name":"a","API_KEY":"K","API_SECRET":"S"}]}'
HUMMINGBOT = ("injective_v2_perpetual", "kraken", "lighter", "okx", "xrpl")
WHOLE = '{"strongroom":1,"records":[],"values":[{"name":"A","value":"EXAMPLE","created":"2026-01-01T00:00:00Z","changed":null}]}'
ROTATED = ('{"strongroom":1,"records":[{"exchange":"okx","fields":{"api_key":"EXAMPLE"},"previous":{"replaced":"2026-01-01T00:00:00Z",'
           '"retire":null,"fields":{"api_key":"E"},"rotated":-1,"expires":"2026-02-01T00:00:00Z","verified":null}}]}')
NAMED = '{"strongroom":1,"records":[{"exchange":"okx","fields":{"api_key":"E"},"variables":{"api_key":"OKX_KEY","uid":"U"}}]}'
CCXT = (
    '{"apiKey":"EXAMPLE-K","secret":"EXAMPLE-S","enableRateLimit":true,"options":{"sandbox":true,"defaultType":"swap"}}',
    '{"okx/a":{"apiKey":"EXAMPLE","secret":"EXAMPLE","password":"EXAMPLE"},"gate@testnet":{"apiKey":"E","secret":"E"}}',
    '{"dydx":{"walletAddress":"dydx1EXAMPLE","options":{"privateKey":"EXAMPLE"}}}',
    '{"lighter":{"privateKey":"E","options":{"accountIndex":1,"apiKeyIndex":"5","auths":{"1":{"5":{"lighterPrivateKey":"E"}}}}}}',
    '{"secret":"-----BEGIN PRIVATE KEY-----\\r\\nEXAMPLE\\\\n-----END PRIVATE KEY-----","uid":7}',
    '{"ndax":{"login":"E","password":"E","uid":"1","twofa":"E","token":null},"kraken":{"api_key":"E"}}',
)
FREQTRADE = (
    '{"exchange":{"name":"okx","key":"EXAMPLE","secret":"EXAMPLE","password":"EXAMPLE"}}',
    '// c\n{"exchange":{"name":"gate","api_key":"E",/* d */"secret":"E",},"telegram":{"token":"E","chat_id":"1",},}',
    '{"exchange":{"name":"dydx","walletAddress":"E","ccxt_config":{"options":{"privateKey":"E"}}}}',
    '{"exchange":{"name":"binance","api_key":"E","secret":"E","demo_trading":true,"pair_whitelist":["A"]},"max_open_trades":1}',
    '{"exchange":{"name":"ndax","key":"","apiKey":null,"ccxt_config":{"login":"E","sandbox":true}}}',
)
DOTENV = ("export A='b\\'c'\nB=\"x\\ny\" # c\nOKX_API_KEY=EXAMPLE\nOKX_API_SECRET='it'\"'\"'s'\n", "K=${A:-$}{\r\n", "A\n",
          "FREQTRADE__EXCHANGE__NAME=okx\nFREQTRADE__EXCHANGE__KEY=E\nFREQTRADE__EXCHANGE__CCXT_CONFIG__login=E\n",
          "HYPERLIQUID_TESTNET_PK=0xE\nKRAKEN_FUTURES_DEMO_API_KEY=E\nKRAKEN_FUTURES_DEMO_API_SECRET=E\n")
POLICY = (
    '[rotation]\nread = 90\ntrade = 60\nwithdraw = 14\nwarn_days = 7\n\n[expiry]\nwarn_days = 14\n',
    '[[allow]]\nrecord = "kraken/cold%20wallet"\ncode = "withdraw-permission"\nreason = "pays out, no further"\n',
    '[[allow]]\nrecord = "*@demo"\ncode = "shape"\nreason = "a"\n\n[[allow]]\nrecord = "okx/main/api_secret"\ncode = "blank"\nreason = "b"\n',
    'allow = [{ record = "env/*", code = "same-secret", reason = """c""" }]\n',
    '[rotation]\ntrade = 0x1e # days\nrotation.read = 1\n',
    '[[alow]]\n',
)


def seed(target: str, content: bytes) -> None:
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)


def body(text: str) -> bytes:
    """The file of a vector, or nothing where its text is not one."""
    if text.startswith("hex:\n"):
        return bytes.fromhex(text.removeprefix("hex:\n").replace("\n", ""))
    lines = [line for line in text.splitlines() if line and not line.startswith("-----")]
    try:
        return base64.b64decode("".join(lines))
    except ValueError:
        return b""


def main() -> None:
    for path in sorted((ROOT / "tests" / "vectors").glob("*.txt")):
        head, _, rest = path.read_bytes().decode().partition("\n\n")
        seed("container", body(rest))
        if path.name.startswith("armor"):
            seed("armor", rest.encode())
        for line in head.splitlines():
            key, _, value = line.partition(": ")
            if key == "payload":
                seed("payload", bytes.fromhex(value))
            if key in TEXT_KEYS:
                seed("texts", value.encode())
    for reference in REFERENCES:
        seed("texts", reference.encode())
    for changes in FORGERIES:
        seed("forgery", changes)
    for text in DOTENV + ((ROOT / "examples" / "sample.env").read_text(),):
        seed("dotenv", text.encode())
    seed("json", (ROOT / "examples" / "secrets.json").read_bytes())
    seed("aws", AWS.encode())
    for text in CCXT:
        seed("ccxt", text.encode())
    for text in FREQTRADE:
        seed("freqtrade", text.encode())
    for text in POLICY:
        seed("policy", text.encode())
    for text in (WHOLE, ROTATED, NAMED):
        seed("strongroom", text.encode())
    for path in sorted((ROOT / "tests" / "interop" / "hummingbot").glob("*/connectors/*.yml")):
        if path.stem in HUMMINGBOT:
            seed("hummingbot", path.read_bytes())
            values = [line.partition(": ")[2] for line in path.read_text().splitlines() if ": 7b22" in line]
            seed("hummingbot", bytes.fromhex(values[0]))
    for folder in sorted(CORPUS.iterdir()):
        print(f"{folder.name}: {len(list(folder.iterdir()))} seeds")


if __name__ == "__main__":
    main()
