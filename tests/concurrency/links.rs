//! One vault by several names: symbolic links, and hard links, which a save parts.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::thread;

use strongroom_tests::Sandbox;

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|about| about.is_symlink())
}

/// The vault in `real/` and names for it elsewhere.
fn linked() -> Sandbox {
    let sandbox = Sandbox::with_vault();
    fs::create_dir(sandbox.path("real")).expect("a directory");
    fs::create_dir(sandbox.path("links")).expect("a directory");
    fs::rename(sandbox.path("vault.strongroom"), sandbox.path("real/v.strongroom")).expect("moved");
    symlink("real/v.strongroom", sandbox.path("vault.strongroom")).expect("a relative link");
    symlink(sandbox.path("real/v.strongroom"), sandbox.path("links/absolute")).expect("an absolute link");
    symlink("../vault.strongroom", sandbox.path("links/chain")).expect("a link to a link");
    symlink("../real", sandbox.path("links/directory")).expect("a link to the directory");
    sandbox
}

const NAMES: [&str; 5] =
    ["vault.strongroom", "links/absolute", "links/chain", "links/directory/v.strongroom", "real/v.strongroom"];

#[test]
fn a_save_replaces_the_target_and_leaves_the_link() {
    let sandbox = linked();
    for (number, name) in NAMES.iter().enumerate() {
        sandbox.run(&format!("set binance/main --tag tag-{number} --vault {name}")).ok();
        let shown = sandbox.run("show binance/main --json --vault real/v.strongroom").ok().json();
        assert_eq!(shown["tags"], serde_json::json!([format!("tag-{number}")]), "{name}");
    }
    for link in ["vault.strongroom", "links/absolute", "links/chain", "links/directory"] {
        assert!(is_link(&sandbox.path(link)), "{link}");
    }
    assert!(!is_link(&sandbox.path("real/v.strongroom")));
    let real: Vec<_> = fs::read_dir(sandbox.path("real")).expect("a directory").collect();
    assert_eq!(real.len(), 1, "no temporary file beside the target");
    assert_eq!(fs::read_dir(sandbox.path("links")).expect("a directory").count(), 3, "and none beside the links");
}

#[test]
fn all_names_of_a_vault_share_its_lock_and_its_pin() {
    let sandbox = linked();
    thread::scope(|scope| {
        for (number, name) in NAMES.iter().cycle().take(15).enumerate() {
            let sandbox = &sandbox;
            scope.spawn(move || {
                let keys = format!(r#"{{"api_key":"EXAMPLE-K-{number}","api_secret":"EXAMPLE-S-{number}"}}"#);
                let add = sandbox.strongroom(&format!("add kraken/bot-{number} --from-json - --vault {name}"));
                add.stdin(keys).end().ok();
            });
        }
    });
    for number in 0..15 {
        sandbox.run(&format!("get kraken/bot-{number}/api_key")).ok().prints_only(&format!("EXAMPLE-K-{number}"));
    }
    assert_eq!(sandbox.bare("info --json").end().ok().json()["revision"], 16);
    assert_eq!(fs::read_dir(sandbox.outside("home/state/strongroom/pins")).expect("pins").count(), 1);
    // What was seen by one name is known by another.
    let (now, older) = (sandbox.read("real/v.strongroom"), Sandbox::with_vault().read("vault.strongroom"));
    sandbox.write("real/v.strongroom", older);
    sandbox.run("list --vault links/chain").exits(5);
    sandbox.write("real/v.strongroom", now);
}

#[test]
fn a_link_that_leads_nowhere_is_an_error_and_never_filled() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("above", sandbox.read("vault.strongroom"));
    fs::create_dir(sandbox.path("below")).expect("a directory");
    symlink("gone", sandbox.path("below/vault.strongroom")).expect("a link");
    symlink("loop", sandbox.path("below/loop")).expect("a link");
    let below = |words: &str| sandbox.strongroom(words).directory(sandbox.path("below"));
    // The vault of the directory above is another one.
    below("list").end().exits(3).says("vault.strongroom").says("no such file");
    below("set binance/main --tag mine").end().exits(3);
    sandbox.write("below/secrets.json", strongroom_tests::SAMPLE_JSON);
    sandbox.write("below/new", strongroom_tests::NEW_PASSPHRASE);
    below("init --passphrase-file new --no-recovery --kdf minimum").end().exits(3).says("already there");
    below("adopt secrets.json").end().exits(3);
    below("list --vault loop").end().exits(3).says("loop");
    assert!(!sandbox.path("below/gone").exists());
}

#[test]
fn a_save_parts_hard_links_and_doctor_says_so_before() {
    let sandbox = Sandbox::with_vault();
    fs::hard_link(sandbox.path("vault.strongroom"), sandbox.path("second.strongroom")).expect("a hard link");
    let before = sandbox.read("second.strongroom");
    sandbox.run("doctor").prints("hard-link").prints("2 names");
    sandbox.run("set binance/main --tag mine").ok();
    assert!(sandbox.read("second.strongroom") == before, "the other name keeps the version before");
    assert_eq!(fs::metadata(sandbox.path("vault.strongroom")).expect("a file").nlink(), 1);
    let doctor = sandbox.run("doctor");
    assert!(!doctor.text().contains("hard-link"));
}
