//! What a vault does, through its public door.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use strongroom::record::{LogAction, field};
use strongroom::{
    Contents, Error, FormatError, KdfCost, KeyFile, MachineKey, NewSlot, NewVault, OpenOptions, PinError, PinStore,
    Policy, Record, RecoveryCode, Reference, Saved, Secret, Unlock, UnlockError, Vault,
};
use tempfile::TempDir;

struct Fixture {
    directory: TempDir,
    key: MachineKey,
    code: RecoveryCode,
}

const PASSPHRASE: &str = "EXAMPLE passphrase";

fn secret(text: &str) -> Secret {
    Secret::copy_of(text)
}

fn record(exchange: &str, subaccount: &str) -> Record {
    let mut record = Record::new(&Reference::new(exchange, subaccount), 1_700_000_000).unwrap();
    record.fields.set(field::API_KEY, secret(&format!("EXAMPLE-{exchange}-{subaccount}-KEY")));
    record.fields.set(field::API_SECRET, secret(&format!("EXAMPLE-{exchange}-{subaccount}-SECRET")));
    record
}

fn contents() -> Contents {
    let mut contents = Contents::default();
    contents.insert(record("okx", "main")).unwrap();
    contents.insert(record("Binance", "main")).unwrap();
    contents.insert(record("binance", "arbitrage")).unwrap();
    contents.set_value("DATABASE_URL", secret("EXAMPLE-DATABASE"), 1_700_000_000);
    contents
}

impl Fixture {
    /// A vault with a passphrase, a machine key and a recovery code.
    fn new() -> Fixture {
        let directory = tempfile::tempdir().unwrap();
        let (key, code) = (MachineKey::generate().unwrap(), RecoveryCode::generate().unwrap());
        let slots = vec![
            NewSlot::passphrase("me", &secret(PASSPHRASE), KdfCost::MINIMUM).unwrap(),
            NewSlot::machine_key("bot", &key),
            NewSlot::recovery_code("paper", &code),
        ];
        let fixture = Fixture { directory, key, code };
        let new = NewVault { contents: contents(), slots, author: "me@here".into(), pins: None };
        new.prepare().unwrap().create(&fixture.path()).unwrap();
        fixture
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("vault.strongroom")
    }

    fn pins(&self) -> PinStore {
        PinStore::at(self.directory.path().join("pins"))
    }

    fn machine(&self) -> Unlock {
        Unlock::machine_key(MachineKey::from_text(&self.key.to_text()).unwrap())
    }

    fn recovery(&self) -> Unlock {
        Unlock::typed(&self.code.to_text()).unwrap()
    }

    fn open(&self) -> Vault {
        Vault::open(self.path(), &self.machine()).unwrap()
    }

    fn pinned(&self) -> Result<Vault, Error> {
        OpenOptions::new().pins(self.pins()).open(self.path(), &self.machine())
    }
}

fn typed(text: &str) -> Unlock {
    Unlock::typed(&secret(text)).unwrap()
}

fn set_note(vault: &mut Vault, note: &str) -> Saved {
    let edit = |contents: &mut Contents| {
        contents.record_mut(&Reference::new("okx", "main")).unwrap().note = note.to_owned().into();
        Ok(())
    };
    vault.edit(edit).unwrap().1
}

/// The documentation promises it of opening, reading, checking and saving.
#[test]
fn a_thread_with_a_stack_of_128_kib_does_everything_to_a_vault() {
    let fixture = Fixture::new();
    let (path, unlock) = (fixture.path(), fixture.machine());
    let work = move || {
        let mut vault = Vault::open(path, &unlock).unwrap();
        assert_eq!(
            vault.subaccount("OKEX", "main").unwrap().exchange,
            "okx",
            "found under another name of its exchange"
        );
        assert_eq!(vault.value("DATABASE_URL").unwrap(), secret("EXAMPLE-DATABASE"));
        assert!(!vault.check(&Policy::default(), 1_700_000_000).findings.is_empty());
        assert!(matches!(set_note(&mut vault, "changed"), Saved::Revision(2)));
        vault.contents().records().len()
    };
    let small = std::thread::Builder::new().stack_size(128 * 1024);
    assert_eq!(small.spawn(work).unwrap().join().unwrap(), 3);
}

