//! What is refused for safety, and that refusing leaves everything as it was.

use std::path::Path;

use strongroom_tests::{SAMPLE_JSON, Sandbox, skip};

#[test]
fn a_key_file_that_others_can_read_is_refused_with_the_command_that_repairs_it() {
    let sandbox = Sandbox::with_vault();
    for mode in [0o644, 0o604, 0o606, 0o620] {
        sandbox.set_mode("machine.key", mode);
        sandbox.run("list").exits(7).says("machine.key").says("chmod 600");
    }
    // The group may read: that is how services are given keys that root owns.
    for mode in [0o600, 0o400, 0o440] {
        sandbox.set_mode("machine.key", mode);
        sandbox.run("list").ok();
    }
}

#[test]
fn plaintext_does_not_go_into_a_git_work_tree() {
    let sandbox = Sandbox::with_vault();
    sandbox.program(Path::new("git"), "init -q").end().ok();
    let before = sandbox.tree();
    for words in
        ["export json --output secrets.json", "export dotenv --output .env", "export strongroom --output all.json"]
    {
        sandbox.run(words).exits(7);
    }
    assert!(sandbox.tree() == before);
    // A vault as text is as safe as the vault.
    sandbox.run("export armor --output vault.txt").ok();
}

#[test]
fn a_machine_key_in_a_git_work_tree_is_warned_about() {
    let sandbox = Sandbox::new();
    sandbox.program(Path::new("git"), "init -q").end().ok();
    sandbox.write("secrets.json", SAMPLE_JSON);
    sandbox.write(".gitignore", "ignored/\n");
    let adopt = |vault: &str, key: &str| {
        let words = "adopt secrets.json --generate-passphrase --kdf minimum --no-recovery";
        sandbox.strongroom(words).arg("--vault").arg(vault).arg("--machine-key").arg(key).end().ok()
    };
    adopt("a.strongroom", "machine.key").says("machine.key").says("git");
    let ignored = adopt("b.strongroom", "ignored/machine.key");
    assert!(!ignored.unwrapped().contains("keep it out of git"), "{}", ignored.stderr);
}

#[test]
fn a_file_that_is_no_machine_key_is_never_overwritten() {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.json", SAMPLE_JSON);
    sandbox.write("precious", "something else entirely\n");
    let before = sandbox.tree();
    sandbox
        .run("adopt secrets.json --generate-passphrase --kdf minimum --machine-key precious")
        .fails()
        .says("precious");
    assert!(sandbox.tree() == before);
}

#[test]
fn an_export_does_not_overwrite_a_vault() {
    let sandbox = Sandbox::with_vault();
    let before = sandbox.tree();
    sandbox.run("export json --output vault.strongroom").fails();
    assert!(sandbox.tree() == before);
}

#[test]
fn a_weak_passphrase_is_refused_for_a_new_vault() {
    let sandbox = Sandbox::new();
    sandbox.write("weak", "qwerty123");
    sandbox.run("init --passphrase-file weak --kdf minimum").exits(7);
    assert!(!sandbox.path("vault.strongroom").exists());
    sandbox.run("init --passphrase-file weak --kdf minimum --allow-weak-passphrase").ok();
}

#[test]
fn a_secret_is_never_taken_from_an_argument() {
    let sandbox = Sandbox::with_vault();
    for words in [
        "list --passphrase EXAMPLE",
        "set binance/main api_key=EXAMPLE",
        "set binance/main api_key EXAMPLE",
        "list --key EXAMPLE",
    ] {
        let code = sandbox.run(words);
        assert!(!code.stderr.contains("EXAMPLE"), "not repeated either: {}", code.stderr);
        code.fails();
    }
}

#[test]
fn without_input_nothing_is_asked() {
    let sandbox = Sandbox::with_vault();
    let before = sandbox.tree();
    for words in [
        "add kraken/main --no-input",
        "set binance/main api_secret --no-input",
        "passwd --no-input",
        "slot add --label x --no-input",
    ] {
        sandbox.run(words).fails().prints_only("");
    }
    sandbox.run("init --vault new.strongroom --no-input").fails();
    assert!(sandbox.tree() == before);
}

