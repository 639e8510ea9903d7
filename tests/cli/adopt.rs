//! From plaintext to vault in one step: the README's first command.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use strongroom_tests::{BINANCE_SECRET, PASSPHRASE, SAMPLE_JSON, SAMPLE_SECRETS, Sandbox, repository};

const ADOPT: &str = "adopt secrets.json --vault demo/vault.strongroom --machine-key demo/machine.key --kdf minimum";

#[test]
fn adopt_makes_a_vault_that_the_command_it_prints_opens() {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.json", SAMPLE_JSON);
    let adopted = sandbox.run(&format!("{ADOPT} --generate-passphrase")).ok();
    let said = format!("{}\n{}", adopted.text(), adopted.stderr);
    for name in ["binance", "grid", "okx"] {
        assert!(said.contains(name), "{name} is listed: {said}");
    }
    for secret in SAMPLE_SECRETS {
        assert!(!said.contains(secret), "values are masked: {said}");
    }
    let next =
        said.lines().rfind(|line| line.contains(" run ") && line.contains("-- env")).expect("a command to paste");
    // It begins with the program as it was called.
    let (_, arguments) = next.split_once(" run ").expect("the program, then run");
    let next = format!("\"$STRONGROOM\" run {arguments}");
    sandbox.shell(&next).end().ok().prints("BINANCE_API_KEY=").prints("BINANCE_GRID_API_SECRET=");
}

#[test]
fn adopt_of_real_keys_tells_no_command_that_shows_them() {
    let sandbox = Sandbox::new();
    let (key, secret) = ("0000000000realish0key", "0000000000realish0secret");
    sandbox.write(".env", format!("KRAKEN_API_KEY={key}\nKRAKEN_API_SECRET={secret}\nDATABASE_URL=EXAMPLE\n"));
    let words = "adopt .env --machine-key machine.key --generate-passphrase --kdf minimum";
    sandbox.script("your-bot", "test -n \"$KRAKEN_API_SECRET\" && echo the bot has it");
    sandbox.write("sample.json", SAMPLE_JSON);
    // Made, there already, and examples added: the command would show the whole vault.
    for words in [words, words, "adopt sample.json --machine-key machine.key"] {
        let adopted = sandbox.run(words).ok();
        let said = format!("{}\n{}", adopted.text(), adopted.stderr);
        let line = |name: &str| {
            let line =
                said.lines().find(|line| line.starts_with("  ") && line.contains(name)).expect("a command to paste");
            let (_, arguments) = line.split_once(name).expect("the program, then its command");
            format!("\"$STRONGROOM\"{name}{arguments}")
        };
        assert!(!said.contains("-- env"), "{said}");
        let check = sandbox.shell(&line(" check ")).end().ok();
        check.never_says(key).never_says(secret).prints("kraken/main");
        let bot = sandbox.shell(&line(" run ")).end().ok();
        bot.never_says(key).never_says(secret).prints("the bot has it");
    }
}

#[test]
fn adopt_again_says_unchanged_and_writes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.json", SAMPLE_JSON);
    sandbox.run(&format!("{ADOPT} --generate-passphrase")).ok();
    let before = sandbox.tree();
    let again = sandbox.run(&format!("{ADOPT} --generate-passphrase")).ok();
    assert!(format!("{}{}", again.text(), again.stderr).contains("unchanged"));
    assert!(sandbox.tree() == before);
}

#[test]
fn adopt_never_touches_the_plaintext() {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.json", SAMPLE_JSON);
    sandbox.run(&format!("{ADOPT} --generate-passphrase")).ok();
    assert_eq!(sandbox.read_text("secrets.json"), SAMPLE_JSON);
    assert!(!sandbox.path(".gitignore").exists());
}

#[test]
fn what_adopt_makes_is_private() {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.json", SAMPLE_JSON);
    sandbox.run(&format!("{ADOPT} --generate-passphrase")).ok();
    assert_eq!(sandbox.mode("demo"), 0o700);
    assert_eq!(sandbox.mode("demo/machine.key"), 0o600);
    assert_eq!(sandbox.mode("demo/vault.strongroom") & 0o077, 0);
    let key = sandbox.read_text("demo/machine.key");
    assert!(key.starts_with("STRONGROOM-KEY-1-") && key.trim_end().lines().count() == 1, "one self-identifying line");
}

#[test]
fn no_name_and_no_secret_occurs_in_the_file() {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.json", SAMPLE_JSON);
    sandbox.run(&format!("{ADOPT} --generate-passphrase")).ok();
    let vault = sandbox.read("demo/vault.strongroom");
    for text in SAMPLE_SECRETS.iter().chain(&["binance", "okx", "grid", "main", "api_key", "machine", "recovery"]) {
        assert!(!vault.windows(text.len()).any(|window| window == text.as_bytes()));
    }
}

