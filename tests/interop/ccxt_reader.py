#!/usr/bin/env python3
"""Constructs ccxt's exchanges from what strongroom wrote, without a network, and says what they made of it.

  ccxt_reader.py FILE [--exchange ID]   objects by name, or the object of one exchange
  ccxt_reader.py --required             what each exchange of ccxt requires, in its words
  ccxt_reader.py --keys                 throwaway private keys, one of each kind
  ccxt_reader.py FILE --sign            signs one private request with each and checks the signature

Prints one JSON document. What raises is the text of its answer.
"""

import argparse
import base64
import json
import socket
import urllib.parse

import ccxt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils


def no_network(*_arguments, **_options):
    raise OSError("this reader has no network")


socket.socket.connect = socket.socket.connect_ex = no_network
ATTRIBUTES = ("apiKey", "secret", "password", "uid", "accountId", "login", "twofa", "privateKey", "walletAddress", "token")


def construct(name: str, config: dict) -> ccxt.Exchange:
    """The class is what stands before the subaccount and the environment."""
    return getattr(ccxt, name.split("/")[0].split("@")[0])(config)


def read(name: str, config: dict) -> dict:
    try:
        exchange = construct(name, config)
        exchange.checkRequiredCredentials()
    except Exception as error:  # whatever a bot would die of
        return {"error": f"{type(error).__name__}: {error}"}
    attributes = {word: getattr(exchange, word) for word in ATTRIBUTES if getattr(exchange, word)}
    # What came in `options` and is still there: ccxt keeps it beside its own.
    options = {word: exchange.options.get(word) for word in config.get("options", {})}
    sandbox = bool(exchange.isSandboxModeEnabled or exchange.options.get("sandboxMode"))
    return {"id": exchange.id, "attributes": attributes, "options": options, "sandbox": sandbox}


def sign(name: str, config: dict) -> dict:
    try:
        exchange = construct(name, config)
        key = serialization.load_pem_private_key(config["secret"].encode(), None)
        return {"binance": sign_binance, "bybit": sign_bybit, "coinbase": sign_coinbase}[exchange.id](exchange, key)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def verify(key, signature: bytes, message: bytes) -> dict:
    public = key.public_key()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        public.verify(signature, message)
        return {"verified": "ed25519"}
    public.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    return {"verified": "rsa"}


def sign_binance(exchange, key) -> dict:
    url = exchange.sign("account", ["private"], "GET", {})["url"]
    query, _, signature = url.partition("?")[2].partition("&signature=")
    return verify(key, base64.b64decode(urllib.parse.unquote(signature)), query.encode())


def sign_bybit(exchange, key) -> dict:
    signed = exchange.sign("v5/user/query-api", ["private"], "GET", {})
    headers = signed["headers"]
    message = headers["X-BAPI-TIMESTAMP"] + headers["X-BAPI-API-KEY"] + headers["X-BAPI-RECV-WINDOW"]
    return verify(key, base64.b64decode(headers["X-BAPI-SIGN"]), message.encode())


def sign_coinbase(exchange, key) -> dict:
    headers = exchange.sign("brokerage/accounts", ["v3", "private"], "GET", {})["headers"]
    head, body, signature = headers["Authorization"].removeprefix("Bearer ").split(".")
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    half = len(raw) // 2
    encoded = utils.encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
    key.public_key().verify(encoded, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    return {"verified": "es256"}


def keys() -> dict:
    def pem(key, form=serialization.PrivateFormat.PKCS8) -> str:
        return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()

    return {
        "ed25519": pem(ed25519.Ed25519PrivateKey.generate()),
        "rsa": pem(rsa.generate_private_key(65537, 2048)),
        "es256": pem(ec.generate_private_key(ec.SECP256R1()), serialization.PrivateFormat.TraditionalOpenSSL),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", nargs="?")
    parser.add_argument("--exchange")
    parser.add_argument("--keys", action="store_true")
    parser.add_argument("--required", action="store_true")
    parser.add_argument("--sign", action="store_true")
    arguments = parser.parse_args()
    if arguments.keys:
        print(json.dumps(keys()))
        return
    if arguments.required:
        needs = {name: getattr(ccxt, name)().requiredCredentials for name in ccxt.exchanges}
        print(json.dumps({name: [word for word in ATTRIBUTES if need.get(word)] for name, need in needs.items()}))
        return
    with open(arguments.file, encoding="utf-8") as file:
        document = json.load(file)
    if arguments.exchange:
        document = {arguments.exchange: document}
    answer = sign if arguments.sign else read
    accounts = {name: answer(name, config) for name, config in document.items()}
    print(json.dumps({"version": ccxt.__version__, "classes": ccxt.exchanges, "accounts": accounts}))


if __name__ == "__main__":
    main()
