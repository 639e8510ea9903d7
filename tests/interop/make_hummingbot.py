#!/usr/bin/env python3
"""Makes tests/interop/hummingbot again: configurations that hummingbot's own code wrote and encrypted.

    pip download hummingbot==20260922 --no-deps --no-binary :all: && tar xzf hummingbot-20260922.tar.gz
    pip install eth-account==0.13.7 eth-keyfile==0.8.1 pydantic==2.14.3 PyYAML==6.0.3 bidict ruamel.yaml ujson xrpl-py
    tests/interop/make_hummingbot.py hummingbot-20260922

What runs is hummingbot's: its list of connectors, their models, the YAML it writes, its encryption. Only what it needs
a compiler or a network for is replaced by empty classes, and its randomness by a counter, so that the files come out
the same. Derivations take 1,000 rounds instead of 1,000,000, except below `default/`.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import json
import pathlib
import shutil
import sys
import types
from abc import ABCMeta

HERE = pathlib.Path(__file__).resolve().parent / "hummingbot"
PASSWORD = "EXAMPLE hummingbot pässword"
FAST = 1_000

# What pulls in the whole client and is not asked for anything here.
UNNEEDED = (
    "hummingbot.client.config.client_config_map",
    "hummingbot.connector.connector_metrics_collector",
    "hummingbot.core.rate_oracle",
)


class EmptyClass(ABCMeta):
    """A class that has every attribute: to inherit from, to annotate with, to call."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return empty_class(name)


def empty_class(name):
    return EmptyClass(name, (), {"__init__": lambda self, *_, **__: None})


class Replacement(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Modules of empty classes, for what is unneeded or not there."""

    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path, target=None):
        if not name.startswith(self.names):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__path__ = []

        def attribute(name):
            if name.startswith("__"):
                raise AttributeError(name)
            return empty_class(name)

        module.__getattr__ = attribute
        return module

    def exec_module(self, module):
        pass


def load(source):
    """hummingbot's modules: those that are pure Python are the real ones."""
    import eth_account  # noqa: F401  the real ones, before anything stands in for what is missing
    import ruamel.yaml  # noqa: F401
    import xrpl  # noqa: F401
    import yaml  # noqa: F401

    sys.path.insert(0, str(source))
    sys.meta_path.insert(0, Replacement(UNNEEDED))
    sys.meta_path.append(Replacement(("",)))
    from hummingbot.client.config import config_crypt, config_helpers
    from hummingbot.client.config.security import Security
    from hummingbot.client.settings import AllConnectorSettings

    return config_crypt, config_helpers, Security, AllConnectorSettings


class Counter:
    """Salts and initial values that are all different and the same every time."""

    def __init__(self, prefix=b"EXAMPLE"):
        self.prefix = prefix
        self.number = 0

    def get_random_bytes(self, length):
        self.number += 1
        return (self.prefix + str(self.number).encode().rjust(length - len(self.prefix), b"-"))[:length]


def value_of(connector, attribute):
    """What a user would have typed: obviously fake, and different for every field."""
    if attribute.startswith("kalshi") and attribute.endswith("private_key"):
        return f"-----BEGIN EXAMPLE-----\n{connector}\n-----END EXAMPLE-----\n"
    if attribute == "pacifica_perpetual_api_config_key":
        return ""  # optional there, and encrypted all the same
    if attribute == "kucoin_passphrase":
        return "EXAMPLE pässphrase \U0001f511 'quoted' \\ \""
    # In capitals, so that no part of it is also a part of the field's name.
    return f"EXAMPLE-{connector}-{attribute}".upper().replace("_", "-")


# What has no default and is stored in clear.
CLEAR = {
    "l1_address": "0x" + "e" * 40,
    "api_key_index": 3,
    "account_index": 7,
    "subaccount_index": 0,
    "granter_address": "inj1EXAMPLE",
}


def fill(model, connector, config_helpers, secrets):
    """Sets everything that has to be set; notes each secret by its name."""
    from pydantic import SecretStr

    adapter = config_helpers.ClientConfigAdapter(model)
    for attribute, field in type(model).model_fields.items():
        if field.annotation is SecretStr:
            secrets[attribute] = value_of(connector, attribute)
            setattr(adapter, attribute, secrets[attribute])
            continue
        for suffix, value in CLEAR.items():
            if attribute.endswith(suffix):
                setattr(adapter, attribute, value)
    return adapter


def connectors(settings, config_helpers):
    """Every connector that has keys, with its model filled in."""
    for name, setting in sorted(settings.get_connector_settings().items()):
        keys = setting.config_keys
        if keys is None or not hasattr(keys, "connector"):
            continue
        secrets = {}
        model = type(keys).model_construct()
        if name.startswith("injective"):
            utils = sys.modules["hummingbot.connector.exchange.injective_v2.injective_v2_utils"]
            account = utils.InjectiveDelegatedAccountMode.model_construct()
            account = fill(account, name, config_helpers, secrets)
            model.network = utils.InjectiveTestnetNetworkMode() if name.endswith("perpetual") else model.network
            model.account_type = account.hb_config
        adapter = fill(model, name, config_helpers, secrets)
        if secrets:
            yield name, adapter, secrets


def main():
    config_crypt, config_helpers, security, settings = load(pathlib.Path(sys.argv[1]).resolve())
    default_rounds = config_crypt.get_default_work_factor_for_kdf
    security.secrets_manager = config_crypt.ETHKeyFileSecretManger(PASSWORD)
    if HERE.exists():
        shutil.rmtree(HERE)

    def write(folder, chosen, rounds, random):
        config_crypt.get_default_work_factor_for_kdf = rounds
        config_crypt.Random = random
        conf = HERE / folder
        (conf / "connectors").mkdir(parents=True)
        config_crypt.PASSWORD_VERIFICATION_PATH = conf / ".password_verification"
        config_crypt.store_password_verification(security.secrets_manager)
        written = {}
        for name, adapter, secrets in connectors(settings, config_helpers):
            if chosen is None or name in chosen:
                config_helpers.save_to_yml(conf / "connectors" / f"{name}.yml", adapter)
                written[name] = secrets
                # As hummingbot reads it: the values come back, or this stops.
                read = config_helpers.load_connector_config_map_from_file(conf / "connectors" / f"{name}.yml")
                for item in read.traverse():
                    # It forgets to decrypt what it does not call secure: lighter's account limit.
                    if item.attr in secrets and item.client_field_data.is_secure:
                        assert item.value.get_secret_value() == secrets[item.attr], (name, item.attr)
        (conf / "secrets.json").write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")
        print(f"{folder}: {len(written)} connectors, {sum(map(len, written.values()))} secrets")

    write("conf", None, lambda _: FAST, Counter())
    write("short_iv", ("okx",), lambda _: FAST, Counter(b"\0\0\0"))
    write("default", ("kucoin",), default_rounds, Counter())


if __name__ == "__main__":
    main()