#[test]
fn adopt_answers_in_json_what_it_generated_and_null_for_the_rest() {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.json", SAMPLE_JSON);
    let answer = sandbox.run(&format!("{ADOPT} --generate-passphrase --json")).ok().json();
    for name in ["vault", "passphrase", "recovery_code", "machine_key"] {
        assert!(answer[name].is_string(), "{name}: {answer}");
    }

    // Both of what it printed once open the vault.
    for secret in ["passphrase", "recovery_code"] {
        sandbox.write("typed", answer[secret].as_str().expect("a text"));
        sandbox.bare("list --vault demo/vault.strongroom --passphrase-file typed").end().ok().prints("binance");
    }

    let other = Sandbox::new();
    other.write("secrets.json", SAMPLE_JSON);
    other.write("passphrase", PASSPHRASE);
    let answer =
        other.run("adopt secrets.json --passphrase-file passphrase --no-recovery --kdf minimum --json").ok().json();
    assert!(answer["vault"].is_string());
    for name in ["passphrase", "recovery_code", "machine_key"] {
        assert!(answer[name].is_null(), "{name}: {answer}");
    }
}

#[test]
fn adopt_takes_several_files_of_several_formats() {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.json", SAMPLE_JSON);
    sandbox.write(
        ".env",
        "KRAKEN_API_KEY=EXAMPLE-KRAKEN-KEY\nKRAKEN_API_SECRET=EXAMPLE-KRAKEN-SECRET\nDATABASE_URL=EXAMPLE-URL\n",
    );
    sandbox.write("passphrase", PASSPHRASE);
    sandbox.run("adopt secrets.json .env --machine-key machine.key --passphrase-file passphrase --kdf minimum").ok();
    sandbox.run("get binance/main/api_secret").ok().prints_only(BINANCE_SECRET);
    sandbox.run("get kraken/main/api_secret").ok().prints_only("EXAMPLE-KRAKEN-SECRET");
    sandbox.run("get env/DATABASE_URL").ok().prints_only("EXAMPLE-URL");
}

#[test]
fn adopt_with_one_bad_file_makes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.json", SAMPLE_JSON);
    sandbox.write("broken.json", &SAMPLE_JSON[..SAMPLE_JSON.len() / 2]);
    let before = sandbox.tree();
    let adopt = "adopt secrets.json broken.json --vault demo/vault.strongroom --machine-key demo/machine.key";
    sandbox.run(&format!("{adopt} --generate-passphrase --kdf minimum")).fails().says("broken.json");
    assert!(sandbox.tree() == before);
}

#[test]
fn the_example_is_adopted_and_the_clone_stays_clean() {
    let status =
        || Command::new("git").args(["status", "--porcelain"]).current_dir(repository()).output().expect("git");
    let before = status();
    let sandbox = Sandbox::new();
    let words = "adopt examples/secrets.json --generate-passphrase --kdf minimum --vault";
    let adopt = || {
        let run = sandbox.strongroom(words).arg(sandbox.path("demo/vault.strongroom"));
        run.arg("--machine-key").arg(sandbox.path("demo/machine.key")).directory(repository()).end().ok()
    };
    adopt();
    let again = adopt();
    assert!(format!("{}{}", again.text(), again.stderr).contains("unchanged"));
    assert_eq!(status().stdout, before.stdout);
}

#[test]
fn adopt_does_not_take_a_vault_that_nobody_named() {
    let sandbox = Sandbox::with_vault();
    let personal = sandbox.read("vault.strongroom");
    sandbox.write("below/secrets.json", SAMPLE_JSON);
    let words = "adopt secrets.json --passphrase-file ../passphrase --no-recovery --kdf minimum";
    sandbox.bare(words).directory(sandbox.path("below")).end().ok();
    assert!(sandbox.path("below/vault.strongroom").exists(), "made here, and not added to the one above");
    assert!(sandbox.read("vault.strongroom") == personal);
}

#[test]
fn adopt_says_which_options_do_nothing_for_a_vault_that_is_there() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("secrets.json", SAMPLE_JSON);
    let words = "adopt secrets.json --generate-passphrase --machine-key other.key --passphrase-file passphrase";
    let finished = sandbox.bare(words).end().ok().says("--generate-passphrase").says("--machine-key");
    finished.prints("unchanged");
    assert!(!sandbox.path("other.key").exists());
    // The same command again, with the machine key that it made, is no reason to worry.
    let again = sandbox.bare("adopt secrets.json --generate-passphrase --machine-key machine.key").end().ok();
    assert!(!again.stderr.contains("warning"), "{}", again.stderr);
}

