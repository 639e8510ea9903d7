//! `edit`: everything as TOML in an editor, and what happens when the editor does not cooperate.

use strongroom_tests::{BINANCE_KEY, Run, Sandbox};

fn with_editor<'a>(sandbox: &'a Sandbox, script: &str) -> Run<'a> {
    let editor = sandbox.script("editor", script);
    sandbox.strongroom("edit").env("EDITOR", editor.to_str().expect("UTF-8"))
}

#[test]
fn what_the_editor_changed_is_saved() {
    let sandbox = Sandbox::with_vault();
    let script = format!("sed -i.bak 's/{BINANCE_KEY}/EXAMPLE-EDITED-KEY/' \"$1\" && rm \"$1.bak\"");
    with_editor(&sandbox, &script).end().ok();
    sandbox.run("get binance/main/api_key").ok().prints_only("EXAMPLE-EDITED-KEY");
}

#[test]
fn an_editor_that_changes_nothing_writes_nothing() {
    let sandbox = Sandbox::with_vault();
    sandbox.script("editor", "exit 0");
    let before = sandbox.tree();
    with_editor(&sandbox, "exit 0").end().ok();
    assert!(sandbox.tree() == before);
}

#[test]
fn an_editor_that_fails_changes_nothing() {
    let sandbox = Sandbox::with_vault();
    let script = format!("sed -i.bak 's/{BINANCE_KEY}/EXAMPLE-EDITED-KEY/' \"$1\"; exit 1");
    sandbox.script("editor", &script);
    let before = sandbox.tree();
    with_editor(&sandbox, &script).end().fails();
    assert!(sandbox.tree() == before);
}

#[test]
fn the_plaintext_is_private_on_memory_and_gone_afterwards() {
    let sandbox = Sandbox::with_vault();
    with_editor(&sandbox, "echo \"$1\" > where; ls -l \"$1\" > mode; touch \"$1~\"").end().ok();
    let path = sandbox.read_text("where");
    let path = std::path::Path::new(path.trim());
    assert!(!path.exists(), "the file is gone");
    assert!(
        !path.parent().expect("a directory").join(format!("{}~", path.display())).exists(),
        "what the editor left too"
    );
    assert!(sandbox.read_text("mode").starts_with("-rw-------"));
    if cfg!(target_os = "linux") && std::path::Path::new("/dev/shm").is_dir() {
        assert!(path.starts_with("/dev/shm") || path.starts_with("/run"), "{}", path.display());
    }
}

#[test]
fn a_text_that_does_not_parse_is_opened_again_with_the_error_marked() {
    let sandbox = Sandbox::with_vault();
    // The first time break it; the second time keep what we are shown, and repair it.
    let script = format!(
        "if [ -e second ]; then cp \"$1\" shown; sed -i.bak -e '/= = broken/d' -e 's/{BINANCE_KEY}/EXAMPLE-EDITED-KEY/' \"$1\"; rm \"$1.bak\"
else touch second; echo 'x = = broken' >> \"$1\"; fi"
    );
    with_editor(&sandbox, &script).end().ok();
    let shown = sandbox.read_text("shown");
    assert!(shown.contains("= = broken"), "nothing of the work is lost");
    assert!(shown.lines().any(|line| line.starts_with('#') && line.contains("line")), "the error is marked");
    sandbox.run("get binance/main/api_key").ok().prints_only("EXAMPLE-EDITED-KEY");
}

#[test]
fn an_edit_of_what_is_gone_meanwhile_is_exit_8() {
    let sandbox = Sandbox::with_vault();
    let binary = strongroom_tests::strongroom().display();
    let script = format!(
        "'{binary}' rm binance/grid --yes; sed -i.bak 's/EXAMPLE-BINANCE-GRID-KEY-0003/EXAMPLE-EDITED-KEY/' \"$1\"; rm \"$1.bak\""
    );
    with_editor(&sandbox, &script).end().exits(8);
    sandbox.run("get binance/grid/api_key").exits(6);
}

#[test]
fn an_edit_beside_another_change_keeps_both() {
    let sandbox = Sandbox::with_vault();
    let binary = strongroom_tests::strongroom().display();
    let script = format!(
        "'{binary}' set okx/main --tag meanwhile; sed -i.bak 's/{BINANCE_KEY}/EXAMPLE-EDITED-KEY/' \"$1\"; rm \"$1.bak\""
    );
    with_editor(&sandbox, &script).end().ok();
    sandbox.run("get binance/main/api_key").ok().prints_only("EXAMPLE-EDITED-KEY");
    let okx = sandbox.run("show okx/main --json").ok().json();
    assert_eq!(okx["tags"], serde_json::json!(["meanwhile"]));
}

