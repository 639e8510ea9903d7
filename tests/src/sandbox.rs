//! A directory of one's own, an environment of one's own, and running `strongroom` in them.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::finished::Finished;
use crate::{PASSPHRASE, SAMPLE_JSON, SAMPLE_SECRETS, strongroom};

/// No command of the tests takes longer than this; what does is waiting for somebody.
const PATIENCE: Duration = Duration::from_secs(60);

/// A private world for one test. Commands run in its directory `work`.
pub struct Sandbox {
    root: TempDir,
    secrets: Mutex<Vec<String>>,
    runs: AtomicUsize,
}

/// A command about to run.
pub struct Run<'a> {
    sandbox: &'a Sandbox,
    program: PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    stdin: Vec<u8>,
    directory: PathBuf,
}

/// Every file of `work` with its bytes, to compare.
pub type Tree = BTreeMap<PathBuf, Vec<u8>>;

impl Sandbox {
    /// With nothing in it.
    pub fn new() -> Sandbox {
        Sandbox::below(&std::env::temp_dir())
    }

    /// With nothing in it, in memory where the machine has a place for that: there `XDG_RUNTIME_DIR` is one that
    /// plaintext may lie in, and thousands of runs wear no disk.
    pub fn in_memory() -> Sandbox {
        let memory = Path::new("/dev/shm");
        match tempfile::tempdir_in(memory) {
            Ok(_) => Sandbox::below(memory),
            Err(_) => Sandbox::new(),
        }
    }

    fn below(base: &Path) -> Sandbox {
        let root = tempfile::Builder::new().prefix("strongroom-").tempdir_in(base).expect("a temporary directory");
        for name in ["home", "work", "runs"] {
            fs::create_dir(root.path().join(name)).expect("a directory");
        }
        let secrets = Mutex::new(SAMPLE_SECRETS.iter().map(|secret| secret.to_string()).collect());
        Sandbox { root, secrets, runs: AtomicUsize::new(0) }
    }

    /// With the sample in `vault.strongroom`, `machine.key`, `passphrase` and `wrong` (a passphrase that opens
    /// nothing).
    ///
    /// The vault is made once and copied: Argon2 is the most expensive thing these tests do. So nothing is pinned yet.
    pub fn with_vault() -> Sandbox {
        let sandbox = Sandbox::new();
        sandbox.put_vault();
        sandbox
    }

    /// The same in a sandbox that is there.
    pub fn put_vault(&self) {
        static VAULT: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
        let (vault, key) = VAULT.get_or_init(|| {
            let sandbox = Sandbox::new();
            sandbox.write("secrets.json", SAMPLE_JSON);
            sandbox.write("passphrase", PASSPHRASE);
            sandbox.run("adopt secrets.json --machine-key machine.key --passphrase-file passphrase --kdf minimum").ok();
            (sandbox.read("vault.strongroom"), sandbox.read("machine.key"))
        });
        self.keep_secret(std::str::from_utf8(key).expect("a machine key is text").trim_end());
        self.write("vault.strongroom", vault);
        self.write("machine.key", key);
        self.write("passphrase", PASSPHRASE);
        self.write("wrong", crate::WRONG_PASSPHRASE);
    }

    /// A path in `work`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("work").join(name)
    }

    /// A path beside `work`, such as `home`.
    pub fn outside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file in `work` that only its owner can read.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a path in work")).expect("a directory");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).expect("a file");
        file.write_all(contents.as_ref()).expect("written");
        path
    }

    /// Writes a shell script that can be run.
    pub fn script(&self, name: &str, body: &str) -> PathBuf {
        let path = self.write(name, format!("#!/bin/sh\n{body}\n"));
        self.set_mode(name, 0o700);
        path
    }

    /// The bytes of a file in `work`.
    #[track_caller]
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The text of a file in `work`.
    #[track_caller]
    pub fn read_text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("UTF-8")
    }

    /// The permission bits of a file in `work`.
    #[track_caller]
    pub fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}")).permissions().mode() & 0o7777
    }

    /// Changes them.
    pub fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).expect("mode set");
    }

    /// Standard error must never contain this from now on.
    pub fn keep_secret(&self, text: &str) {
        self.secrets.lock().expect("no test panicked here").push(text.to_owned());
    }

    /// Every file in `work`, lock files left out: they are empty and stay behind on purpose.
    pub fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        walk(&self.path(""), &mut tree);
        tree.retain(|path, bytes| !(bytes.is_empty() && path.to_string_lossy().ends_with("lock")));
        tree
    }

    /// `strongroom` with these words as arguments, and the machine key to unlock with when there is one.
    pub fn strongroom(&self, words: &str) -> Run<'_> {
        let run = self.bare(words);
        match self.path("machine.key").exists() {
            true => run.env("STRONGROOM_KEY_FILE", self.path("machine.key").to_str().expect("UTF-8")),
            false => run,
        }
    }

    /// `strongroom` with these words as arguments, and no way to unlock but what they say.
    pub fn bare(&self, words: &str) -> Run<'_> {
        self.program(strongroom(), words)
    }

    /// Runs [`Sandbox::strongroom`] to its end.
    #[track_caller]
    pub fn run(&self, words: &str) -> Finished {
        self.strongroom(words).end()
    }

    /// A shell script in which `$STRONGROOM` is the binary, with the machine key to unlock with.
    pub fn shell(&self, script: &str) -> Run<'_> {
        let mut run = self.strongroom("").env("STRONGROOM", strongroom().to_str().expect("UTF-8"));
        run.program = "sh".into();
        run.arguments = vec!["-c".into(), script.into()];
        run
    }

    /// Any program in this sandbox.
    pub fn program(&self, program: &Path, words: &str) -> Run<'_> {
        let home = self.outside("home");
        let inside = |name: &str| home.join(name).to_str().expect("UTF-8").to_owned();
        let environment = [
            ("HOME", inside("")),
            ("XDG_DATA_HOME", inside("data")),
            ("XDG_STATE_HOME", inside("state")),
            ("XDG_CONFIG_HOME", inside("config")),
            ("XDG_RUNTIME_DIR", inside("run")),
            ("PATH", std::env::var("PATH").expect("a PATH")),
            ("TERM", "dumb".into()),
        ];
        Run {
            sandbox: self,
            program: program.to_owned(),
            arguments: words.split_whitespace().map(str::to_owned).collect(),
            environment: environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            stdin: Vec::new(),
            directory: self.path(""),
        }
    }
}