#[test]
fn adopt_unlocks_with_what_it_is_told_to() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("secrets.json", SAMPLE_JSON);
    // A machine key of another vault does not open this one; the passphrase that is named does.
    sandbox.run("init --vault other.strongroom --machine-key other.key --no-passphrase --no-recovery").ok();
    sandbox.bare("adopt secrets.json --machine-key other.key --passphrase-file passphrase").end().ok();
}

/// All that is below these: directories and files, lock files too, with their bytes.
fn everything(sandbox: &Sandbox) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    fn walk(directory: &Path, all: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            let is_directory = path.is_dir();
            all.insert(path.clone(), (!is_directory).then(|| std::fs::read(&path).expect("a file")));
            if is_directory {
                walk(&path, all);
            }
        }
    }
    let mut all = BTreeMap::new();
    walk(&sandbox.path(""), &mut all);
    walk(&sandbox.outside("home"), &mut all);
    all
}

#[test]
fn a_dry_run_says_what_would_be_made_and_makes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.json", SAMPLE_JSON);
    let before = everything(&sandbox);
    // Nobody is there to type a passphrase, and nobody is needed.
    let run = sandbox.run(&format!("{ADOPT} --dry-run")).ok().says("secrets.json: read as json");
    let run = run.says("nothing is written").prints("would make the vault demo/vault.strongroom\n");
    let run = run.prints("would make the machine key demo/machine.key\n").prints("a passphrase that is asked for");
    run.prints("  RECORD        API_KEY").prints("  okx/main ").never_says(BINANCE_SECRET);
    let answer = sandbox.run(&format!("{ADOPT} --dry-run --json --generate-passphrase")).ok().json();
    assert_eq!(answer["added"], serde_json::json!(["binance/grid", "binance/main", "okx/main"]));
    assert_eq!(answer["would_make"], serde_json::json!(["demo/vault.strongroom", "demo/machine.key"]));
    assert_eq!((&answer["passphrase"], &answer["recovery_code"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    assert!(everything(&sandbox) == before);
    // What it says comes true.
    sandbox.run(&format!("{ADOPT} --generate-passphrase")).ok();
    assert!(sandbox.path("demo/vault.strongroom").exists() && sandbox.path("demo/machine.key").exists());
}

#[test]
fn a_dry_run_beside_a_vault_says_what_is_new_the_same_and_different_and_leaves_no_pin() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("secrets.json", SAMPLE_JSON);
    sandbox.write("new.env", "KRAKEN_API_KEY=EXAMPLE-KRAKEN-KEY\nKRAKEN_API_SECRET=EXAMPLE-KRAKEN-SECRET\n");
    sandbox.write(
        "other.env",
        "OKX_API_KEY=EXAMPLE-A-KEY\nOKX_API_SECRET=EXAMPLE-A-SECRET\nOKX_API_PASSPHRASE=EXAMPLE-A-PHRASE\n",
    );
    let before = everything(&sandbox);
    sandbox.run("adopt secrets.json --dry-run").ok().prints("unchanged: vault.strongroom has all of it already\n");
    let added = sandbox.run("adopt secrets.json new.env --dry-run").ok();
    added.prints("would be added kraken/main\n").prints("unchanged okx/main\n");
    let different = sandbox.run("adopt secrets.json new.env other.env --dry-run --replace").ok();
    different.prints("would be replaced okx/main\n");
    let words = "adopt new.env other.env --dry-run";
    let different = sandbox.run(words).exits(6).says("okx/main").says("--replace");
    different.prints("would be added kraken/main\n").prints("different okx/main\n");
    let answer = sandbox.run(&format!("{words} --json")).exits(6);
    assert_eq!(answer.error_kind(), "differs");
    let answer = answer.json();
    assert_eq!((&answer["added"], &answer["different"]), (&["kraken/main"][..].into(), &["okx/main"][..].into()));
    assert_eq!(answer["would_make"], serde_json::json!([]));
    assert!(everything(&sandbox) == before);
    sandbox.run("adopt new.env other.env").exits(6);
    sandbox.run("adopt new.env").ok();
}

#[test]
fn a_dry_run_is_refused_what_the_command_would_be() {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.json", SAMPLE_JSON);
    sandbox.write("weak", "password");
    sandbox.write("nothing.env", "# nothing\n");
    let before = everything(&sandbox);
    for (words, code) in [
        ("secrets.json --machine-key secrets.json", 7),
        ("secrets.json --passphrase-file weak", 7),
        ("secrets.json --no-passphrase --no-recovery", 2),
        ("nothing.env", 3),
        ("not-there.env", 3),
    ] {
        sandbox.bare(&format!("adopt {words} --dry-run")).end().exits(code);
        sandbox.bare(&format!("adopt {words}")).end().exits(code);
    }
    assert!(everything(&sandbox) == before);
    // A vault that is there has to be opened.
    let sandbox = Sandbox::with_vault();
    sandbox.write("secrets.json", SAMPLE_JSON);
    sandbox.bare("adopt secrets.json --dry-run").end().exits(4);
    sandbox.bare("adopt secrets.json --dry-run --passphrase-file wrong").end().exits(4);
}

#[test]
fn a_dry_run_notices_an_older_vault_and_remembers_nothing() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("secrets.json", SAMPLE_JSON);
    let older = sandbox.read("vault.strongroom");
    sandbox.run("set okx/main --permission read").ok();
    let newer = sandbox.read("vault.strongroom");
    sandbox.run("list").ok();
    sandbox.write("vault.strongroom", older);
    let before = everything(&sandbox);
    sandbox.run("adopt secrets.json --dry-run").exits(5);
    assert!(everything(&sandbox) == before);
    sandbox.write("vault.strongroom", newer);
    sandbox.run("adopt secrets.json --dry-run").ok();
}

