//! Handles of the library that stay open while others write: an edit applies to what is there by then.

use std::thread;

use strongroom::{Contents, Error, MachineKey, OpenOptions, PinStore, Reference, Saved, Secret, Unlock, Vault};
use strongroom_tests::Sandbox;

fn unlock(sandbox: &Sandbox) -> Unlock {
    let text = Secret::copy_of(sandbox.read_text("machine.key").trim_end());
    Unlock::machine_key(MachineKey::from_text(&text).expect("a machine key"))
}

fn open(sandbox: &Sandbox) -> Vault {
    Vault::open(sandbox.path("vault.strongroom"), &unlock(sandbox)).expect("it opens")
}

/// One more than the note says. What is read and what is written are of one version.
fn count(contents: &mut Contents) -> Result<u64, Error> {
    let record = contents.record_mut(&Reference::new("okx", "main")).expect("it is there");
    let number = record.note.parse::<u64>().unwrap_or(0) + 1;
    record.note = number.to_string().into();
    Ok(number)
}

#[test]
fn eight_open_handles_count_together_and_miss_no_number() {
    const HANDLES: usize = 8;
    const EDITS: usize = 30;
    let sandbox = Sandbox::with_vault();
    let mut numbers: Vec<u64> = thread::scope(|scope| {
        let handles: Vec<_> = (0..HANDLES)
            .map(|number| {
                let sandbox = &sandbox;
                // Half of them share a store of pins, as threads and processes of one user do.
                let pins = PinStore::at(sandbox.outside(&format!("pins-{}", if number % 2 == 0 { 0 } else { number })));
                scope.spawn(move || {
                    let options = OpenOptions::new().pins(pins);
                    let mut vault = options.open(sandbox.path("vault.strongroom"), &unlock(sandbox)).expect("it opens");
                    (0..EDITS).map(|_| vault.edit(count).expect("it is saved").0).collect::<Vec<_>>()
                })
            })
            .collect();
        // Beside them, processes of the command line.
        for number in 0..10 {
            sandbox.run(&format!("set binance/main --tag tag-{number}")).ok();
        }
        handles.into_iter().flat_map(|handle| handle.join().expect("a thread that ends")).collect()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=(HANDLES * EDITS) as u64).collect::<Vec<_>>());
    assert_eq!(open(&sandbox).info().revision, 1 + (HANDLES * EDITS) as u64 + 10);
    assert_eq!(sandbox.run("show binance/main --json").ok().json()["tags"], serde_json::json!(["tag-9"]));
}

#[test]
fn a_held_handle_shows_what_it_opened_until_an_edit_takes_over_what_is_new() {
    let sandbox = Sandbox::with_vault();
    let mut held = open(&sandbox);
    sandbox.strongroom("set okx/main api_key --stdin").stdin("EXAMPLE-NEWER").end().ok();
    let key = |vault: &Vault| {
        let record = vault.subaccount("okx", "main").expect("it is there");
        record.api_key().expect("it is there").expose_secret().to_owned()
    };
    assert_eq!(key(&held), "EXAMPLE-OKX-MAIN-KEY-0005");
    // An edit that changes nothing writes nothing, and reads again all the same.
    let ((), saved) = held.edit(|_| Ok(())).expect("it is the same vault");
    assert_eq!(saved, Saved::Unchanged);
    assert_eq!(key(&held), "EXAMPLE-NEWER");
    assert_eq!(held.info().revision, 2);
}

#[test]
fn a_held_handle_whose_edit_failed_is_as_good_as_before() {
    let sandbox = Sandbox::with_vault();
    let mut held = open(&sandbox);
    let refused = held.edit(|contents| {
        contents.remove(&Reference::new("okx", "main"))?;
        Err::<(), _>(Error::Changed { what: "something".into() })
    });
    assert!(matches!(refused, Err(Error::Changed { .. })));
    assert!(held.subaccount("okx", "main").is_ok());
    assert_eq!(held.edit(count).expect("it is saved").0, 1);
}

#[test]
fn a_held_handle_is_told_of_a_new_data_key_and_opens_again() {
    let sandbox = Sandbox::with_vault();
    let mut held = open(&sandbox);
    sandbox.run("rekey").ok();
    let before = sandbox.read("vault.strongroom");
    for _ in 0..2 {
        assert!(matches!(held.edit(count), Err(Error::Changed { .. })));
        assert!(matches!(held.verify(), Err(Error::Changed { .. })));
    }
    assert!(sandbox.read("vault.strongroom") == before);
    assert!(held.subaccount("okx", "main").is_ok(), "what it opened is still there to be read");
    held = open(&sandbox);
    assert_eq!(held.edit(count).expect("it is saved").0, 1);
}

#[test]
fn a_reader_with_a_passphrase_is_overtaken_and_not_alarmed() {
    // Each unlocking takes long beside a save, and all share one store of pins.
    let sandbox = Sandbox::with_vault();
    let passphrase = || Unlock::typed(&Secret::copy_of(strongroom_tests::PASSPHRASE)).expect("a passphrase");
    let options = || OpenOptions::new().pins(PinStore::at(sandbox.outside("pins")));
    let path = sandbox.path("vault.strongroom");
    let over = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut vault = options().open(&path, &unlock(&sandbox)).expect("it opens");
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                vault.edit(count).expect("it is saved");
            }
        });
        let outcomes: Vec<_> = (0..15).map(|_| options().open(&path, &passphrase()).map(|_| ())).collect();
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    });
}