#[test]
fn every_way_in_opens_the_same_records() {
    let fixture = Fixture::new();
    for unlock in [fixture.machine(), fixture.recovery(), typed(PASSPHRASE)] {
        let vault = Vault::open(fixture.path(), &unlock).unwrap();
        let main = vault.subaccount("binance", "main").unwrap();
        assert_eq!(main.exchange, "Binance");
        assert_eq!(main.api_key().unwrap().expose_secret(), "EXAMPLE-Binance-main-KEY");
        assert_eq!(vault.value("DATABASE_URL").unwrap().expose_secret(), "EXAMPLE-DATABASE");
        assert_eq!(vault.record_count(), 3);
        assert!(vault.subaccount("okex", "main").is_ok());
        assert!(matches!(vault.subaccount("okx", "Main"), Err(Error::NoSuchRecord { .. })));
        assert!(matches!(main.api_passphrase(), Err(Error::NoSuchField { .. })));
    }
}

#[test]
fn a_save_that_changes_nothing_writes_nothing() {
    let fixture = Fixture::new();
    let before = fs::read(fixture.path()).unwrap();
    assert_eq!(fixture.open().edit(|_| Ok(())).unwrap().1, Saved::Unchanged);
    assert_eq!(fs::read(fixture.path()).unwrap(), before);
}

#[test]
fn an_ordinary_save_leaves_the_slots_alone_and_is_logged() {
    let fixture = Fixture::new();
    let before = fs::read(fixture.path()).unwrap();
    let mut vault = fixture.open();
    assert_eq!(set_note(&mut vault, "hello"), Saved::Revision(2));
    let after = fs::read(fixture.path()).unwrap();
    assert_eq!(before[74..91 + 137 + 137 + 143], after[74..91 + 137 + 137 + 143]);
    let contents = fixture.open().contents();
    assert_eq!(contents.record(&Reference::new("okx", "main")).unwrap().note.as_str(), "hello");
    assert_eq!(contents.log().last().unwrap().what, "okx/main");
    assert_eq!(contents.log().last().unwrap().revision, 2);
}

#[test]
fn the_variables_of_a_record_are_saved_and_logged_without_a_field_having_changed() {
    let fixture = Fixture::new();
    let reference = Reference::new("okx", "main");
    let name = |contents: &mut Contents| {
        let variables = &mut contents.record_mut(&reference).unwrap().variables;
        variables.insert("api_secret".into(), "OKX_SECRET_KEY".into());
        variables.insert("not_there".into(), "OKX_PASSPHRASE".into());
        Ok(())
    };
    assert_eq!(fixture.open().edit(name).unwrap().1, Saved::Revision(2));
    assert_eq!(fixture.open().edit(name).unwrap().1, Saved::Unchanged);
    let vault = fixture.open();
    let record = vault.record(&reference).unwrap();
    let names: Vec<_> = record.variables.iter().map(|(field, name)| (field.as_str(), name.as_str())).collect();
    assert_eq!(names, [("api_secret", "OKX_SECRET_KEY"), ("not_there", "OKX_PASSPHRASE")]);
    let contents = vault.contents();
    let last = contents.log().last().unwrap();
    assert_eq!((last.what.as_str(), last.action, last.fields.len()), ("okx/main", LogAction::Changed, 0));
}

#[test]
fn two_open_vaults_lose_no_edit() {
    let fixture = Fixture::new();
    let (mut first, mut second) = (fixture.open(), fixture.open());
    first.edit(|contents| contents.insert(record("kraken", "main"))).unwrap();
    second.edit(|contents| contents.insert(record("gate", "main"))).unwrap();
    let vault = fixture.open();
    assert!(vault.subaccount("kraken", "main").is_ok() && vault.subaccount("gateio", "main").is_ok());
    assert_eq!(vault.info().revision, 3);
}

#[test]
fn an_edit_after_somebody_rekeyed_is_refused_and_changes_nothing() {
    let fixture = Fixture::new();
    let (mut first, mut second) = (fixture.open(), fixture.open());
    first.rekey().unwrap();
    let before = fs::read(fixture.path()).unwrap();
    assert!(matches!(second.edit(|contents| contents.insert(record("gate", "main"))), Err(Error::Changed { .. })));
    assert_eq!(fs::read(fixture.path()).unwrap(), before);
}

