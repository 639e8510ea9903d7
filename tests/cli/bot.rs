//! The example bot unlocks at start-up and signs as the exchange expects.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use strongroom_tests::{BINANCE_KEY, BINANCE_SECRET, Sandbox, cargo_build_example};

/// What the exchange will compute.
fn signature(query: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(BINANCE_SECRET.as_bytes()).expect("any length is a key");
    mac.update(query.as_bytes());
    data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())
}

#[test]
fn the_example_bot_signs_with_the_vaults_secret() {
    let bot = cargo_build_example("bot");
    let sandbox = Sandbox::with_vault();
    let by_path = sandbox.program(&bot, "vault.strongroom machine.key").end().ok();
    let credentials = sandbox.path("credentials");
    sandbox.write("credentials/strongroom.key", sandbox.read("machine.key"));
    let by_systemd =
        sandbox.program(&bot, "vault.strongroom").env("CREDENTIALS_DIRECTORY", credentials.to_str().expect("UTF-8"));
    for finished in [by_path, by_systemd.end().ok()] {
        let finished = finished.never_says(BINANCE_SECRET).never_says(BINANCE_KEY);
        let line = finished.text().lines().find(|line| line.contains("signature=")).expect("a signed request");
        let (_, query) = line.split_once('?').expect("a query");
        let (query, signed) = query.split_once("&signature=").expect("a signature");
        assert_eq!(signed, signature(query));
    }
}

#[test]
fn the_example_bot_refuses_a_vault_that_went_back() {
    let bot = cargo_build_example("bot");
    let sandbox = Sandbox::with_vault();
    let first = sandbox.read("vault.strongroom");
    sandbox.run("set binance/main --tag hot").ok();
    sandbox.program(&bot, "vault.strongroom machine.key").end().ok();
    sandbox.write("vault.strongroom", first);
    sandbox.program(&bot, "vault.strongroom machine.key").end().fails().says("older");
}
