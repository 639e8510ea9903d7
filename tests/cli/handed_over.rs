//! Exports that other systems hand to a bot, read back by those systems' own programs: Kubernetes and systemd.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use strongroom_tests::{Sandbox, have, skip};

use super::dotenv::{everything, vault};

/// What `run` would set: names and values.
fn variables(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for record in sandbox.run("list --json").ok().json().as_array().expect("records") {
        let subaccount = record["subaccount"].as_str().expect("a name");
        for field in ["api_key", "api_secret"] {
            let value = sandbox.run(&format!("get binance/{subaccount}/{field}")).ok().text().to_owned();
            variables.insert(format!("BINANCE_{subaccount}_{field}").to_uppercase(), value);
        }
    }
    assert!(variables.len() >= 32);
    variables
}

/// The values of a Secret, decoded.
fn data(secret: &Value) -> BTreeMap<String, String> {
    let decoded = |value: &Value| {
        let bytes = data_encoding::BASE64.decode(value.as_str().expect("a text").as_bytes()).expect("base64");
        String::from_utf8(bytes).expect("UTF-8")
    };
    secret["data"].as_object().expect("data").iter().map(|(name, value)| (name.clone(), decoded(value))).collect()
}

#[test]
fn kubectl_reads_back_what_was_exported_for_kubernetes() {
    let test = "kubectl_reads_back_what_was_exported_for_kubernetes";
    if !have("kubectl", "help") {
        return skip(test, "kubectl is not here");
    }
    let sandbox = vault(everything);
    sandbox.run("export kubernetes --name bot.live --namespace desk --output secret.yaml").ok();
    let kubectl = |words: &str| sandbox.program(Path::new("kubectl"), words).end();
    // Into the type that the API server has: with anything that is no base64 this stops before it finds no containers.
    kubectl("set env --local -f secret.yaml A=b").fails().says("*v1.Secret");
    let read = kubectl("label --local -f secret.yaml a=b -o json").ok().json();
    let expected = variables(&sandbox);
    assert_eq!(data(&read), expected);
    assert_eq!((&read["metadata"]["name"], &read["metadata"]["namespace"]), (&"bot.live".into(), &"desk".into()));
    // And the same as kubectl itself makes of these values.
    let mut words = "create secret generic bot.live --dry-run=client -o json".to_owned();
    for (name, value) in &expected {
        sandbox.write(&format!("values/{name}"), value);
        words.push_str(&format!(" --from-file=values/{name}"));
    }
    assert_eq!(kubectl(&words).ok().json()["data"], read["data"]);
}

#[test]
fn a_secret_that_kubernetes_would_refuse_is_not_written() {
    let sandbox = vault(everything);
    sandbox.run("export kubernetes").exits(2).says("--name NAME");
    sandbox.run("export kubernetes --name Bot").exits(2).says("lower-case");
    sandbox.run("export kubernetes --name bot --namespace a.b").exits(2).says("namespace");
    sandbox.run("export json --name bot").exits(2).says("--name is not for json");
    let large: String = (0..17).map(|number| format!("LARGE_{number}={}\n", "E".repeat(1 << 16))).collect();
    sandbox.write("large.env", large);
    sandbox.run("import large.env").ok();
    sandbox.run("export kubernetes --name bot --output secret.yaml").exits(6).says("1048576");
    assert!(!sandbox.path("secret.yaml").exists());
    sandbox.run("export systemd --output-dir credentials").exits(6).says("1048576");
    assert!(!sandbox.path("credentials").exists());
}

/// Exported below `credentials`: the printed lines.
fn credentials(sandbox: &Sandbox) -> Vec<String> {
    let finished = sandbox.run("export systemd --output-dir credentials").ok();
    finished.text().lines().map(str::to_owned).collect()
}