#[test]
fn a_wrong_passphrase_says_so() {
    let fixture = Fixture::new();
    let mut vault = fixture.open();
    vault.add_slot(NewSlot::passphrase("other", &secret("EXAMPLE other"), KdfCost::MINIMUM).unwrap()).unwrap();
    let wrong = Vault::open(fixture.path(), &typed("EXAMPLE wrong")).err().unwrap();
    assert!(matches!(wrong, Error::Unlock(UnlockError::WrongSecret { secret: "passphrase", tried: 2 })));
}

#[test]
fn a_full_header_still_takes_a_replacement_for_one_of_its_ways_in() {
    let fixture = Fixture::new();
    let mut vault = fixture.open();
    let key = || MachineKey::generate().unwrap();
    while vault.slots().len() < 16 {
        vault.add_slot(NewSlot::machine_key("bot", &key())).unwrap();
    }
    assert!(matches!(vault.add_slot(NewSlot::machine_key("bot", &key())), Err(Error::SlotRefused(_))));
    let last = vault.slots().last().unwrap().info.id;
    vault.replace_slot(last, NewSlot::machine_key("bot", &key())).unwrap();
    assert_eq!(vault.slots().len(), 16);
}

#[test]
fn a_secret_that_nobody_takes_changes_nothing() {
    let fixture = Fixture::new();
    let before = fs::read(fixture.path()).unwrap();
    let mut vault = fixture.open();
    let slot = || NewSlot::machine_key("bot", &MachineKey::generate().unwrap());
    let opened_by = vault.opened_by();
    assert!(matches!(vault.add_slot_after(slot(), |_, _| Err(Error::NoRandomness)), Err(Error::NoRandomness)));
    let refused = vault.replace_slot_after(opened_by, slot(), |_, _| Err(Error::NoRandomness));
    assert!(matches!(refused, Err(Error::NoRandomness)));
    assert_eq!(fs::read(fixture.path()).unwrap(), before);
    assert_eq!(vault.info().revision, 1);

    let other = fixture.path().with_file_name("other.strongroom");
    let refused = vault.to_new(vec![slot()]).prepare().unwrap().create_after(&other, |_| Err(Error::NoRandomness));
    assert!(matches!(refused, Err(Error::NoRandomness)));
    assert_eq!(fs::read_dir(fixture.directory.path()).unwrap().count(), 1);
}

#[test]
fn a_secret_is_handed_over_while_the_old_version_is_still_there() {
    let fixture = Fixture::new();
    let before = fs::read(fixture.path()).unwrap();
    let mut vault = fixture.open();
    let slot = NewSlot::machine_key("bot", &MachineKey::generate().unwrap());
    let mut told = None;
    let hand_over = |slot, info: &strongroom::Info| {
        assert_eq!(fs::read(fixture.path()).unwrap(), before);
        told = Some((slot, info.clone()));
        Ok(())
    };
    let made = vault.add_slot_after(slot, hand_over).unwrap();
    assert_eq!(told, Some((made, vault.info())));
}

#[test]
fn an_open_vault_takes_no_older_file_for_the_newest() {
    let fixture = Fixture::new();
    let first = fs::read(fixture.path()).unwrap();
    let mut vault = fixture.open();
    set_note(&mut vault, "second");
    fs::write(fixture.path(), &first).unwrap();
    assert!(matches!(vault.edit(|contents| contents.insert(record("gate", "main"))), Err(Error::Pin(_))));
    assert_eq!(fs::read(fixture.path()).unwrap(), first);
}

#[test]
fn an_expectation_holds_for_what_is_read_before_a_save_too() {
    let fixture = Fixture::new();
    let first = fs::read(fixture.path()).unwrap();
    let id = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    set_note(&mut fixture.open(), "second");
    let info = fixture.open().info();
    let expected = format!("{}@2:{}", id(&info.vault_id), id(&info.data_key_id)).parse().unwrap();
    let mut vault = OpenOptions::new().expect(expected).open(fixture.path(), &fixture.machine()).unwrap();
    fs::write(fixture.path(), first).unwrap();
    assert!(vault.rekey().is_err());
}