#[test]
fn a_known_editor_is_told_everything_even_when_it_is_told_a_part() {
    let sandbox = Sandbox::with_vault();
    let editor = sandbox.script("vim", "for word in \"$@\"; do echo \"$word\" >> words; done");
    let command = format!("{} -n", editor.display());
    sandbox.strongroom("edit").env("EDITOR", &command).end().ok();
    let words = sandbox.read_text("words");
    for word in ["-i", "NONE", "noswapfile", "noundofile", "nobackup"] {
        assert!(words.contains(word), "{word} in {words}");
    }
}

#[test]
fn an_exchange_is_edited_under_any_of_its_names() {
    let sandbox = Sandbox::with_vault();
    let editor = sandbox.script("editor", "cp \"$1\" shown");
    let edit = sandbox.strongroom("edit").arg("okex/*").env("EDITOR", editor.to_str().expect("UTF-8"));
    edit.end().ok();
    let shown = sandbox.read_text("shown");
    assert!(shown.contains("okx") && !shown.contains("binance"));
}

#[test]
fn a_slip_in_a_new_permission_is_marked_and_one_that_is_there_stays() {
    let sandbox = Sandbox::with_vault();
    let script = "if [ -e second ]; then cp \"$1\" shown; else touch second; fi
        sed -i.bak 's/^permissions = .*/permissions = [\"widthdraw\"]/' \"$1\"; rm \"$1.bak\"";
    let before = sandbox.run("show binance/main --json").ok().json()["permissions"].clone();
    let refused = with_editor(&sandbox, script).end().exits(2);
    refused.says("did you mean withdraw?");
    let shown = sandbox.read_text("shown");
    let (mark, text) = shown.split_once('\n').expect("lines");
    let line: usize = mark.split(['e', ':']).find_map(|word| word.trim().parse().ok()).expect("the line");
    assert!(mark.starts_with("#! line") && mark.contains("did you mean withdraw?"), "{mark}");
    let marked = text.lines().nth(line - 2).expect("the line");
    assert!(marked.starts_with("permissions = "), "{line}: {marked}");
    assert_eq!(sandbox.run("show binance/main --json").ok().json()["permissions"], before);

    // Another program's document may have brought one along; it does not stand in the way of anything else.
    sandbox.run("set binance/main --permission frobnicate").ok();
    let document = sandbox.run("export strongroom binance/main").ok().text().replace("frobnicate", "withdrawl");
    sandbox.write("document", &document);
    sandbox.run("import strongroom document --replace").ok();
    with_editor(&sandbox, "sed -i.bak 's/^note = .*/note = \"hot\"/' \"$1\"; rm \"$1.bak\"").end().ok();
    let shown = sandbox.run("show binance/main --json").ok().json();
    assert_eq!((&shown["permissions"][0], &shown["note"]), (&"withdrawl".into(), &"hot".into()));
}

#[test]
fn a_new_field_that_is_called_otherwise_here_is_marked() {
    let sandbox = Sandbox::with_vault();
    sandbox.keep_secret("EXAMPLE-OF-A-VALUE");
    let before = sandbox.run("show okx/main --reveal --json").ok().json();
    for (name, ours) in [("api_kye", "api_key"), ("passphrase", "api_passphrase")] {
        let script = format!(
"cp \"$1\" shown; grep -q '^{name} ' \"$1\" && exit
            awk '{{ print }} /EXAMPLE-OKX-MAIN-KEY/ {{ print \"{name} = \\\"EXAMPLE-OF-A-VALUE\\\"\" }}' shown > \"$1\""
        );
        let told = format!("{name} is called {ours} here");
        with_editor(&sandbox, &script).end().exits(2).says(&told);
        let shown = sandbox.read_text("shown");
        let (mark, text) = shown.split_once('\n').expect("lines");
        let line: usize = mark.split(['e', ':']).find_map(|word| word.trim().parse().ok()).expect("the line");
        assert!(mark.starts_with("#! line") && mark.contains(&told), "{mark}");
        assert!(text.lines().nth(line - 2).is_some_and(|marked| marked.starts_with(name)), "{line}:\n{text}");
    }
    assert_eq!(sandbox.run("show okx/main --reveal --json").ok().json(), before);
}
