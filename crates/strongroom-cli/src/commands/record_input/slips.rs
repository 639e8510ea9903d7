//! What is likely a slip in what somebody says about a record: told before anything is saved, and refused where keeping
//! it would hide a danger.

use std::collections::BTreeSet;
use std::path::Path;

use strongroom::record::Timestamp;
use strongroom::registry::{self, Permission};
use strongroom::{Environment, Reference, Secret, check};

use super::RecordInput;
use super::field_names::IN_A_DOCUMENT;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{self, printable, shell_word};
use crate::prompt;

/// Puts right a permission that is nearly one that is known, or refuses it: `withdrawl` would hide from `check` that the
/// key withdraws.
///
/// Somebody who can be asked has the last word, because an exchange may call it so; nobody else has: a script that says
/// it by mistake would say it for ever. `command` sets the permissions right when they are put behind it; without one
/// they are to be put right where they came from.
///
/// # Errors
/// Exit code 2 where nobody can be asked.
pub fn settle_permissions(
    context: &Context,
    reference: &Reference,
    input: &mut RecordInput,
    command: Option<String>,
) -> Result<(), Failure> {
    let Some(permissions) = &input.permissions else { return Ok(()) };
    let nearest = |word: &String| registry::nearest_permission(&reference.exchange, word);
    let Some((slip, meant)) = permissions.iter().find_map(|word| Some((word, nearest(word)?))) else { return Ok(()) };
    if !prompt::possible(context) {
        // It is a slip away from a word of ours, so that it cannot be a secret. What stands beside it can.
        let failure = Failure::usage(format!("{reference}: {slip} is no permission; did you mean {meant}?"));
        let is_known = |word: &&str| check::is_known_permission(&reference.exchange, word);
        let right: BTreeSet<&str> = permissions.iter().map(|word| nearest(word).unwrap_or(word)).collect();
        return Err(match command.filter(|_| right.iter().all(is_known)) {
            Some(command) => {
                let right = shell_word(&Vec::from_iter(right).join(","));
                failure.hint(format!("{command} --permission {right}"))
            }
            None => failure.hint(IN_A_DOCUMENT),
        });
    }
    let mut settled = BTreeSet::new();
    for word in permissions {
        let meant = match nearest(word) {
            Some(meant) => {
                prompt::say(&format!("{reference}: {} is no permission that is known here.", printable(word)));
                prompt::agree(context, &format!("Did you mean {meant}?"))?.then_some(meant)
            }
            None => None,
        };
        settled.insert(meant.map_or_else(|| word.clone(), str::to_owned));
    }
    input.permissions = Some(settled);
    Ok(())
}

/// The command that was called, up to its options for metadata. One that had more options, or a document from standard
/// input, which cannot be read again, somebody has to repeat.
pub fn again(command: &str, reference: &str, document: Option<&Path>, has_more: bool) -> String {
    let command = format!("strongroom {command} {}", shell_word(reference));
    match document {
        _ if has_more || document == Some(Path::new("-")) => "repeat the command with".to_owned(),
        None => command,
        Some(path) => format!("{command} --from-json {}", shell_word(&path.display().to_string())),
    }
}

/// Warns of metadata that is likely a slip: a permission nobody else calls that, an expiry that is over.
pub fn warn_of_metadata(context: &Context, name: &str, input: &RecordInput, now: Timestamp) {
    let exchange = name.parse().map(|reference: Reference| reference.exchange).unwrap_or_default();
    let unknown = |word: &&String| !check::is_known_permission(&exchange, word);
    for permission in input.permissions.iter().flatten().filter(unknown) {
        let shown = if is_plain(permission) { permission } else { "(not shown)" };
        let usual = Permission::ALL.map(Permission::name).join(", ");
        context.warn(format!("{name}: {shown} is not one of the usual permissions: {usual}"));
    }
    if let Some(Some(expires)) = input.expires
        && expires <= now
    {
        context.warn(format!("{name}: it expired already, {}", output::date(expires)));
    }
}

/// Warns of values that did not come over whole: blanks, quotes, a PEM that lost its lines. Exchanges refuse those in ways
/// hard to understand.
pub fn warn_of_blanks(context: &Context, name: &str, fields: &[(String, Secret)]) {
    for (field, value) in fields {
        if let Some(problem) = check::form_problem(field, value.expose_secret()) {
            context.warn(format!("{name}: {field} {problem}; it is kept as it is"));
        }
    }
}

/// Warns of a name in which an `@` stands before something that is no environment, and refuses it where that is nearly
/// one: it would be another account, and a live one. `text` is the name as it was typed; who writes `%40` means it.
///
/// # Errors
/// Exit code 2.
pub fn settle_environment(context: &Context, command: &str, text: &str, reference: &Reference) -> Result<(), Failure> {
    let (exchange, subaccount) = text.split_once('/').unwrap_or((text, ""));
    let odd = |part: &str, whole: &str| {
        let (_, end) = part.rsplit_once('@')?;
        // The name has it only where it was not read as an environment.
        let (name, _) = whole.rsplit_once('@').filter(|(_, kept)| *kept == end)?;
        Some((name.to_owned(), end.to_owned()))
    };
    let of_exchange = odd(exchange, &reference.exchange);
    let Some((name, end)) = of_exchange.clone().or_else(|| odd(subaccount, &reference.subaccount)) else {
        return Ok(());
    };
    let (what, whole) = match of_exchange {
        Some(_) => ("an exchange", &reference.exchange),
        None => ("an account", &reference.subaccount),
    };
    let escaped = Reference { environment: Environment::Live, ..reference.clone() }.to_string().replace('@', "%40");
    let escaped = match reference.environment {
        Environment::Live => escaped,
        other => format!("{escaped}@{other}"),
    };
    if let Some(environment) = Environment::nearest(&end).filter(|_| !name.is_empty()) {
        let meant = match what {
            "an exchange" => Reference { exchange: name, environment, ..reference.clone() },
            _ => Reference { subaccount: name, environment, ..reference.clone() },
        };
        return Err(Failure::usage(format!(
            "{}: there is no such environment; did you mean {meant}?",
            printable(text)
        ))
        .hint(format!("strongroom {command} {}", shell_word(&meant.to_string())))
        .hint(format!("for {what} of that name: strongroom {command} {}", shell_word(&escaped))));
    }
    context.warn(format!(
        "{} is {what} called {}; environments are @live, @testnet and @demo",
        printable(&escaped),
        printable(whole)
    ));
    Ok(())
}

/// Warns of a name that says an environment which the exchange is not known to have.
pub fn warn_of_test_server(context: &Context, reference: &Reference) {
    let known = registry::exchange(&reference.exchange).filter(|exchange| exchange.lacks(reference.environment));
    let Some(exchange) = known else { return };
    let text = match exchange.test_environments().first() {
        Some(there) => format!("{reference}: the test server of {} goes by @{there} here", exchange.name),
        None => format!("{reference}: no test server of {} is known here", exchange.name),
    };
    context.warn(text);
}

/// What is long or odd may be something else, pasted in the wrong place.
fn is_plain(word: &str) -> bool {
    word.len() <= 24 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}