#[test]
fn a_version_given_up_is_listed_even_when_somebody_else_saves_first() {
    let fixture = Fixture::new();
    fixture.pinned().unwrap();
    let first = fs::read(fixture.path()).unwrap();
    set_note(&mut fixture.pinned().unwrap(), "given up");
    let given_up = fs::read(fixture.path()).unwrap();
    fs::write(fixture.path(), &first).unwrap();
    let Err(Error::Pin(PinError::RolledBack { accept, .. })) = fixture.pinned() else { panic!() };
    OpenOptions::new().pins(fixture.pins()).accept(accept).open(fixture.path(), &fixture.machine()).unwrap();
    // Somebody who never saw the other version saves on the accepted one; then we do.
    set_note(&mut fixture.open(), "theirs");
    set_note(&mut fixture.pinned().unwrap(), "ours");
    let ours = fs::read(fixture.path()).unwrap();
    let elsewhere = PinStore::at(fixture.directory.path().join("elsewhere"));
    for version in [&given_up, &ours] {
        fs::write(fixture.path(), version).unwrap();
        OpenOptions::new().pins(elsewhere.clone()).open(fixture.path(), &fixture.machine()).unwrap();
    }
}

#[test]
fn a_removed_way_in_opens_nothing_saved_since() {
    let fixture = Fixture::new();
    let mut vault = Vault::open(fixture.path(), &typed(PASSPHRASE)).unwrap();
    let old_id = vault.info().data_key_id;
    let mine = vault.opened_by();
    vault.replace_slot(mine, NewSlot::passphrase("me", &secret("EXAMPLE new one"), KdfCost::MINIMUM).unwrap()).unwrap();
    assert_ne!(vault.info().data_key_id, old_id);
    assert!(matches!(
        Vault::open(fixture.path(), &typed(PASSPHRASE)),
        Err(Error::Unlock(UnlockError::WrongSecret { .. }))
    ));
    for unlock in [fixture.machine(), fixture.recovery(), typed("EXAMPLE new one")] {
        assert_eq!(Vault::open(fixture.path(), &unlock).unwrap().record_count(), 3);
    }
}

#[test]
fn the_same_secret_is_not_taken_twice_and_the_last_way_in_stays() {
    let fixture = Fixture::new();
    let mut vault = fixture.open();
    let again = [
        NewSlot::passphrase("again", &secret(PASSPHRASE), KdfCost::MINIMUM).unwrap(),
        NewSlot::machine_key("again", &fixture.key),
        NewSlot::recovery_code("again", &fixture.code),
    ];
    for slot in again {
        assert!(matches!(vault.add_slot(slot), Err(Error::SlotRefused(_))));
    }
    let ids: Vec<_> = vault.slots().iter().map(|slot| slot.info.id).collect();
    vault.remove_slot(ids[0]).unwrap();
    vault.remove_slot(ids[1]).unwrap();
    assert!(matches!(vault.remove_slot(ids[2]), Err(Error::SlotRefused(_))));
    assert!(matches!(vault.remove_slot(ids[0]), Err(Error::NoSuchSlot { .. })));
}

#[test]
fn a_passphrase_with_a_key_file_opens_only_with_both() {
    let fixture = Fixture::new();
    let key_file = KeyFile::generate().unwrap();
    let slot = NewSlot::passphrase("both", &secret("EXAMPLE both"), KdfCost::MINIMUM).unwrap();
    fixture.open().add_slot(slot.with_key_file(&key_file)).unwrap();
    let with = |text: &str, file: &KeyFile| typed(text).key_file(KeyFile::from_text(&file.to_text()).unwrap());
    assert!(Vault::open(fixture.path(), &with("EXAMPLE both", &key_file)).is_ok());
    for wrong in [
        typed("EXAMPLE both"),
        with("EXAMPLE both", &KeyFile::generate().unwrap()),
        with("EXAMPLE other", &key_file),
        with(PASSPHRASE, &key_file),
    ] {
        let refused = Vault::open(fixture.path(), &wrong).err().unwrap();
        assert!(matches!(refused, Error::Unlock(UnlockError::WrongSecret { .. })));
    }
}

#[test]
fn a_bound_machine_key_opens_its_own_vault_only() {
    let (fixture, other) = (Fixture::new(), Fixture::new());
    let info = fixture.open().info();
    let bound = |vault_id, data_key_id| {
        let mut key = MachineKey::from_text(&fixture.key.to_text()).unwrap();
        key.bind(vault_id, data_key_id);
        Unlock::machine_key(key)
    };
    assert!(Vault::open(fixture.path(), &bound(info.vault_id, info.data_key_id)).is_ok());
    fixture.open().rekey().unwrap();
    assert!(Vault::open(fixture.path(), &bound(info.vault_id, info.data_key_id)).is_ok());
    for refused in [
        Vault::open(fixture.path(), &bound([9; 16], info.data_key_id)),
        Vault::open(fixture.path(), &bound(info.vault_id, [9; 16])),
        Vault::open(other.path(), &bound(info.vault_id, info.data_key_id)),
    ] {
        assert!(matches!(refused, Err(Error::Pin(PinError::KeyBound | PinError::KeyOfAnotherVault))));
    }
}