#[test]
fn the_vaults_mode_is_kept() {
    let sandbox = Sandbox::with_vault();
    sandbox.set_mode("vault.strongroom", 0o640);
    sandbox.run("set binance/main --tag hot").ok();
    assert_eq!(sandbox.mode("vault.strongroom"), 0o640);
}

#[test]
fn a_link_to_the_vault_stays_a_link() {
    let sandbox = Sandbox::with_vault();
    std::fs::create_dir(sandbox.path("real")).expect("a directory");
    std::fs::rename(sandbox.path("vault.strongroom"), sandbox.path("real/vault.strongroom")).expect("renamed");
    std::os::unix::fs::symlink("real/vault.strongroom", sandbox.path("vault.strongroom")).expect("a link");
    sandbox.run("set binance/main --tag hot").ok();
    assert!(sandbox.path("vault.strongroom").is_symlink());
    assert_eq!(sandbox.bare("info --json --vault real/vault.strongroom").end().ok().json()["revision"], 2);
}

#[test]
fn a_save_leaves_nothing_lying_around() {
    let sandbox = Sandbox::with_vault();
    let names = |sandbox: &Sandbox| sandbox.tree().into_keys().collect::<Vec<_>>();
    let before = names(&sandbox);
    sandbox.run("set binance/main --tag hot").ok();
    sandbox.run("rekey").ok();
    assert_eq!(names(&sandbox), before);
}

#[test]
fn an_export_replaces_no_vault_and_no_key_even_when_forced() {
    let sandbox = Sandbox::with_vault();
    sandbox.run("slot add --generate-passphrase --new-factor-file factor.key --kdf minimum").ok();
    sandbox.write("other.strongroom", sandbox.read("vault.strongroom"));
    std::os::unix::fs::symlink("vault.strongroom", sandbox.path("link")).expect("a link");
    let before = sandbox.tree();
    for target in ["vault.strongroom", "other.strongroom", "link", "machine.key", "factor.key"] {
        for format in ["json", "armor"] {
            sandbox.run(&format!("export {format} --force --output {target}")).exits(7).says(target);
        }
    }
    assert!(sandbox.tree() == before);
    sandbox.run("export json --output again.json").ok();
    sandbox.run("export json --output again.json --force").ok();
}

#[test]
fn the_git_guard_asks_about_the_right_repository() {
    let sandbox = Sandbox::with_vault();
    sandbox.program(Path::new("git"), "init -q").end().ok();
    sandbox.program(Path::new("git"), "init -q elsewhere").end().ok();
    sandbox.write("elsewhere/.git/info/exclude", "*\n");
    let elsewhere = sandbox.path("elsewhere");
    let elsewhere = elsewhere.to_str().expect("UTF-8");
    // As in a hook of another repository, which ignores everything.
    let export = sandbox.strongroom("export json --output secrets.json").env("GIT_DIR", &format!("{elsewhere}/.git"));
    export.env("GIT_WORK_TREE", sandbox.path("").to_str().expect("UTF-8")).end().exits(7).says("git");
    assert!(!sandbox.path("secrets.json").exists());
}

#[test]
fn plaintext_on_standard_output_does_not_go_into_a_git_work_tree_either() {
    let sandbox = Sandbox::with_vault();
    sandbox.program(Path::new("git"), "init -q").end().ok();
    let export = |words: &str| sandbox.shell(&format!("\"$STRONGROOM\" export json {words} > secrets.json")).end();
    if Path::new("/proc/self/fd/1").exists() {
        export("").exits(7).says("git");
        assert!(sandbox.read("secrets.json").is_empty());
    } else {
        skip("plaintext_on_standard_output_does_not_go_into_a_git_work_tree_either", "there is no /proc");
    }
    export("--allow-plaintext-in-git").ok();
    sandbox.write(".gitignore", "secrets.json\n");
    export("").ok();
}

#[test]
fn a_passphrase_file_that_everybody_can_read_is_warned_about() {
    let sandbox = Sandbox::with_vault();
    let list = || sandbox.bare("list --passphrase-file passphrase").end().ok();
    assert!(!list().stderr.contains("warning"));
    sandbox.set_mode("passphrase", 0o644);
    list().says("warning").says("chmod 600 passphrase");
}
