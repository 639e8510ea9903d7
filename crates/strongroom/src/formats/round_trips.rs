//! Every format reads back what it writes, byte for byte, whatever the values are.

use std::process::Command;

use super::*;
use crate::record::{Reference, field};

const OPTIONS: ImportOptions<'static> = ImportOptions { exchange: None, now: 1_700_000_000 };

/// Values that break quoting, each in its own way, and pairs of them.
fn awkward_values() -> Vec<String> {
    let pem = "-----BEGIN PRIVATE KEY-----\nEXAMPLE+EXAMPLE/EXAMPLE=\nEXAMPLE==\n-----END PRIVATE KEY-----\n";
    let parts = [
        "",
        " ",
        "EXAMPLE",
        "'",
        "\"",
        "\\",
        "\\\\",
        "$",
        "${",
        "${A}",
        "$A",
        "$(id)",
        "`id`",
        "`",
        "\n",
        "\r",
        "\r\n",
        "\t",
        "#",
        " #",
        " # x",
        "=",
        "~",
        ";",
        "&",
        "!",
        "é",
        "\u{1f511}",
        "\u{2028}",
        "\u{a0}",
        "\u{7f}",
        "\u{1}",
        "\\n",
        "\\'",
        "\\\"",
        "'\\''",
        "\"'\"'\"",
        "\\$",
        "{",
        "}",
        "*",
        "%41",
        pem,
    ];
    let mut values: Vec<String> = parts.iter().map(|part| part.to_string()).collect();
    for first in parts {
        for second in parts {
            values.push(format!("{first}{second}"));
            values.push(format!("a{first}b{second}c"));
        }
    }
    values
}

/// The one change that reading makes: a key on one line gets its line ends back.
fn is_rewritten(value: &str) -> bool {
    value.starts_with("-----BEGIN ") && value.contains("\\n") && !value.contains('\n')
}

fn values_of(texts: &[String]) -> Vec<(String, Value)> {
    let value = |text: &String| Value { value: Secret::copy_of(text), created: 0, changed: None };
    texts.iter().enumerate().map(|(at, text)| (format!("V{at}"), value(text))).collect()
}

fn borrowed(values: &[(String, Value)]) -> Vec<(&str, &Value)> {
    values.iter().map(|(name, value)| (name.as_str(), value)).collect()
}

/// Those of the awkward values that this target takes, and the file with them.
fn written(target: DotenvTarget) -> (Vec<String>, Secret) {
    let taken = |text: &String| {
        let values = values_of(std::slice::from_ref(text));
        write_dotenv(&[], &borrowed(&values), target).is_ok()
    };
    let texts: Vec<String> = awkward_values().into_iter().filter(taken).collect();
    let values = values_of(&texts);
    let file = write_dotenv(&[], &borrowed(&values), target).unwrap();
    (texts, file)
}

#[test]
fn our_reader_reads_all_targets_but_docker() {
    for target in [DotenvTarget::Portable, DotenvTarget::PythonDotenv, DotenvTarget::Systemd, DotenvTarget::Sh] {
        let (texts, file) = written(target);
        let imported = read(ImportFormat::Dotenv, &file, &OPTIONS).unwrap();
        assert_eq!(imported.values.len(), texts.len());
        for ((name, value), text) in imported.values.iter().zip(&texts) {
            assert!(value.expose_secret() == text || is_rewritten(text), "{}: {name} is {text:?}", target.name());
        }
    }
}

#[test]
fn only_portable_and_docker_refuse_values() {
    let all = awkward_values().len();
    for target in DotenvTarget::ALL {
        let refuses = written(target).0.len() != all;
        assert_eq!(refuses, matches!(target, DotenvTarget::Portable | DotenvTarget::Docker), "{}", target.name());
    }
}