#[test]
fn a_copy_has_an_identity_of_its_own() {
    let fixture = Fixture::new();
    let path = fixture.directory.path().join("copy");
    let key = MachineKey::generate().unwrap();
    let new = fixture.open().to_new(vec![NewSlot::machine_key("bot", &key)]);
    let copy = new.prepare().unwrap().create(&path).unwrap();
    assert_ne!(copy.info().vault_id, fixture.open().info().vault_id);
    assert_eq!(copy.contents().records(), fixture.open().contents().records());
    assert!(Vault::open(&path, &fixture.machine()).is_err());
    let again = fixture.open().to_new(vec![NewSlot::machine_key("bot", &key)]).prepare().unwrap().create(&path);
    assert!(matches!(again, Err(Error::AlreadyThere { .. })));
}

#[test]
fn a_pin_refuses_older_forked_and_other_vaults() {
    let fixture = Fixture::new();
    fixture.pinned().unwrap();
    let first = fs::read(fixture.path()).unwrap();
    set_note(&mut fixture.pinned().unwrap(), "second");
    let second = fs::read(fixture.path()).unwrap();

    fs::write(fixture.path(), &first).unwrap();
    let Err(Error::Pin(PinError::RolledBack { accept, found: 1, pinned: 2 })) = fixture.pinned() else { panic!() };
    set_note(&mut fixture.open(), "fork");
    assert!(matches!(fixture.pinned(), Err(Error::Pin(PinError::Forked { .. }))));
    let fork = fs::read(fixture.path()).unwrap();

    fs::write(fixture.path(), &second).unwrap();
    assert!(fixture.pinned().is_ok());

    // Accepted once by name, and what comes from it is then followed by hosts that saw the abandoned version.
    fs::write(fixture.path(), &first).unwrap();
    let mut accepted =
        OpenOptions::new().pins(fixture.pins()).accept(accept).open(fixture.path(), &fixture.machine()).unwrap();
    assert_eq!(set_note(&mut accepted, "third"), Saved::Revision(3));
    let third = fs::read(fixture.path()).unwrap();
    let elsewhere = PinStore::at(fixture.directory.path().join("elsewhere"));
    fs::write(fixture.path(), &second).unwrap();
    let open = || OpenOptions::new().pins(elsewhere.clone()).open(fixture.path(), &fixture.machine());
    open().unwrap();
    fs::write(fixture.path(), &third).unwrap();
    assert!(open().is_ok());
    fs::write(fixture.path(), &fork).unwrap();
    assert!(open().is_err());

    let other = Fixture::new();
    fs::copy(other.path(), fixture.path()).unwrap();
    let refused = OpenOptions::new().pins(fixture.pins()).open(fixture.path(), &other.machine());
    assert!(matches!(refused, Err(Error::Pin(PinError::Substituted { .. }))));
}

#[test]
fn an_open_vault_that_was_refused_an_older_file_stays_refused_and_hands_nothing_of_it_out() {
    let fixture = Fixture::new();
    let mut held = fixture.pinned().unwrap();
    let first = fs::read(fixture.path()).unwrap();
    set_note(&mut fixture.pinned().unwrap(), "second");
    let second = fs::read(fixture.path()).unwrap();
    set_note(&mut fixture.pinned().unwrap(), "third");

    // Also what this handle opened itself is older than what this host has seen since.
    for older in [&second, &first] {
        fs::write(fixture.path(), older).unwrap();
        for _ in 0..2 {
            let refused = held.edit(|contents| {
                contents.set_value("A", Secret::copy_of("EXAMPLE"), 0);
                Ok(())
            });
            assert!(matches!(refused, Err(Error::Pin(PinError::RolledBack { pinned: 3, .. }))));
            assert_eq!(held.info().revision, 1);
        }
        assert_eq!(fs::read(fixture.path()).unwrap(), *older);
    }
}

