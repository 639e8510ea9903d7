#!/usr/bin/env python3
"""Lets nautilus-trader's own clients take their credentials from the environment, and says what they took.

Each client is constructed without any credential, as a bot would, so that it looks the names up by itself. No network.
The adapters whose clients cannot be made without an event loop are looked for by name in the compiled library.

  nautilus_reader.py [--account ACCOUNT] [NAME...]    one of the accounts below, or all; names to look for in the library

Prints one JSON document.
"""

import argparse
import json
import pathlib

import nautilus_trader
from nautilus_trader.core import nautilus_pyo3

okx, bybit, kraken, bitmex, hyperliquid = (
    getattr(nautilus_pyo3, name) for name in ("okx", "bybit", "kraken", "bitmex", "hyperliquid"))
BitmexNet, HyperliquidNet = bitmex.BitmexEnvironment, hyperliquid.HyperliquidEnvironment


def binance(account: str, environment: str) -> list:
    """The one of them that is written in Python, and wants a few seconds to be imported."""
    from nautilus_trader.adapters.binance.common.credentials import get_api_key, get_api_secret
    from nautilus_trader.adapters.binance.common.enums import BinanceAccountType, BinanceEnvironment

    which = BinanceAccountType[account], BinanceEnvironment[environment]
    return [get_api_key(*which), get_api_secret(*which)]


# What a vault's account is called, and what nautilus-trader has for it. Clients show their key and not their secret, but
# none of them takes one without the other.
CLIENTS = {
    "binance": lambda: binance("SPOT", "LIVE"),
    "binance@testnet": lambda: binance("SPOT", "TESTNET"),
    "binance@demo": lambda: binance("SPOT", "DEMO"),
    "binanceusdm": lambda: binance("USDT_FUTURES", "LIVE"),
    "binanceusdm@testnet": lambda: binance("USDT_FUTURES", "TESTNET"),
    "bybit": lambda: [bybit.BybitHttpClient().api_key],
    "bybit@testnet": lambda: [bybit.BybitHttpClient(testnet=True).api_key],
    "bybit@demo": lambda: [bybit.BybitHttpClient(demo=True).api_key],
    "okx": lambda: [okx.OKXHttpClient.from_env().api_key],
    "kraken": lambda: [kraken.KrakenSpotHttpClient().api_key],
    "krakenfutures": lambda: [kraken.KrakenFuturesHttpClient().api_key],
    "krakenfutures@testnet": lambda: [kraken.KrakenFuturesHttpClient(demo=True).api_key],
    "bitmex": lambda: [bitmex.BitmexHttpClient(environment=BitmexNet.MAINNET).api_key],
    "bitmex@testnet": lambda: [bitmex.BitmexHttpClient(environment=BitmexNet.TESTNET).api_key],
    # The address is computed from the private key.
    "hyperliquid": lambda: [hyperliquid.HyperliquidHttpClient.from_env(HyperliquidNet.MAINNET).get_user_address()],
    "hyperliquid@testnet": lambda: [hyperliquid.HyperliquidHttpClient.from_env(HyperliquidNet.TESTNET).get_user_address()],
}


def took(client) -> dict:
    try:
        return {"took": client()}
    except Exception as error:  # whatever a bot would die of
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--account", choices=CLIENTS)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    library = pathlib.Path(nautilus_pyo3.__file__).read_bytes() if arguments.names else b""
    known = {name: name.encode() in library for name in arguments.names}
    wanted = [arguments.account] if arguments.account else CLIENTS
    clients = {name: took(CLIENTS[name]) for name in wanted}
    print(json.dumps({"version": nautilus_trader.__version__, "clients": clients, "known": known}))


if __name__ == "__main__":
    main()