/// Runs the file in a shell and has it print every variable, with NULs between.
#[cfg(unix)]
fn read_by_shell(file: &Secret, count: usize) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sample.env");
    std::fs::write(&path, file.expose_secret()).unwrap();
    let script =
        "set -a; . \"$1\"; i=0; while [ $i -lt $2 ]; do eval \"printf '%s\\\\0' \\\"\\$V$i\\\"\"; i=$((i+1)); done";
    let output =
        Command::new("sh").args(["-c", script, "sh"]).arg(&path).arg(count.to_string()).env_clear().output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut texts: Vec<String> = String::from_utf8(output.stdout).unwrap().split('\0').map(str::to_owned).collect();
    assert_eq!(texts.pop().as_deref(), Some(""));
    texts
}

#[cfg(unix)]
#[test]
fn a_shell_reads_what_is_written_for_it() {
    for target in [DotenvTarget::Sh, DotenvTarget::Systemd, DotenvTarget::Portable] {
        let (texts, file) = written(target);
        assert_eq!(read_by_shell(&file, texts.len()), texts);
    }
}

/// The rules of docker's `--env-file`: a line is a name, `=` and the value as it stands.
#[test]
fn docker_reads_what_is_written_for_it() {
    let (texts, file) = written(DotenvTarget::Docker);
    let lines: Vec<&str> = file.expose_secret().split_terminator('\n').collect();
    assert_eq!(lines.len(), texts.len());
    for (at, (line, text)) in lines.iter().zip(&texts).enumerate() {
        assert_eq!(*line, format!("V{at}={text}"));
    }
}

/// The rules of systemd's `EnvironmentFile=` (its `parse_env_file_internal`), as far as we write it.
fn systemd_values(file: &str) -> Vec<String> {
    enum State {
        BeforeKey,
        BeforeValue,
        Bare,
        Single,
        Double,
        DoubleEscape,
    }
    let (mut state, mut values) = (State::BeforeKey, Vec::new());
    for character in file.chars() {
        state = match (state, character) {
            (State::BeforeKey, '=') => {
                values.push(String::new());
                State::BeforeValue
            }
            (State::BeforeKey, _) => State::BeforeKey,
            (State::BeforeValue | State::Bare, '\n' | '\r') => State::BeforeKey,
            (State::BeforeValue, '\'') => State::Single,
            (State::BeforeValue, '"') => State::Double,
            (State::BeforeValue | State::Bare, '\\' | ' ' | '\t') => panic!("not something that we write bare"),
            // After a closed quote, another may open: that is how parts are joined.
            (State::Single, '\'') | (State::Double, '"') => State::BeforeValue,
            (State::Double, '\\') => State::DoubleEscape,
            (State::DoubleEscape, '"' | '\\' | '`' | '$') => {
                values.last_mut().unwrap().push(character);
                State::Double
            }
            (State::DoubleEscape, _) => panic!("an escape that systemd does not have"),
            (State::BeforeValue | State::Bare, _) => {
                values.last_mut().unwrap().push(character);
                State::Bare
            }
            (quote, _) => {
                values.last_mut().unwrap().push(character);
                quote
            }
        };
    }
    values
}

#[test]
fn systemd_reads_what_is_written_for_it() {
    for target in [DotenvTarget::Systemd, DotenvTarget::Portable] {
        let (texts, file) = written(target);
        assert_eq!(systemd_values(file.expose_secret()), texts);
    }
}

fn record(reference: &Reference, key: &str, secret: &str) -> Record {
    let mut record = Record::new(reference, OPTIONS.now).unwrap();
    record.fields.set(field::API_KEY, Secret::copy_of(key));
    record.fields.set(field::API_SECRET, Secret::copy_of(secret));
    record.fields.set(field::UID, Secret::copy_of(key));
    record.kind = guess_kind(&record.exchange, &record.fields);
    record
}

/// The awkward values as fields of subaccounts of one exchange.
fn records() -> Vec<Record> {
    let values = awkward_values();
    let subaccount = |at: usize| if at == 0 { "main".to_owned() } else { format!("sub{at}") };
    let pairs = values.iter().zip(values.iter().rev()).enumerate();
    let of_pair =
        |(at, (key, secret)): (usize, (&String, &String))| record(&Reference::new("okx", &subaccount(at)), key, secret);
    // Empty pairs stand for no account in the aws format, so `main` gets a filled one.
    pairs.map(|(at, pair)| of_pair((at, if at == 0 { (&values[2], &values[3]) } else { pair }))).collect()
}