#[test]
fn an_expectation_refuses_less_than_it_names() {
    let fixture = Fixture::new();
    let info = fixture.open().info();
    let expect = |revision: u64| {
        let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let text = format!("{}@{revision}:{}", hex(&info.vault_id), hex(&info.data_key_id));
        OpenOptions::new().expect(text.parse().unwrap()).open(fixture.path(), &fixture.machine())
    };
    assert!(expect(1).is_ok());
    assert!(matches!(expect(2), Err(Error::Pin(PinError::Unexpected { .. }))));
    fixture.open().rekey().unwrap();
    assert!(expect(2).is_ok());
}

#[test]
fn more_than_128_saves_ahead_with_the_same_key_only_warns() {
    let fixture = Fixture::new();
    fixture.pinned().unwrap();
    let mut vault = fixture.open();
    for number in 0..130 {
        set_note(&mut vault, &number.to_string());
    }
    let pinned = fixture.pinned().unwrap();
    assert_eq!(pinned.warnings().len(), 1);
    assert!(fixture.pinned().unwrap().warnings().is_empty());
}

#[test]
fn what_the_format_does_not_allow_is_refused_by_name_and_nothing_is_written() {
    let fixture = Fixture::new();
    let before = fs::read(fixture.path()).unwrap();
    let mut vault = fixture.open();
    let refused = vault.edit(|contents| {
        let record = contents.record_mut(&Reference::new("okx", "main")).unwrap();
        record.fields.set("not a name", secret("x"));
        Ok(())
    });
    let Err(Error::InvalidContents { place, .. }) = refused else { panic!() };
    assert_eq!(place, "okx/main");
    let refused = vault.edit(|contents| {
        contents.record_mut(&Reference::new("okx", "main")).unwrap().exchange = "zzz".into();
        contents.insert(record("aaa", "main"))?;
        contents.record_mut(&Reference::new("aaa", "main")).unwrap().exchange = "zzzz".into();
        Ok(())
    });
    assert!(matches!(refused, Err(Error::InvalidContents { .. })));
    assert_eq!(fs::read(fixture.path()).unwrap(), before);
}

#[test]
fn a_removed_record_leaves_a_tombstone_and_a_renamed_one_keeps_its_id() {
    let fixture = Fixture::new();
    let okx = fixture.open().subaccount("okx", "main").unwrap();
    fixture
        .open()
        .edit(|contents| {
            contents.rename(&Reference::new("okx", "main"), &Reference::new("okx", "hedge"))?;
            contents.remove(&Reference::new("binance", "main")).map(|_| ())
        })
        .unwrap();
    let vault = fixture.open();
    assert_eq!(vault.subaccount("okx", "hedge").unwrap().id, okx.id);
    let log: Vec<_> = vault.contents().log().iter().map(|entry| entry.what.clone()).collect();
    assert!(log.contains(&"okx/main -> okx/hedge".to_owned()) && log.contains(&"Binance/main".to_owned()));
}

#[test]
fn verify_reads_the_file_again() {
    let fixture = Fixture::new();
    let vault = fixture.open();
    assert_eq!(vault.verify().unwrap(), vault.info());
    let mut bytes = fs::read(fixture.path()).unwrap();
    let last = bytes.len() - 40;
    bytes[last] ^= 1;
    fs::write(fixture.path(), bytes).unwrap();
    assert!(matches!(vault.verify(), Err(Error::Format(FormatError::Damaged))));
}

#[test]
fn a_busy_directory_is_said_after_the_time_given() {
    let fixture = Fixture::new();
    let held = fs::File::open(fixture.directory.path()).unwrap();
    held.lock().unwrap();
    let options = OpenOptions::new().lock_timeout(Duration::from_millis(30));
    let mut vault = options.open(fixture.path(), &fixture.machine()).unwrap();
    assert!(matches!(vault.rekey(), Err(Error::Locked { .. })));
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_stays_one_and_its_target_is_saved() {
    let fixture = Fixture::new();
    let link = fixture.directory.path().join("link");
    std::os::unix::fs::symlink(fixture.path(), &link).unwrap();
    set_note(&mut Vault::open(&link, &fixture.machine()).unwrap(), "through the link");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fixture.open().subaccount("okx", "main").unwrap().note.as_str(), "through the link");
}

#[test]
fn what_is_no_file_is_an_error_of_the_file_system() {
    for path in [Path::new("/nonexistent/vault"), Path::new("/")] {
        assert!(matches!(Vault::open(path, &typed(PASSPHRASE)), Err(Error::File { .. })));
    }
}
