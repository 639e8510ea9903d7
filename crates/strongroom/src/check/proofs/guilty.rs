//! What each rule finds, and how bad it says that it is.

use super::*;

pub(super) const GUILTY: &[Guilty] = &[
    Guilty(MISSING_FIELD, Error, |all| remove(all, "bitvavo/main", "api_secret")),
    Guilty(MISSING_FIELD, Error, |all| add(all, "okx/main", &[("api_key", "1"), ("api_secret", "2")])),
    Guilty(MISSING_FIELD, Error, |all| add(all, "dydx/main", &[("account_id", "EXAMPLE")])),
    Guilty(MISSING_FIELD, Error, |all| add(all, "somewhere-new/main", &[])),
    Guilty(EMPTY_FIELD, Error, |all| set(all, "bitvavo/main", "api_secret", "")),
    Guilty(EMPTY_FIELD, Warning, |all| set(all, "bitvavo/main", "uid", "")),
    Guilty(BLANK, Error, |all| set(all, "bitvavo/main", "api_secret", "EXAMPLE-SECRET\n")),
    Guilty(BLANK, Error, |all| set(all, "bitvavo/main", "api_key", "\u{feff}EXAMPLE-KEY")),
    Guilty(BLANK, Warning, |all| set(all, "bitvavo/main", "api_passphrase", "'EXAMPLE-PHRASE'")),
    Guilty(BLANK, Warning, |all| all.set_value("DATABASE_URL", secret("EXAMPLE-URL "), NOW)),
    Guilty(PEM_FORM, Error, |all| set(all, "bitvavo/main", "api_secret", &PEM.replace('\n', "\r\n"))),
    Guilty(PEM_FORM, Error, |all| set(all, "bitvavo/main", "api_secret", &PEM.replace('\n', "\\n"))),
    Guilty(PEM_FORM, Warning, |all| set(all, "bitvavo/main", "api_secret", PEM.trim_end())),
    Guilty(PEM_FORM, Error, |all| set(all, "bitvavo/main", "api_secret", &PEM.replace("AAAA\n", "\n"))),
    Guilty(PEM_FORM, Error, |all| set(all, "bitvavo/main", "api_secret", &pem(RSA).replace('\n', "\n\n"))),
    Guilty(PEM_FORM, Error, |all| set(all, "bitvavo/main", "api_secret", &format!("\u{feff}{PEM}"))),
    Guilty(PEM_FORM, Error, |all| set(all, "bitvavo/main", "api_secret", &format!("'{PEM}'"))),
    Guilty(PEM_FORM, Warning, |all| set(all, "bitvavo/main", "api_secret", &format!("\"{}\"", pem(RSA)))),
    Guilty(PEM_FORM, Warning, |all| all.set_value("SIGNING_KEY", secret(&PEM.replace('\n', "\\n")), NOW)),
    Guilty(SHAPE, Warning, |all| add(all, "kucoin/main", &KUCOIN_SHORT)),
    Guilty(SHAPE, Info, |all| add(all, "kucoin/main@testnet", &KUCOIN_SHORT)),
    Guilty(CANNOT_SIGN, Error, |all| add(all, "coinbase/main", &[("api_key", CLOUD), ("api_secret", &pem(RSA))])),
    Guilty(CANNOT_SIGN, Error, |all| add(all, "coinbase/main", &[("api_key", CLOUD), ("api_secret", PEM)])),
    Guilty(CANNOT_SIGN, Error, |all| add(all, "coinbase/main", &[("api_key", CLOUD), GOOD2[1]])),
    Guilty(CANNOT_SIGN, Error, |all| add(all, "binance/main", &[GOOD2[0], ("api_secret", &pem(EC_OWN))])),
    Guilty(CANNOT_SIGN, Error, |all| add(all, "bybit/main", &[GOOD2[0], ("api_secret", PEM)])),
    Guilty(CANNOT_SIGN, Error, |all| add(all, "kraken/main", &GOOD2)),
    // The registry has nobody who says that it takes no others; somebody said so of the record.
    Guilty(CANNOT_SIGN, Warning, |all| add(all, "bitget/main", &[GOOD2[0], ("api_secret", &pem(RSA)), KUCOIN[2]])),
    // Nobody at Gate ever reads that field.
    Guilty(CANNOT_SIGN, Warning, |all| add(all, "gate/main", &[GOOD2[0], GOOD2[1], ("private_key", &pem(RSA))])),
    Guilty(CANNOT_SIGN, Warning, |all| {
        add(all, "okx/main", &KUCOIN);
        edit(all, "okx/main", |record| record.kind = CredentialKind::Rsa);
    }),
    Guilty(SWAPPED, Error, |all| {
        add(all, "kucoin/main", &[("api_key", KUCOIN[1].1), ("api_secret", KUCOIN[0].1), KUCOIN[2]]);
    }),
    Guilty(SWAPPED, Error, |all| set(all, "bitvavo/main", "api_key", PEM)),
    // One exchange, two accounts; trials and money; two exchanges; one record; a value beside it.
    Guilty(SAME_SECRET, Warning, |all| add(all, "bitvavo/other", &GOOD)),
    Guilty(SAME_SECRET, Error, |all| add(all, "bitvavo/main@testnet", &GOOD)),
    Guilty(SAME_SECRET, Error, |all| add(all, "bitstamp/main", &GOOD)),
    Guilty(SAME_SECRET, Warning, |all| add(all, "somewhere-new/main", &GOOD)),
    Guilty(SAME_SECRET, Error, |all| set(all, "bitvavo/main", "api_secret", GOOD[0].1)),
    Guilty(SAME_SECRET, Info, |all| all.set_value("BITVAVO_SECRET", secret(GOOD[1].1), NOW)),
    Guilty(SAME_SECRET, Info, |all| {
        add(all, "kucoin/main", &KUCOIN);
        add(all, "okx/main", &[("api_key", "1"), ("api_secret", "2"), KUCOIN[2]]);
    }),
    // A blank that one copy has, 0x and capitals, the lines of a key.
    Guilty(SAME_SECRET, Warning, |all| {
        add(all, "bitvavo/other", &[GOOD2[0], ("api_secret", &format!(" {}\n", GOOD[1].1))]);
    }),
    Guilty(SAME_SECRET, Warning, |all| {
        let wallet = |key: &str| vec![("private_key".to_owned(), secret(key))];
        for (name, key) in [("hyperliquid/main", format!("0x{}", "ab".repeat(32))), ("nado/main", "AB".repeat(32))] {
            add(all, name, &[("wallet_address", name)]);
            edit(all, name, |record| {
                record.kind = CredentialKind::Wallet;
                wallet(&key).into_iter().for_each(|(name, key)| drop(record.fields.set(&name, key)));
            });
        }
    }),
    Guilty(SAME_SECRET, Warning, |all| {
        set(all, "bitvavo/main", "api_secret", PEM);
        add(all, "bitvavo/other", &[GOOD2[0], ("api_secret", &PEM.replace('\n', "\r\n"))]);
    }),
    Guilty(WITHDRAW_PERMISSION, Error, |all| permit(all, &["read", "withdraw"])),
    Guilty(WITHDRAW_PERMISSION, Error, |all| permit(all, &["can_withdraw"])),
    Guilty(WITHDRAW_PERMISSION, Error, |all| permit(all, &["read_only,withdraw,trade"])),
    Guilty(WITHDRAW_PERMISSION, Error, |all| {
        add(all, "somewhere-new/main", &GOOD2);
        edit(all, "somewhere-new/main", |record| record.permissions = words(&["enableWithdrawals"]));
    }),
    Guilty(WITHDRAW_PERMISSION, Error, |all| {
        add(all, "coinbase/main", &GOOD2);
        edit(all, "coinbase/main", |record| record.permissions = words(&["transfer"]));
    }),
    Guilty(WITHDRAW_PERMISSION, Error, |all| {
        add(all, "hyperliquid/main", &[("private_key", "EXAMPLE"), ("wallet_address", "EXAMPLE2")]);
        edit(all, "hyperliquid/main", |record| {
            (record.kind, record.permissions) = (CredentialKind::Wallet, words(&["withdraw"]));
        });
    }),
    Guilty(WITHDRAW_PERMISSION, Error, |all| keep_old(all, &["read", "withdraw"], &["203.0.113.7"])),
    Guilty(NO_IP_ALLOWLIST, Error, |all| keep_old(all, &["withdraw"], &[])),
    Guilty(NO_IP_ALLOWLIST, Warning, |all| keep_old(all, &["read", "trade"], &[])),
    Guilty(NO_IP_ALLOWLIST, Info, |all| keep_old(all, &[], &[])),
    // Of a rotation that is not finished, old values that are in use elsewhere.
    Guilty(SAME_SECRET, Warning, |all| {
        keep_old(all, &["read"], &[]);
        add(all, "bitvavo/other", &[("api_key", OLD), GOOD2[1]]);
    }),
    Guilty(SAME_SECRET, Warning, |all| {
        keep_old(all, &["read"], &[]);
        all.set_value("BITVAVO_KEY", secret(OLD), NOW);
    }),
    Guilty(NO_IP_ALLOWLIST, Error, |all| bind(all, &["withdraw"], &[])),
    Guilty(NO_IP_ALLOWLIST, Warning, |all| bind(all, &["trade"], &[])),
    Guilty(NO_IP_ALLOWLIST, Warning, |all| bind(all, &["trade"], &["0.0.0.0/0"])),
    Guilty(NO_IP_ALLOWLIST, Error, |all| bind(all, &["withdraw"], &["0.0.0.0/0", "203.0.113.7"])),
    Guilty(NO_IP_ALLOWLIST, Error, |all| bind(all, &["withdraw"], &["192.168.1.1", "fd00::1"])),
    Guilty(NO_IP_ALLOWLIST, Warning, |all| bind(all, &["transfer"], &[])),
    Guilty(NO_IP_ALLOWLIST, Warning, |all| bind(all, &["trade"], &["203.0.113.4/1"])),
    Guilty(NO_IP_ALLOWLIST, Warning, |all| bind(all, &["trade"], &["203.0.113.4", "2000::/3"])),
    Guilty(NO_IP_ALLOWLIST, Info, |all| bind(all, &[], &[])),
    Guilty(NO_IP_ALLOWLIST, Info, |all| bind(all, &["read", "traid"], &[])),
    Guilty(NO_IP_ALLOWLIST, Error, |all| bind(all, &["traid", "withdrawals"], &[])),
    Guilty(IP_ALLOWLIST_FORM, Warning, |all| bind(all, &["trade"], &["203.0.113.7", "example.org"])),
    Guilty(IP_ALLOWLIST_FORM, Warning, |all| bind(all, &["trade"], &["203.0.113.7", "::/0"])),
    Guilty(IP_ALLOWLIST_FORM, Warning, |all| bind(all, &["trade"], &["203.0.113.7", "192.168.1.1"])),
    Guilty(IP_ALLOWLIST_FORM, Warning, |all| bind(all, &["trade"], &["203.0.113.4/1"])),
    Guilty(EXPIRED, Error, |all| edit(all, "bitvavo/main", |record| record.expires = Some(NOW))),
    Guilty(EXPIRED, Error, |all| aged(all, "upbit/main", 365)),
    Guilty(EXPIRED, Warning, |all| unbound(all, "bybit/main", 90)),
    Guilty(EXPIRED, Error, |all| {
        aged(all, "bybit/main", 90);
        edit(all, "bybit/main", |record| record.ip_allowlist = words(&["0.0.0.0/0"]));
    }),
    Guilty(EXPIRED, Warning, |all| unbound(all, "bybiteu/main", 90)),
    Guilty(EXPIRED, Warning, |all| unbound(all, "binance/main", 95)),
    Guilty(EXPIRES_SOON, Warning, |all| edit(all, "bitvavo/main", |record| record.expires = Some(NOW + 13 * DAY))),
    Guilty(EXPIRES_SOON, Warning, |all| unbound(all, "bybit/main", 80)),
    Guilty(EXPIRES_SOON, Info, |all| unbound(all, "bybiteu/main", 80)),
    Guilty(ROTATION_DUE, Warning, |all| aged(all, "bitstamp/main", 30)),
    Guilty(ROTATION_DUE, Info, |all| aged(all, "bitstamp/main@testnet", 30)),
    Guilty(ROTATION_DUE, Warning, |all| {
        aged(all, "bitstamp/main", 400);
        edit(all, "bitstamp/main", |record| record.rotated = Some(NOW - 31 * DAY));
    }),
    Guilty(ROTATION_DUE_SOON, Info, |all| aged(all, "bitstamp/main", 25)),
    Guilty(NEVER_ROTATED, Info, |all| aged(all, "bitstamp/main", 7)),
    Guilty(ROTATION_UNFINISHED, Info, |all| previous(all, NOW, Some(NOW + DAY))),
    Guilty(ROTATION_UNFINISHED, Warning, |all| previous(all, NOW - 9 * DAY, Some(NOW))),
    Guilty(ROTATION_UNFINISHED, Info, |all| previous(all, NOW - DAY, None)),
    Guilty(ROTATION_UNFINISHED, Warning, |all| previous(all, NOW - 7 * DAY, None)),
    Guilty(PERMISSIONS_NOT_RECORDED, Info, |all| permit(all, &[])),
    Guilty(UNKNOWN_PERMISSION_WORD, Warning, |all| permit(all, &["read", "traid"])),
    Guilty(UNKNOWN_PERMISSION_WORD, Warning, |all| permit(all, &["read", "no_withdraw"])),
    // One record; two; a value beside it.
    Guilty(SAME_VARIABLE, Error, |all| {
        edit(all, "bitvavo/main", |record| {
            drop(record.variables.insert("api_key".into(), "BITVAVO_API_SECRET".into()))
        });
    }),
    Guilty(SAME_VARIABLE, Error, |all| {
        set(all, "bitvavo/main", "broker-tag", "1");
        set(all, "bitvavo/main", "broker_tag", "1");
    }),
    Guilty(SAME_VARIABLE, Warning, |all| {
        add(all, "okx/main", &KUCOIN);
        edit(all, "okx/main", |record| drop(record.variables.insert("api_key".into(), "BITVAVO_API_KEY".into())));
    }),
    Guilty(UNREACHABLE_VARIABLE, Warning, |all| {
        edit(all, "bitvavo/main", |record| drop(record.variables.insert("api_key".into(), "STRONGROOM_KEY".into())));
    }),
    Guilty(UNREACHABLE_VARIABLE, Warning, |all| {
        all.rename(&reference("bitvavo/main"), &reference("strongroom/main")).unwrap();
        remove(all, "strongroom/main", "api_secret");
    }),
    Guilty(SAME_VARIABLE, Warning, |all| all.set_value("BITVAVO_API_KEY", secret("EXAMPLE other"), NOW)),
    Guilty(UNKNOWN_EXCHANGE, Info, |all| add(all, "bitvav/main", &GOOD2)),
    Guilty(POLICY_WITHOUT_RECORD, Info, |all| drop(all.remove(&reference("bitvavo/main")))),
];
