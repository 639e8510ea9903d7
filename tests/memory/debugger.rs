//! Core dumps by gdb: a program of others, whose images have the registers too.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use strongroom_tests::{have, skip};

use crate::image::{Image, ORDINARY};

/// Whether gdb answers and may attach to another process.
pub fn can_attach() -> bool {
    static CAN: LazyLock<bool> = LazyLock::new(|| {
        if !have("gdb", "--version") {
            return false;
        }
        let Ok(mut child) = Command::new("sleep").arg("60").spawn() else { return false };
        let output = gdb(&["info registers".into()]).args(["-p", &child.id().to_string()]).output();
        let _ = child.kill();
        let _ = child.wait();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("0x"))
    });
    *CAN
}

/// As [`can_attach`], and a skip that is counted when not.
pub fn can_attach_in(test: &str) -> bool {
    if !can_attach() {
        skip(test, "the part with gdb: it is not here, or may not attach");
    }
    can_attach()
}

fn gdb(commands: &[String]) -> Command {
    let mut gdb = Command::new("gdb");
    gdb.args([
        "--nx",
        "--batch",
        "--readnever",
        "-iex",
        "set debuginfod enabled off",
        "-iex",
        "set auto-solib-add off",
    ]);
    for command in commands {
        gdb.args(["-ex", command]);
    }
    gdb.stdin(Stdio::null());
    gdb
}

fn everything(path: &Path) -> [String; 3] {
    ["set use-coredump-filter off".into(), "set dump-excluded-mappings on".into(), format!("gcore {}", path.display())]
}

/// Everything that a debugger can have of a process, and what an ordinary dump of it has.
pub fn cores(process: u32) -> [Image; 2] {
    let directory = tempfile::tempdir().expect("a directory");
    let (full, ordinary) = (directory.path().join("full"), directory.path().join("ordinary"));
    let mut commands = vec![format!("gcore {}", ordinary.display())];
    commands.extend(everything(&full));
    let output = gdb(&commands).args(["-p", &process.to_string()]).output().expect("gdb");
    assert!(full.exists() && ordinary.exists(), "gdb: {}", String::from_utf8_lossy(&output.stderr));
    [Image::of_core(&full, "full core", Some(process)), Image::of_core(&ordinary, ORDINARY, Some(process))]
}

/// Everything of a command at its end, before the system call that ends it, and what it wrote.
pub fn core_at_exit(command: &Command, input: &Path) -> (Image, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let (core, output) = (directory.path().join("core"), directory.path().join("output"));
    let mut commands = vec!["catch syscall exit_group".to_owned(), "run".into()];
    commands.extend(everything(&core));
    commands.push("kill".into());
    let mut gdb = gdb(&commands);
    // What gdb's own `run` is told replaces the arguments, so a script leads the streams elsewhere and becomes the
    // command.
    let script = directory.path().join("script");
    let text = format!("exec \"$@\" <'{}' >'{}' 2>&1\n", input.display(), output.display());
    std::fs::write(&script, text).expect("a script");
    gdb.args(["--args", "sh"]).arg(&script);
    // `setsid`, with which the sandbox may begin, would go on in a child.
    let own = (command.get_program() != "setsid").then_some(command.get_program());
    gdb.args(own).args(command.get_args());
    gdb.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(path) = command.get_current_dir() {
        gdb.current_dir(path);
    }
    let said = gdb.output().expect("gdb");
    assert!(core.exists(), "gdb: {}", String::from_utf8_lossy(&said.stderr));
    (Image::of_core(&core, "full core", None), std::fs::read_to_string(output).expect("what the command wrote"))
}
