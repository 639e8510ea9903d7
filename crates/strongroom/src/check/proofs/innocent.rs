//! What each rule is near to and passes over.

use super::*;

pub(super) const INNOCENT: &[Innocent] = &[
    Innocent(MISSING_FIELD, |all| add(all, "okx/main", &KUCOIN)),
    Innocent(MISSING_FIELD, |all| add(all, "dydx/main", &[("private_key", "EXAMPLE")])),
    Innocent(MISSING_FIELD, |all| add(all, "somewhere-new/main", &[("token", "EXAMPLE")])),
    Innocent(MISSING_FIELD, |all| {
        remove(all, "bitvavo/main", "api_secret");
        set(all, "bitvavo/main", "private_key", PEM);
    }),
    Innocent(MISSING_FIELD, |all| {
        add(all, "lighter/main", &[("api_secret", "EXAMPLE"), ("account_index", "1"), ("api_key_index", "3")]);
        add(all, "ndax/main", &[("account_name", "EXAMPLE"), ("api_key", "1"), ("api_secret", "2"), ("uid", "3")]);
        add(all, "kucoin/main", &[KUCOIN[0], KUCOIN[1], ("password", KUCOIN[2].1)]);
    }),
    Innocent(EMPTY_FIELD, |all| remove(all, "bitvavo/main", "api_secret")),
    Innocent(BLANK, |all| set(all, "bitvavo/main", "private_key", "EXAMPLE words of a phrase")),
    Innocent(BLANK, |all| all.set_value("QUERY", secret("\"EXAMPLE\",\n\t\"EXAMPLE\""), NOW)),
    Innocent(PEM_FORM, |all| set(all, "bitvavo/main", "api_secret", PEM)),
    Innocent(PEM_FORM, |all| set(all, "bitvavo/main", "api_secret", &pem(RSA))),
    Innocent(PEM_FORM, |all| all.set_value("PUBLIC", secret(&PEM.replace("PRIVATE", "PUBLIC")), NOW)),
    Innocent(SHAPE, |all| add(all, "kucoin/main", &KUCOIN)),
    Innocent(SHAPE, |all| {
        let trailing = format!("{}\n", KUCOIN[0].1);
        add(all, "kucoin/main", &[("api_key", &trailing), KUCOIN[1], KUCOIN[2]]);
    }),
    Innocent(SHAPE, |all| {
        add(
            all,
            "coinbase/main",
            &[("api_key", KUCOIN[1].1), ("api_secret", &format!("{}==", "EXAMPLE+/0".repeat(9).split_at(86).0))],
        );
    }),
    Innocent(CANNOT_SIGN, |all| {
        let keys = [
            ("binance/a", PEM.to_owned()),
            ("binance/b", pem(RSA)),
            ("bybit/main", pem(RSA)),
            ("coinbase/b", pem(EC_OWN)),
        ];
        for (number, (name, key)) in keys.iter().enumerate() {
            add(all, name, &[("api_key", &format!("EXAMPLE-{number}")), ("api_secret", key)]);
        }
        set(all, "coinbase/b", "api_key", CLOUD);
        add(all, "kraken/main", &[GOOD2[0], ("api_secret", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE0=")]);
        add(all, "somewhere-new/main", &[GOOD2[0], ("api_secret", &pem(EC_OWN))]);
    }),
    Innocent(CANNOT_SIGN, |all| {
        // Nobody said that it is hmac: that is what stands where nobody says anything.
        add(all, "backpack/main", &[GOOD2[0], ("api_secret", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE0=")]);
        add(all, "kraken/main", &[GOOD2[0], ("api_secret", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE\n")]);
    }),
    Innocent(SWAPPED, |all| add(all, "kucoin/main", &KUCOIN)),
    Innocent(SAME_SECRET, |all| {
        add(all, "binance/main", &GOOD2);
        add(all, "binanceusdm/main", &GOOD2);
        add(all, "okx/main", &KUCOIN);
        add(all, "okex/main", &KUCOIN);
    }),
    Innocent(SAME_VARIABLE, |all| {
        edit(all, "bitvavo/main", |record| drop(record.variables.insert("api_key".into(), "BITVAVO_KEY".into())));
        all.set_value("BITVAVO_API_KEY", secret("EXAMPLE other"), NOW);
    }),
    Innocent(UNREACHABLE_VARIABLE, |all| {
        edit(all, "bitvavo/main", |record| drop(record.variables.insert("api_key".into(), "STRONGROOMS".into())));
        // Whoever keeps such a value keeps it for us.
        all.set_value("STRONGROOM_FACTOR", secret("EXAMPLE other"), NOW);
    }),
    Innocent(SAME_SECRET, |all| {
        set(all, "bitvavo/main", "uid", "EXAMPLE-UID");
        add(all, "bitstamp/main", &[GOOD2[0], GOOD2[1], ("uid", "EXAMPLE-UID")]);
    }),
    Innocent(SAME_SECRET, |all| {
        add(all, "lighter/a", &[("api_secret", "EXAMPLE-3"), ("account_index", "1234567"), ("api_key_index", "3")]);
        add(all, "derive/a", &[("private_key", "EXAMPLE-4"), ("subaccount_id", "1234567"), ("note", "3")]);
        all.set_value("WORKERS", secret("3"), NOW);
    }),
    Innocent(SAME_SECRET, |all| {
        // Capitals count where they may: a passphrase is no key.
        let (upper, lower) = ("EXAMPLE-SECRET-A", "example-secret-a");
        add(all, "bitvavo/a", &[GOOD2[0], ("api_secret", upper)]);
        add(all, "bitvavo/b", &[("api_key", "EXAMPLE-KEY-3"), ("api_secret", lower)]);
    }),
    Innocent(WITHDRAW_PERMISSION, |all| permit(all, &["read", "trade", "transfer"])),
    Innocent(WITHDRAW_PERMISSION, |all| permit(all, &["read", "no_withdraw"])),
    Innocent(WITHDRAW_PERMISSION, |all| {
        add(all, "gate/main", &GOOD2);
        edit(all, "gate/main", |record| record.permissions = words(&["wallet", "spot", "account"]));
    }),
    Innocent(WITHDRAW_PERMISSION, |all| {
        add(all, "bitstamp/main@testnet", &GOOD2);
        edit(all, "bitstamp/main@testnet", |record| record.permissions = words(&["withdraw"]));
    }),
    Innocent(WITHDRAW_PERMISSION, |all| keep_old(all, &["read", "trade"], &[])),
    Innocent(WITHDRAW_PERMISSION, |all| {
        keep_old(all, &["withdraw"], &[]);
        edit_old(all, |old| old.expires = Some(NOW));
    }),
    Innocent(WITHDRAW_PERMISSION, |all| {
        keep_old(all, &["withdraw"], &[]);
        all.finish_rotation(&reference("bitvavo/main")).unwrap();
    }),
    Innocent(NO_IP_ALLOWLIST, |all| keep_old(all, &["withdraw"], &["203.0.113.7"])),
    Innocent(NO_IP_ALLOWLIST, |all| keep_old(all, &["read"], &[])),
    Innocent(NO_IP_ALLOWLIST, |all| {
        keep_old(all, &["trade"], &[]);
        edit_old(all, |old| old.expires = Some(NOW));
    }),
    Innocent(SAME_SECRET, |all| {
        keep_old(all, &["read"], &[]);
        edit_old(all, |old| drop(old.fields.set("api_passphrase", secret(KUCOIN[2].1))));
        add(all, "kucoin/main", &KUCOIN);
        set(all, "bitvavo/main", "api_secret", OLD);
    }),
    Innocent(NO_IP_ALLOWLIST, |all| bind(all, &["read"], &[])),
    Innocent(NO_IP_ALLOWLIST, |all| bind(all, &["withdraw"], &["2001:db8::/32"])),
    Innocent(NO_IP_ALLOWLIST, |all| add(all, "bitstamp/main@demo", &GOOD2)),
    Innocent(NO_IP_ALLOWLIST, |all| {
        add(all, "hyperliquid/main", &[("private_key", "EXAMPLE"), ("wallet_address", "EXAMPLE2")]);
        edit(all, "hyperliquid/main", |record| record.kind = CredentialKind::Wallet);
    }),
    Innocent(NO_IP_ALLOWLIST, |all| bind(all, &["withdraw"], &["203.0.0.0/8"])),
    Innocent(IP_ALLOWLIST_FORM, |all| bind(all, &["trade"], &["203.0.113.7", "2001:db8::/32", "203.0.0.0/8"])),
    Innocent(EXPIRED, |all| edit(all, "bitvavo/main", |record| record.expires = Some(NOW + 1))),
    Innocent(EXPIRED, |all| aged(all, "bybit/main", 400)),
    Innocent(EXPIRED, |all| {
        unbound(all, "bybit/main", 400);
        edit(all, "bybit/main", |record| record.expires = Some(NOW + 100 * DAY));
    }),
    Innocent(EXPIRED, |all| {
        unbound(all, "bybit/main", 400);
        edit(all, "bybit/main", |record| record.verified = Some(NOW - DAY));
    }),
    Innocent(EXPIRES_SOON, |all| edit(all, "bitvavo/main", |record| record.expires = Some(NOW + 14 * DAY))),
    Innocent(EXPIRES_SOON, |all| unbound(all, "bybit/main", 70)),
    Innocent(ROTATION_DUE, |all| aged(all, "bitstamp/main", 29)),
    Innocent(ROTATION_DUE, |all| {
        aged(all, "bitstamp/main", 400);
        edit(all, "bitstamp/main", |record| record.rotated = Some(NOW - DAY));
    }),
    Innocent(ROTATION_DUE, |all| {
        aged(all, "bitstamp/main", 89);
        edit(all, "bitstamp/main", |record| record.permissions = words(&["read"]));
    }),
    Innocent(ROTATION_DUE, |all| {
        aged(all, "bitstamp/main", 400);
        edit(all, "bitstamp/main", |record| record.rotate_after_days = Some(500));
    }),
    Innocent(ROTATION_DUE_SOON, |all| aged(all, "bitstamp/main", 22)),
    Innocent(NEVER_ROTATED, |all| aged(all, "bitstamp/main", 6)),
    Innocent(NEVER_ROTATED, |all| aged(all, "bitstamp/main@demo", 20)),
    Innocent(NEVER_ROTATED, |all| {
        aged(all, "bitstamp/main", 400);
        edit(all, "bitstamp/main", |record| record.rotated = Some(NOW - 9 * DAY));
    }),
    Innocent(ROTATION_UNFINISHED, |all| edit(all, "bitvavo/main", |record| record.rotated = Some(NOW))),
    Innocent(PERMISSIONS_NOT_RECORDED, |all| permit(all, &["read"])),
    Innocent(PERMISSIONS_NOT_RECORDED, |all| add(all, "bitstamp/main@testnet", &GOOD2)),
    Innocent(UNKNOWN_PERMISSION_WORD, |all| {
        add(all, "binance/main", &GOOD2);
        edit(all, "binance/main", |record| record.permissions = words(&["enableReading", "trade"]));
    }),
    Innocent(UNKNOWN_PERMISSION_WORD, |all| {
        add(all, "gateio/main", &GOOD2);
        edit(all, "gateio/main", |record| record.permissions = words(&["spot", "delivery", "wallet", "unified"]));
    }),
    Innocent(UNKNOWN_EXCHANGE, |all| add(all, "okex/main", &KUCOIN)),
    Innocent(POLICY_WITHOUT_RECORD, |_| ()),
];