impl Default for Sandbox {
    fn default() -> Sandbox {
        Sandbox::new()
    }
}

impl Run<'_> {
    /// One more argument, which may have blanks in it.
    pub fn arg(mut self, argument: impl AsRef<Path>) -> Self {
        self.arguments.push(argument.as_ref().to_str().expect("UTF-8").to_owned());
        self
    }

    /// More arguments, each without blanks.
    pub fn words(mut self, words: &str) -> Self {
        self.arguments.extend(words.split_whitespace().map(str::to_owned));
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// What stands on standard input. Nothing, when not said.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    /// Where to run. In `work`, when not said.
    pub fn directory(mut self, path: impl AsRef<Path>) -> Self {
        self.directory = path.as_ref().to_owned();
        self
    }

    /// The same command as the last words of another program's: `strace -o trace strongroom list`.
    pub fn under(mut self, program: &str, words: &[String]) -> Self {
        let command = self.program.to_str().expect("UTF-8").to_owned();
        let arguments = std::mem::take(&mut self.arguments);
        self.program = program.into();
        self.arguments = words.iter().cloned().chain([command]).chain(arguments).collect();
        self
    }

    /// The command as the system will run it, for tests that need its process. Nothing checks its output.
    pub fn command(&self) -> Command {
        let mut command = match without_terminal() {
            true => {
                let mut command = Command::new("setsid");
                command.arg(&self.program);
                command
            }
            false => Command::new(&self.program),
        };
        command.args(&self.arguments).env_clear().envs(&self.environment).current_dir(&self.directory);
        command
    }

    /// Runs it to its end and checks what holds for every command.
    #[track_caller]
    pub fn end(self) -> Finished {
        let sandbox = self.sandbox;
        let finished = self.finish().unwrap_or_else(|problem| panic!("{problem}"));
        if let Some(problem) = sandbox.objection(&finished) {
            panic!("{problem}");
        }
        finished
    }

    /// Runs it to its end and checks nothing.
    ///
    /// # Errors
    /// What does not end.
    pub fn finish(self) -> Result<Finished, String> {
        // Files and not pipes, so that one loop can wait for the end and give up on a command that asks somebody.
        let number = self.sandbox.runs.fetch_add(1, Ordering::Relaxed);
        let file = |kind: &str| self.sandbox.outside("runs").join(format!("{number}.{kind}"));
        fs::write(file("in"), &self.stdin).expect("standard input");
        let mut child = self
            .command()
            .stdin(Stdio::from(File::open(file("in")).expect("standard input")))
            .stdout(Stdio::from(File::create(file("out")).expect("standard output")))
            .stderr(Stdio::from(File::create(file("err")).expect("standard error")))
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.program.display()));
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child to wait for") {
                break status;
            }
            if started.elapsed() > PATIENCE {
                child.kill().expect("a child to kill");
                return Err(format!("still running after {PATIENCE:?}: {}", self.line()));
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        let stderr = fs::read(file("err")).expect("standard error");
        let finished = Finished {
            command: self.line(),
            status,
            stdout: fs::read(file("out")).expect("standard output"),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        };
        Ok(finished)
    }

    fn line(&self) -> String {
        let name = self.program.file_name().unwrap_or_default().to_string_lossy();
        format!("{name} {}", self.arguments.join(" "))
    }
}

impl Sandbox {
    /// What holds for every command and does not for this one: no secret on standard error, no panic.
    pub fn objection(&self, finished: &Finished) -> Option<String> {
        let Finished { command, stderr, .. } = finished;
        let unwrapped = finished.unwrapped();
        let says = |secret: &String| stderr.contains(secret) || unwrapped.contains(secret);
        if self.secrets.lock().expect("no test panicked here").iter().any(says) {
            return Some(format!("{command} leaks on standard error: {stderr}"));
        }
        let bug = stderr.contains("panicked") || stderr.contains("this is a bug");
        bug.then(|| format!("{command} panicked: {stderr}"))
    }
}

/// Whether a new session can be made for each command: with the developer's terminal it would prompt there.
fn without_terminal() -> bool {
    static SETSID: OnceLock<bool> = OnceLock::new();
    *SETSID.get_or_init(|| crate::have("setsid", "--version"))
}

fn walk(directory: &Path, tree: &mut Tree) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, tree);
        } else {
            let bytes = fs::read(&path).unwrap_or_else(|error| error.to_string().into_bytes());
            tree.insert(path, bytes);
        }
    }
}