/// Ids are made anew by formats that do not carry them.
fn assert_same(read: &[Record], written: &[Record]) {
    assert_eq!(read.len(), written.len());
    for (read, written) in read.iter().zip(written) {
        assert_eq!(read.reference(), written.reference());
        assert!(read.fields == written.fields, "{}", read.reference());
        assert_eq!((read.kind, read.created), (written.kind, written.created));
    }
}

#[test]
fn json_reads_back() {
    let records = records();
    let text = write_json(&records.iter().collect::<Vec<_>>()).unwrap();
    let imported = read(ImportFormat::Json, &text, &OPTIONS).unwrap();
    assert_same(&imported.records, &records);
    // Some of these values are not what a field of theirs has in life, which is told once.
    let [hard] = imported.notices.as_slice() else { panic!("{:?}", imported.notices) };
    assert!(hard.text.contains("it is kept as it is, and check will complain"), "{}", hard.text);
}

#[test]
fn aws_reads_back() {
    // Some at a time: a secret at AWS is small.
    for chunk in records().chunks(60) {
        let mut chunk: Vec<Record> = chunk.iter().map(Record::duplicate).collect();
        if chunk[0].subaccount != "main" {
            chunk.insert(0, record(&Reference::new("okx", "main"), "EXAMPLE", "EXAMPLE"));
        }
        let text = write_aws(&chunk.iter().collect::<Vec<_>>()).unwrap();
        let options = ImportOptions { exchange: Some("okx"), ..OPTIONS };
        assert_same(&read(ImportFormat::Aws, &text, &options).unwrap().records, &chunk);
    }
}

/// Every value in the form that these readers put keys into, and none that is empty.
fn with_canonical_keys(records: Vec<Record>) -> Vec<Record> {
    let canonical = |mut record: Record| {
        record.fields.remove_empty();
        let names: Vec<String> = record.fields.names().map(str::to_owned).collect();
        for name in names {
            if let Some(key) = record.fields.get(&name).and_then(pem::corrected) {
                record.fields.set(&name, key);
            }
        }
        record.kind = guess_kind(&record.exchange, &record.fields);
        record
    };
    records.into_iter().map(canonical).collect()
}

#[test]
fn ccxt_reads_back() {
    // What is empty in all its fields is no credential to this reader.
    let mut records = records();
    records.retain(|record| record.fields.iter().any(|(_, value)| !value.is_empty()));
    records.iter_mut().for_each(|record| drop(record.fields.set(field::API_PASSPHRASE, Secret::copy_of("EXAMPLE"))));
    let options = ExportOptions { target: DotenvTarget::Portable, bare: false, kubernetes: None };
    let written = write(ExportFormat::Ccxt, &records.iter().collect::<Vec<_>>(), &[], &options).unwrap();
    assert!(written.notices.is_empty(), "{:?}", written.notices);
    let imported = read(ImportFormat::Ccxt, &written.text, &OPTIONS).unwrap();
    assert_same(&imported.records, &with_canonical_keys(records));
}

#[test]
fn freqtrade_reads_back() {
    let options = ExportOptions { target: DotenvTarget::Sh, bare: false, kubernetes: None };
    let (mut tried, mut as_variables) = (0, 0);
    for mut record in records() {
        record.subaccount = "main".into();
        let written = write(ExportFormat::Freqtrade, &[&record], &[], &options).unwrap();
        let imported = read(ImportFormat::Freqtrade, &written.text, &OPTIONS).unwrap();
        if record.fields.iter().any(|(_, value)| !value.is_empty()) {
            assert_same(&imported.records, &with_canonical_keys(vec![record.duplicate()]));
            tried += 1;
        }
        // As variables too, where freqtrade would leave the values alone. Those have no empty ones.
        if let Ok(written) = write(ExportFormat::FreqtradeEnv, &[&record], &[], &options)
            && record.fields.iter().all(|(_, value)| !value.is_empty())
        {
            let options = ImportOptions { exchange: Some("okx"), ..OPTIONS };
            let imported = read(ImportFormat::Dotenv, &written.text, &options).unwrap();
            for (name, value) in record.fields.iter() {
                let read = imported.records[0].fields.get(name).unwrap();
                assert!(read == value || is_rewritten(value.expose_secret()), "{name}");
            }
            as_variables += 1;
        }
    }
    assert!(tried > 1_000 && as_variables > 1_000, "{tried}, {as_variables}");
}

