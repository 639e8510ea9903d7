//! A process that holds a vault, for others to look into: opens it, uses a record, drops it, and says so at each step.
//!
//! Arguments: the vault, and a file with a machine key's text or a passphrase. It goes on at each line of its input.

use std::io::{BufRead, Write};

use strongroom::{MachineKey, Secret, Unlock, Vault};

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let (path, secret) = (arguments.next().expect("a vault"), arguments.next().expect("a secret's file"));
    let vault = Vault::open(path, &unlock(secret)).expect("it opens");
    step("open");
    let main = vault.subaccount("binance", "main").expect("it is there");
    let signature = main.api_secret().expect("it is there").expose_secret().bytes().fold(0u8, u8::wrapping_add);
    std::hint::black_box(signature);
    step("used");
    drop(main);
    drop(vault);
    step("dropped");
}

fn unlock(path: std::ffi::OsString) -> Unlock {
    let text = Secret::new(std::fs::read_to_string(path).expect("it can be read"));
    match MachineKey::from_text(&text) {
        Ok(key) => Unlock::machine_key(key),
        Err(_) => Unlock::typed(&text).expect("a passphrase"),
    }
}

fn step(name: &str) {
    println!("{name}");
    std::io::stdout().flush().expect("somebody listens");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).expect("somebody speaks");
}
