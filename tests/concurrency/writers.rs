//! Several at once: nobody's change is lost, nobody reads half a file.

use std::thread;

use strongroom_tests::Sandbox;

#[test]
fn writers_at_once_lose_nothing() {
    let sandbox = Sandbox::with_vault();
    thread::scope(|scope| {
        for number in 0..6 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                let keys = format!(r#"{{"api_key":"EXAMPLE-K-{number}","api_secret":"EXAMPLE-S-{number}"}}"#);
                sandbox.strongroom(&format!("add kraken/bot-{number} --from-json -")).stdin(keys).end().ok();
            });
        }
    });
    for number in 0..6 {
        sandbox.run(&format!("get kraken/bot-{number}/api_key")).ok().prints_only(&format!("EXAMPLE-K-{number}"));
    }
    assert_eq!(sandbox.bare("info --json").end().ok().json()["revision"], 7);
}

#[test]
fn readers_beside_a_writer_always_see_a_whole_vault() {
    let sandbox = Sandbox::with_vault();
    thread::scope(|scope| {
        for reader in 0..2 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                // Each reader keeps its own pins: two readers may see two revisions in either order.
                let state = sandbox.outside(&format!("state-{reader}"));
                for _ in 0..10 {
                    let run = sandbox.strongroom("list").env("XDG_STATE_HOME", state.to_str().expect("UTF-8"));
                    run.end().ok().prints("binance");
                }
            });
        }
        for number in 0..10 {
            sandbox.run(&format!("set binance/main --tag tag-{number}")).ok();
        }
    });
    sandbox.run("verify").ok();
}