#[test]
fn every_credential_is_a_private_file_with_exactly_its_value_and_a_line_for_the_unit() {
    let sandbox = vault(everything);
    let lines = credentials(&sandbox);
    let expected = variables(&sandbox);
    assert_eq!(sandbox.mode("credentials"), 0o700);
    let directory = sandbox.path("credentials").canonicalize().unwrap();
    for (name, value) in &expected {
        let file = format!("credentials/{name}");
        assert_eq!((sandbox.read_text(&file).as_str(), sandbox.mode(&file)), (value.as_str(), 0o600), "{name}");
        assert!(lines.contains(&format!("LoadCredential={name}:{}/{name}", directory.display())), "{name}");
    }
    assert_eq!((lines.len(), fs::read_dir(directory).unwrap().count()), (expected.len(), expected.len()));
}

#[test]
fn systemd_reads_the_credentials_and_the_lines_for_the_unit() {
    let test = "systemd_reads_the_credentials_and_the_lines_for_the_unit";
    if !have("systemd-creds", "--version") || !have("systemd-analyze", "--version") {
        return skip(test, "systemd-creds or systemd-analyze is not here");
    }
    let sandbox = vault(everything);
    let lines = credentials(&sandbox);
    let directory = sandbox.path("credentials").canonicalize().unwrap();
    let creds = |words: &str| {
        let run = sandbox.program(Path::new("systemd-creds"), words);
        run.env("CREDENTIALS_DIRECTORY", directory.to_str().expect("UTF-8")).end()
    };
    for (name, value) in variables(&sandbox) {
        creds(&format!("cat {name}")).ok().prints_only(&value);
    }
    // A unit that only its lines are looked at of; what is wrong with one it says.
    let unit = |lines: &[String]| {
        sandbox.write("bot.service", format!("[Service]\nExecStart=/bin/true\n{}\n", lines.join("\n")));
        sandbox.program(Path::new("systemd-analyze"), "verify --man=no ./bot.service").end()
    };
    let said = unit(&lines).stderr;
    assert!(!said.contains("bot.service:"), "{said}");
    let said = unit(&["LoadCredential=a/b:/x".to_owned()]).stderr;
    assert!(said.contains("bot.service:"), "a wrong line was not seen: {said}");
}

#[test]
fn credentials_are_all_there_or_not_at_all_and_never_over_others() {
    let sandbox = vault(everything);
    credentials(&sandbox);
    let before = sandbox.tree();
    sandbox.run("export systemd --output-dir credentials").exits(3).says("already there");
    sandbox.run("export systemd").exits(2).says("--output-dir DIR");
    sandbox.run("export systemd --output x").exits(2);
    sandbox.run("export systemd --output-dir nowhere/credentials").exits(3);
    sandbox.run("export systemd --output-dir new binance/nothing").exits(6);
    sandbox.write("odd.env", "a:b=EXAMPLE-ODD\n");
    sandbox.run("import dotenv odd.env").ok();
    sandbox.run("export systemd --output-dir new").exits(6).says("env/a:b");
    assert!(!sandbox.path("new").exists());
    assert!(before.iter().all(|(path, _)| sandbox.tree().contains_key(path)));
    // An empty directory is as good as none.
    fs::create_dir(sandbox.path("new")).unwrap();
    let report = sandbox.run("export systemd --output-dir new --json binance/blank").ok().json();
    assert_eq!(report["credentials"].as_array().expect("a list").len(), 2);
    assert_eq!(sandbox.mode("new"), 0o700);
    let left =
        fs::read_dir(sandbox.path("")).unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    assert!(left.into_iter().all(|name| !name.starts_with(".strongroom-credentials")));
}

#[test]
fn credentials_do_not_go_into_a_git_work_tree() {
    let test = "credentials_do_not_go_into_a_git_work_tree";
    if !have("git", "--version") {
        return skip(test, "git is not here");
    }
    let sandbox = vault(everything);
    sandbox.program(Path::new("git"), "init -q .").end().ok();
    sandbox.run("export systemd --output-dir credentials").exits(7).says("git");
    assert!(!sandbox.path("credentials").exists());
    sandbox.run("export systemd --output-dir credentials --allow-plaintext-in-git").ok();
}
