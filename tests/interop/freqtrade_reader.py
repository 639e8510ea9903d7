#!/usr/bin/env python3
"""Reads configuration files and environment as freqtrade does, makes its exchange of them, and says what ccxt got.

  freqtrade_reader.py [FILE...]         files in the order of freqtrade's -c options; FREQTRADE__... count more
  freqtrade_reader.py --each FILE...    a list with an answer for each; FILE+FILE are two in the order of -c
  freqtrade_reader.py --typed           a JSON list of texts on standard input: which keep their type as variables

No network: nothing is loaded from the exchange. Prints one JSON document.
"""

import json
import os
import socket
import sys
from copy import deepcopy

import freqtrade
from freqtrade.config_schema import CONF_SCHEMA
from freqtrade.configuration.environment_vars import _get_var_typed, environment_vars_to_dict
from freqtrade.configuration.load_config import load_from_files
from freqtrade import exchange as exchanges
from freqtrade.exchange.common import MAP_EXCHANGE_CHILDCLASS
from freqtrade.exchange.exchange import Exchange
from freqtrade.misc import deep_merge_dicts
from jsonschema import Draft4Validator


def no_network(*_arguments, **_options):
    raise OSError("this reader has no network")


socket.socket.connect = socket.socket.connect_ex = no_network
ATTRIBUTES = ("apiKey", "secret", "password", "uid", "accountId", "login", "twofa", "privateKey", "walletAddress", "token")
# What its own validation would ask for beside the credentials, and what keeps it from asking the exchange.
PUBLIC = {
    "dry_run": False, "stake_currency": "USDT", "timeframe": "1h", "trading_mode": "spot", "margin_mode": "",
    "candle_type_def": "spot", "exchange": {"pair_whitelist": [], "name": os.environ.get("READER_EXCHANGE", "")},
    "runmode": "other", "entry_pricing": {}, "exit_pricing": {}, "unfilledtimeout": {},
}


def class_of(name: str) -> type:
    """As freqtrade's ExchangeResolver finds it, which itself wants the database."""
    return getattr(exchanges, MAP_EXCHANGE_CHILDCLASS.get(name, name).title(), Exchange)


def read(files: list) -> dict:
    config = load_from_files(files) if files else {}
    config = deep_merge_dicts(environment_vars_to_dict(), config)
    merged = deep_merge_dicts(config, deepcopy(PUBLIC))
    schema = {"definitions": CONF_SCHEMA["definitions"], "$ref": "#/definitions/exchange"}
    problems = [error.message for error in Draft4Validator(schema).iter_errors(merged["exchange"])]
    sections = {name: config[name] for name in ("telegram", "api_server") if name in config}
    for name, section in sections.items():
        rules = Draft4Validator({"properties": CONF_SCHEMA["properties"][name]["properties"]})
        problems += [error.message for error in rules.iter_errors(section)]
    answer = {"version": freqtrade.__version__, "problems": problems, "sections": sections}
    try:
        kind = class_of(merged["exchange"]["name"])
        # Some ask the exchange about the account here.
        kind.additional_exchange_init = lambda _exchange: None
        exchange = kind(merged, validate=False)
        # The one of its checks that looks at what we wrote and not at the exchange.
        exchange.validate_demo_trading(merged["exchange"])
        client = exchange._api
    except Exception as error:  # whatever the bot would die of
        return {**answer, "error": f"{type(error).__name__}: {error}"}
    given = config.get("exchange", {}).get("ccxt_config", {}).get("options", {})
    return {
        **answer,
        "id": client.id,
        "attributes": {word: getattr(client, word) for word in ATTRIBUTES if getattr(client, word)},
        "options": {word: client.options.get(word) for word in given},
        "sandbox": bool(client.isSandboxModeEnabled or client.options.get("sandboxMode")),
        "hosts": json.dumps(client.urls.get("api")),
    }


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--typed"]:
        answer = [isinstance(_get_var_typed(text), str) for text in json.load(sys.stdin)]
    elif arguments[:1] == ["--each"]:
        answer = [read(files.split("+")) for files in arguments[1:]]
    else:
        answer = read(arguments)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
