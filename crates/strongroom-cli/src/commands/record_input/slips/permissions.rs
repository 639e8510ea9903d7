//! A permission that is nearly one that is known: asked about, or refused where nobody can be asked.

use std::collections::BTreeSet;

use strongroom::wording::listed;
use strongroom::{Reference, check, registry};

use crate::commands::record_input::RecordInput;
use crate::commands::record_input::field_names::IN_A_DOCUMENT;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{printable, shell_word};
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
    let places = [Place { name: reference.to_string(), exchange: &reference.exchange }];
    let command = command.ok_or(IN_A_DOCUMENT);
    input.permissions = settle(context, &places, permissions, command)?.pop();
    Ok(())
}

/// As [`settle_permissions`], for records of several exchanges, of which each has words of its own: what those of each
/// may do, in the order of the exchanges. A slip is asked about once.
///
/// # Errors
/// Exit code 2 where nobody can be asked.
pub fn settle_permissions_at(
    context: &Context,
    exchanges: &[&str],
    permissions: &BTreeSet<String>,
    command: String,
) -> Result<Vec<BTreeSet<String>>, Failure> {
    // A name that nobody knows may be half of a value.
    let name = |exchange| if registry::exchange(exchange).is_some() { exchange } else { "an exchange not known here" };
    let places = exchanges.iter().map(|&exchange| Place { name: name(exchange).to_owned(), exchange });
    settle(context, &places.collect::<Vec<_>>(), permissions, Ok(command))
}

/// Where permissions are said, and whose words they are in.
struct Place<'a> {
    name: String,
    exchange: &'a str,
}

/// A word that is nearly another one, and at which of the places it is.
struct Slip<'a> {
    word: &'a String,
    meant: &'static str,
    at: Vec<usize>,
}

fn settle(
    context: &Context,
    places: &[Place<'_>],
    permissions: &BTreeSet<String>,
    command: Result<String, &str>,
) -> Result<Vec<BTreeSet<String>>, Failure> {
    let mut slips: Vec<Slip<'_>> = Vec::new();
    for word in permissions {
        for (position, place) in places.iter().enumerate() {
            let Some(meant) = registry::nearest_permission(place.exchange, word) else { continue };
            match slips.iter_mut().find(|slip| slip.word == word && slip.meant == meant) {
                Some(slip) => slip.at.push(position),
                None => slips.push(Slip { word, meant, at: vec![position] }),
            }
        }
    }
    let named = |slip: &Slip<'_>| {
        let mut names: Vec<&str> = slip.at.iter().map(|&position| places[position].name.as_str()).collect();
        names.dedup();
        match slip.at.len() {
            // Where all agree, none of them has to be named.
            all @ 2.. if all == places.len() => String::new(),
            _ => format!("{}: ", listed(names)),
        }
    };
    let put_right = |agreed: &dyn Fn(&Slip<'_>) -> Result<bool, Failure>| {
        let mut settled = vec![permissions.clone(); places.len()];
        for slip in &slips {
            if agreed(slip)? {
                for &position in &slip.at {
                    settled[position].remove(slip.word);
                    settled[position].insert(slip.meant.to_owned());
                }
            }
        }
        Ok(settled)
    };
    if prompt::possible(context) {
        return put_right(&|slip| {
            let (place, word) = (printable(&named(slip)), printable(slip.word));
            prompt::say(&format!("{place}{word} is no permission that is known here."));
            prompt::agree(context, &format!("Did you mean {}?", slip.meant))
        });
    }
    let right = put_right(&|_| Ok(true))?;
    let Some(slip) = slips.first() else { return Ok(right) };
    // It is a slip away from a word of ours, so that it cannot be a secret. What stands beside it can.
    let failure =
        Failure::usage(format!("{}{} is no permission; did you mean {}?", named(slip), slip.word, slip.meant));
    let is_known = |place: &Place<'_>| right[0].iter().all(|word| check::is_known_permission(place.exchange, word));
    Err(match command {
        Ok(_) if right.windows(2).any(|pair| pair[0] != pair[1]) => {
            failure.hint("each exchange has words of its own here: repeat the command for one after the other")
        }
        Ok(command) if places.iter().all(is_known) => {
            let right = shell_word(&Vec::from_iter(right[0].iter().map(String::as_str)).join(","));
            failure.hint(format!("{command} --permission {right}"))
        }
        Ok(_) => failure.hint(IN_A_DOCUMENT),
        Err(hint) => failure.hint(hint),
    })
}