#[test]
fn the_example_is_one_table_and_many_kinds_of_fields_fit_80_columns() {
    let sandbox = Sandbox::new();
    let run = sandbox.strongroom("adopt --dry-run --vault vault.strongroom");
    run.arg(repository().join("examples/secrets.json")).end().ok().prints(
        "  RECORD                 API_KEY       API_SECRET    API_PASSPHRASE\n  \
         binance/main           ********-KEY  ********CRET\n  \
         binance/market-making  ********-KEY  ********CRET\n  \
         kraken/main            ********-KEY  ********CRET\n  \
         okx/hedge              ********-KEY  ********CRET  ********RASE\n  \
         okx/main               ********-KEY  ********CRET  ********RASE\n",
    );
    sandbox.write(
        ".env",
        "OKX_API_KEY=EXAMPLE-KEY-OF-OKX\nOKX_API_SECRET=EXAMPLE-SECRET-OF-OKX\nOKX_API_PASSPHRASE=EXAMPLE-PHRASE\n\
         BINANCE_API_KEY=EXAMPLE-KEY-OF-BINANCE\nBINANCE_API_SECRET=EXAMPLE-SECRET-OF-BINANCE\n\
         HYPERLIQUID_PRIVATE_KEY=EXAMPLE-WALLET\nHYPERLIQUID_WALLET_ADDRESS=EXAMPLE-ADDRESS-OF-WALLET\n",
    );
    let run = sandbox.run("adopt .env --dry-run").ok();
    let run = run.prints("  RECORD        API_KEY       API_SECRET    API_PASSPHRASE\n  binance/main  ");
    let run = run.prints("\n\n  RECORD            PRIVATE_KEY  WALLET_ADDRESS\n  hyperliquid/main  ");
    assert!(run.text().lines().all(|line| line.chars().count() <= 80), "{}", run.text());
}

#[test]
fn more_than_ten_keys_to_replace_are_named_by_their_exchanges() {
    let sandbox = Sandbox::new();
    let env = |numbers: std::ops::Range<usize>, exchange: &str| -> String {
        let line = |number: usize, field: &str| format!("{exchange}_D{number:02}_{field}=EXAMPLE-{field}-{number}\n");
        numbers.map(|number| line(number, "API_KEY") + &line(number, "API_SECRET")).collect()
    };
    let adopt = |text: String| {
        sandbox.write(".env", text);
        let adopted = sandbox.run("adopt .env --machine-key machine.key --no-passphrase --no-recovery").ok();
        let (_, rest) = adopted.text().split_once("then `strongroom rotate REF`:\n\n").expect("keys to replace");
        rest.split("\n\n").next().expect("a list").to_owned()
    };
    let ten = adopt(env(0..10, "KRAKEN"));
    let each: Vec<String> = (0..10).map(|number| format!("  kraken/d{number:02}")).collect();
    assert_eq!(ten.lines().collect::<Vec<_>>(), each);
    // The ten that are there are not among these.
    let more = adopt(env(10..14, "KRAKEN") + &env(0..9, "OKX"));
    assert_eq!(more, "  kraken/d10\n  kraken/d11\n  kraken/d12\n  kraken/d13\n  okx/*");
    let many = adopt(env(14..30, "KRAKEN"));
    assert!(
        many.lines().count() < 5 && many.contains("  kraken/d14 kraken/d15 ") && many.contains(" kraken/d29"),
        "{many}"
    );
    assert!(many.lines().all(|line| line.len() <= 80), "{many}");
}

#[test]
fn a_file_with_a_part_of_a_record_is_judged_beside_the_vault() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("half.env", "OKX_API_KEY=EXAMPLE-A-KEY\n");
    for words in ["adopt half.env --replace --dry-run", "adopt half.env --replace"] {
        let told = sandbox.run(words).ok().says("api_key is new, and api_passphrase and api_secret");
        told.says("strongroom set okx/main api_secret").never_says("okx/main has no api_secret");
    }
}