#[test]
fn strongroom_reads_back() {
    let (records, values) = (records(), values_of(&awkward_values()));
    let text = write_strongroom(&records.iter().collect::<Vec<_>>(), &borrowed(&values)).unwrap();
    let mut contents = Contents::default();
    let imported = read(ImportFormat::Strongroom, &text, &ImportOptions { exchange: None, now: 5 }).unwrap();
    assert_eq!(imported.records, records);
    merge_into(&mut contents, imported, false, 6).unwrap();
    assert!(contents.values().zip(contents.values()).count() == values.len());
    assert!(values.iter().all(|(name, value)| contents.value(name) == Some(value)));
}

#[test]
fn dotenv_reads_records_back() {
    let reference = |text: &str| text.parse::<Reference>().unwrap();
    let secret = "-----BEGIN EC PRIVATE KEY-----\nEXAMPLE's \"EXAMPLE\" $EXAMPLE\\\n-----END EC PRIVATE KEY-----\n";
    let records = [
        record(&reference("binance/main"), "EXAMPLE-KEY", secret),
        record(&reference("binance/market_making"), "EXAMPLE-KEY", "EXAMPLE"),
        record(&reference("binance/main@testnet"), "EXAMPLE-KEY", "EXAMPLE"),
        record(&reference("bybit/hedge@demo"), "EXAMPLE-KEY", "EXAMPLE"),
        record(&reference("unheard_of/main"), "EXAMPLE-KEY", "EXAMPLE"),
        record(&reference("unheard_of/a_b"), "EXAMPLE-KEY", "EXAMPLE"),
    ];
    let borrowed: Vec<&Record> = records.iter().collect();
    for target in [DotenvTarget::PythonDotenv, DotenvTarget::Systemd, DotenvTarget::Sh] {
        let imported = read(ImportFormat::Dotenv, &write_dotenv(&borrowed, &[], target).unwrap(), &OPTIONS).unwrap();
        assert!(imported.values.is_empty());
        let [hard, unknown] = imported.notices.as_slice() else { panic!("{:?}", imported.notices) };
        assert!(hard.text.starts_with("binance/main/api_secret has characters in it"), "{}", hard.text);
        assert!(unknown.text.starts_with("unheard_of is not an exchange that is known"), "{}", unknown.text);
        assert_same(&imported.records, &records);
    }
}

#[test]
fn the_samples_hold_the_same_credentials() {
    let env = Secret::copy_of(include_str!("../../../../examples/sample.env"));
    let json = Secret::copy_of(include_str!("../../../../examples/secrets.json"));
    for (format, text) in [(ImportFormat::Dotenv, &env), (ImportFormat::Json, &json)] {
        assert_eq!(detect(text.expose_secret()), Some(format));
    }
    let from_env = read(ImportFormat::Dotenv, &env, &OPTIONS).unwrap();
    let from_json = read(ImportFormat::Json, &json, &OPTIONS).unwrap();
    assert_eq!(from_env.records.len(), from_json.records.len());
    for (env, json) in from_env.records.iter().zip(&from_json.records) {
        assert_eq!(env.subaccount, json.subaccount.replace('-', "_"));
        assert!(env.fields == json.fields, "{}", json.reference());
    }
    assert!(from_env.values.iter().any(|(name, _)| name == "DATABASE_URL"));
    assert!(from_env.notices.is_empty());
}
