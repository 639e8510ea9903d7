//! A process that holds a vault, for others to look into: it opens it, uses it in every way, drops it, and says so.
//!
//! Arguments: the vault; a file with a machine key's text or a passphrase; a file with a value to save. It goes on at
//! each line of its input.

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::path::PathBuf;

use strongroom::{CachedStore, MachineKey, Reference, Secret, Unlock, Vault};
use strongroom_tests::encodings;

fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let mut argument = || arguments.next().expect("a vault, a secret's file and a value's file");
    let (path, secret, value) = (argument(), argument(), argument());
    step("started");

    let mut vault = Vault::open(&path, &unlock(secret.clone())).expect("it opens");
    step("open");
    let main = vault.subaccount("binance", "main").expect("it is there");
    let signature = main.api_secret().expect("it is there").expose_secret().bytes().fold(0u8, u8::wrapping_add);
    black_box(signature);
    step("using");
    drop(main);
    step("let go");

    let everything = vault.contents();
    black_box(everything.records().len());
    drop(everything);
    step("all let go");

    let new = read(&value);
    vault
        .edit(|contents| {
            let record = contents.record_mut(&Reference::new("binance", "main")).expect("it is there");
            record.fields.set("api_secret", new);
            Ok(())
        })
        .expect("it is saved");
    step("saved");
    vault.verify().expect("it is intact");
    vault.rekey().expect("it is saved");
    step("rekeyed");

    let store = CachedStore::new(vault);
    black_box(store.get("binance").expect("it is there"));
    step("cached");
    assert!(store.remove("binance"));
    step("forgotten");
    drop(store);
    step("dropped");

    let wrong = Secret::new(strongroom::generate_passphrase().expect("randomness").expose_secret().to_owned());
    assert!(Vault::open(&path, &Unlock::typed(&wrong).expect("a passphrase")).is_err());
    drop(wrong);
    step("refused");

    // The control: every form of one secret, so that whoever looks can tell that all of them are found.
    let forms = encodings(read(&value).expose_secret().as_bytes());
    step("planted");
    black_box(forms);
}

fn read(path: &PathBuf) -> Secret {
    Secret::new(std::fs::read_to_string(path).expect("it can be read"))
}

fn unlock(path: PathBuf) -> Unlock {
    let text = read(&path);
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
