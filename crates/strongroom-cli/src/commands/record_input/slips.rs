//! What is likely a slip in what somebody says about a record: told before anything is saved, and refused where keeping
//! it would hide a danger. Permissions are in [`permissions`].

mod permissions;

use std::path::Path;

use strongroom::record::Timestamp;
use strongroom::registry::{self, Permission};
use strongroom::wording::command;
use strongroom::{Environment, Record, Reference, Secret, check};

use super::RecordInput;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{self, printable, shell_word};

pub use permissions::{settle_permissions, settle_permissions_at};

/// The command that was called, up to its options for metadata. None for one that had more options, or a document from
/// standard input, which cannot be read again: that somebody has to [`REPEAT`].
pub fn again(verb: &str, reference: &str, document: Option<&Path>, has_more: bool) -> Option<String> {
    let again = command([verb, reference]);
    match document {
        _ if has_more || document == Some(Path::new("-")) => None,
        None => Some(again),
        Some(path) => Some(format!("{again} --from-json {}", shell_word(&path.display().to_string()))),
    }
}

/// What to do with a command that nobody here can write down, before what it has to be repeated with.
pub const REPEAT: &str = "repeat the command with";

/// Warns of metadata that is likely a slip: a permission nobody else calls that, an expiry that is over.
pub fn warn_of_metadata(context: &Context, name: &str, input: &RecordInput, now: Timestamp) {
    let exchange = name.parse().map(|reference: Reference| reference.exchange).unwrap_or_default();
    metadata_problems(&exchange, input, now).iter().for_each(|problem| context.warn(format!("{name}: {problem}")));
}

/// Warns of what [`warn_of_test_server`] and [`warn_of_metadata`] do, once where it is the same of several records.
pub fn warn_of_several(context: &Context, records: &[(&Reference, &RecordInput)], now: Timestamp) {
    let mut told: Vec<(String, &Reference, usize)> = Vec::new();
    for (reference, input) in records {
        let of_metadata = metadata_problems(&reference.exchange, input, now);
        for problem in test_server_problem(reference).into_iter().chain(of_metadata) {
            match told.iter_mut().find(|(there, ..)| *there == problem) {
                Some((.., more)) => *more += 1,
                None => told.push((problem, reference, 0)),
            }
        }
    }
    for (problem, first, more) in told {
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        context.warn(format!("{first}{more}: {problem}"));
    }
}

fn metadata_problems(exchange: &str, input: &RecordInput, now: Timestamp) -> Vec<String> {
    // A slip in withdraw may still say what it is, and is no less a slip.
    let is_odd = |word: &&String| {
        !check::is_known_permission(exchange, word) || registry::nearest_permission(exchange, word).is_some()
    };
    let of_permission = |permission: &String| {
        let shown = if is_plain(permission) { permission } else { "(not shown)" };
        let usual = Permission::ALL.map(Permission::name).join(", ");
        format!("{shown} is not one of the usual permissions: {usual}")
    };
    let mut problems: Vec<String> = input.permissions.iter().flatten().filter(is_odd).map(of_permission).collect();
    if let Some(Some(expires)) = input.expires
        && expires <= now
    {
        problems.push(format!("it expired already, {}", output::date(expires)));
    }
    problems
}

/// Warns of values that did not come over whole, as blanks, quotes, a PEM that lost its lines, and of what cannot sign
/// beside what is there. Exchanges refuse those in ways hard to understand.
pub fn warn_of_values(context: &Context, reference: &Reference, there: Option<&Record>, given: &[(String, Secret)]) {
    let mut fields = there.map(|record| record.fields.duplicate()).unwrap_or_default();
    for (field, value) in given {
        fields.set(field, value.duplicate());
    }
    for (field, value) in given {
        let of_form = check::form_problem(field, value.expose_secret()).map(str::to_owned);
        let problem = of_form.or_else(|| check::signing_problem(&reference.exchange, &fields, field));
        if let Some(problem) = problem {
            context.warn(format!("{reference}: {field} {problem}; it is kept as it is"));
        }
    }
}

/// Warns of a name in which an `@` stands before something that is no environment, and refuses it where that is nearly
/// one: it would be another account, and a live one. `text` is the name as it was typed; who writes `%40` means it.
/// `again` is the command with another name.
///
/// # Errors
/// Exit code 2.
pub fn settle_environment(
    context: &Context,
    text: &str,
    reference: &Reference,
    again: impl Fn(&str) -> String,
) -> Result<(), Failure> {
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
        .hint(again(&meant.to_string()))
        .hint(format!("for {what} of that name: {}", again(&escaped))));
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
    test_server_problem(reference).iter().for_each(|problem| context.warn(format!("{reference}: {problem}")));
}

fn test_server_problem(reference: &Reference) -> Option<String> {
    let exchange = registry::exchange(&reference.exchange).filter(|exchange| exchange.lacks(reference.environment))?;
    Some(match exchange.test_environments().first() {
        Some(there) => format!("the test server of {} goes by @{there} here", exchange.name),
        None => format!("no test server of {} is known here", exchange.name),
    })
}

/// What is long or odd may be something else, pasted in the wrong place.
fn is_plain(word: &str) -> bool {
    word.len() <= 24 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}
