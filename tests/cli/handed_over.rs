//! Exports that other systems hand to a bot, read back by those systems' own programs: Kubernetes, systemd, docker.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use strongroom_tests::{Sandbox, have, skip};

use super::dotenv::{everything, vault};

/// What `run` would set: names and values, this many.
fn variables(sandbox: &Sandbox, count: usize) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for record in sandbox.run("list --json").ok().json().as_array().expect("records") {
        let subaccount = record["subaccount"].as_str().expect("a name");
        for field in ["api_key", "api_secret"] {
            let value = sandbox.run(&format!("get binance/{subaccount}/{field}")).ok().text().to_owned();
            variables.insert(format!("BINANCE_{subaccount}_{field}").to_uppercase(), value);
        }
    }
    assert_eq!(variables.len(), count);
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
    let expected = variables(&sandbox, 32);
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
    let expected = variables(&sandbox, 32);
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
    for (name, value) in variables(&sandbox, 32) {
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

/// What docker takes from an environment file, from docker itself: its client reads the file and sends what it read to
/// its daemon, for which this stands in.
fn docker(sandbox: &Sandbox, file: &str) -> BTreeMap<String, String> {
    let socket = sandbox.path("docker.sock");
    let _ = fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).expect("a socket");
    let (created, ended) = (Arc::new(Mutex::new(None)), Arc::new(AtomicBool::new(false)));
    let daemon = thread::spawn({
        let (created, ended) = (created.clone(), ended.clone());
        move || {
            for stream in listener.incoming().take_while(|_| !ended.load(Ordering::SeqCst)) {
                let (stream, created) = (stream.expect("a connection"), created.clone());
                // On its own, because a client may open more of them than it uses.
                thread::spawn(move || answer(&stream, &created));
            }
        }
    });
    let create = sandbox.program(Path::new("docker"), "create --env-file").words(file).words("example/bot");
    let finished = create.env("DOCKER_HOST", &format!("unix://{}", socket.display())).end();
    ended.store(true, Ordering::SeqCst);
    drop(UnixStream::connect(&socket));
    daemon.join().expect("no panic");
    finished.ok().prints_only("0123456789ab\n");
    let body = created.lock().expect("no panic").take().expect("a container to make");
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    let pairs = body["Env"].as_array().expect("variables").iter().map(|pair| pair.as_str().expect("a text"));
    let pairs = pairs.map(|pair| pair.split_once('=').expect("an equals sign"));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Answers one request as docker's daemon would, and ends the connection. What a container is to be made of is kept.
fn answer(stream: &UnixStream, created: &Mutex<Option<Vec<u8>>>) {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).map(|_| line).unwrap_or_default()
    };
    let request = line();
    let mut length = 0;
    loop {
        let header = line().to_ascii_lowercase();
        if header.trim_end().is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
    }
    let mut body = vec![0; length];
    if request.is_empty() || reader.read_exact(&mut body).is_err() {
        return;
    }
    let (status, text) = if request.starts_with("POST ") && request.contains("/containers/create") {
        *created.lock().expect("no panic") = Some(body);
        ("201 Created", "{\"Id\": \"0123456789ab\", \"Warnings\": []}")
    } else {
        ("200 OK", "")
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nApi-Version: 1.44\r\nOstype: linux\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    let mut stream = stream;
    // A client that is gone says more than we could.
    let _ = stream.write_all(format!("{head}{text}").as_bytes());
}

#[test]
fn docker_itself_reads_back_what_was_exported_for_it() {
    let test = "docker_itself_reads_back_what_was_exported_for_it";
    if !have("docker", "--version") {
        return skip(test, "docker is not here");
    }
    let sandbox = vault(|value| !value.contains('\n'));
    let mut expected = variables(&sandbox, 30);
    let long = "E".repeat((1 << 16) - 1 - "LONG=".len());
    for (name, value) in [("EMPTY", ""), ("EQUALS", "=a==b= "), ("NUMBER", "0x10"), ("1.2-x", "\"'"), ("LONG", &long)] {
        let file = json!({"value": value});
        sandbox.strongroom(&format!("add env/{name} --from-json -")).stdin(file.to_string()).end().ok();
        expected.insert(name.to_owned(), value.to_owned());
    }
    sandbox.run("export dotenv --target docker --output bot.env").ok();
    assert_eq!(docker(&sandbox, "bot.env"), expected);
}

#[test]
fn docker_itself_reads_what_all_of_them_read() {
    let test = "docker_itself_reads_what_all_of_them_read";
    if !have("docker", "--version") {
        return skip(test, "docker is not here");
    }
    let sandbox = vault(|value| value == "EXAMPLE+/==");
    sandbox.run("export dotenv --output bot.env").ok();
    assert_eq!(docker(&sandbox, "bot.env"), variables(&sandbox, 2));
    // And not what another one is given.
    let sandbox = vault(|value| value == "it's EXAMPLE");
    sandbox.run("export dotenv --target sh --output bot.env").ok();
    assert_ne!(docker(&sandbox, "bot.env"), variables(&sandbox, 2));
}
