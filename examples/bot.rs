//! A bot that unlocks its vault at start-up and signs one request. It sends nothing.
//!
//! ```sh
//! cargo run -p strongroom --example bot -- target/demo/vault.strongroom target/demo/machine.key
//! ```
//!
//! Without the second argument the machine key comes from systemd (`LoadCredential=strongroom.key:...`).

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use strongroom::{MachineKey, OpenOptions, PinStore, Record, Secret, Unlock, Vault};

fn main() {
    if let Err(error) = start() {
        eprintln!("bot: {error}");
        let mut cause = error.source();
        while let Some(because) = cause {
            eprintln!("  because: {because}");
            cause = because.source();
        }
        std::process::exit(1);
    }
}

fn start() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let vault = arguments.next().ok_or("usage: bot VAULT [MACHINE-KEY]")?;
    let key = match arguments.next() {
        Some(path) => path,
        None => {
            Path::new(&std::env::var_os("CREDENTIALS_DIRECTORY").ok_or("no machine key: name one, or let systemd")?)
                .join("strongroom.key")
        }
    };

    // The library reads no environment and keeps nothing by itself: where keys and pins are is the bot's decision.
    let vault = unlock(&vault, &key, &state_directory(&key))?;
    let account = vault.subaccount("binance", "main")?;
    drop(vault); // wiped; only the one record that is needed stays

    let timestamp = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    println!("X-MBX-APIKEY: {}", account.api_key()?.masked());
    println!("GET {}", signed_url(&account, &format!("recvWindow=5000&timestamp={timestamp}"))?);
    Ok(())
}

/// Opens the vault with a machine key, and refuses one that is older than the one last seen here.
fn unlock(vault: &Path, key: &Path, state: &Path) -> Result<Vault, Box<dyn Error>> {
    let key = MachineKey::from_text(&Secret::new(std::fs::read_to_string(key)?))?;
    Ok(OpenOptions::new().pins(PinStore::at(state)).open(vault, &Unlock::machine_key(key))?)
}

/// Where pins are kept: what systemd's `StateDirectory=` made, or beside the machine key.
fn state_directory(key: &Path) -> PathBuf {
    match std::env::var_os("STATE_DIRECTORY") {
        Some(directory) => Path::new(&directory).join("pins"),
        None => key.with_file_name("pins"),
    }
}

/// Binance's scheme: HMAC-SHA-256 over the query, appended to it in hexadecimal.
fn signed_url(account: &Record, query: &str) -> Result<String, Box<dyn Error>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(account.api_secret()?.expose_secret().as_bytes())?;
    mac.update(query.as_bytes());
    let signature = HEXLOWER.encode(&mac.finalize().into_bytes());
    Ok(format!("https://api.binance.com/api/v3/account?{query}&signature={signature}"))
}
