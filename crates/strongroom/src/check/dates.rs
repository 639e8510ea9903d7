//! What time does to a key: it expires, it should be rotated, a rotation should come to its end.

use super::{Case, Severity, addresses, code};
use crate::record::{Previous, Timestamp};
use crate::rotation::{self, DAY, Ending};

/// After so many days somebody has forgotten that the values were to be replaced, or a rotation to be finished.
const FORGOTTEN_DAYS: i64 = 7;

/// The rules of one record.
pub(super) fn check(case: &mut Case<'_>) {
    match case.record.expires {
        Some(expires) => recorded_expiry(case, expires),
        None => expiry_by_rule(case),
    }
    rotation_due(case);
    unfinished(case);
}

fn recorded_expiry(case: &mut Case<'_>, expires: Timestamp) {
    let command = case.command("rotate", &[]);
    if expires <= case.now {
        let message = format!("the key expired on {}", date(expires));
        case.say(Severity::Error, code::EXPIRED, message).advise("make a new key, and enter it", command);
    } else if is_within(case.now, expires, case.policy.expiry_warn_days) {
        let message = format!("the key expires on {}, {}", date(expires), until(case.now, expires));
        case.say(Severity::Warning, code::EXPIRES_SOON, message).advise("make a new key, and enter it", command);
    }
}

/// By what the exchange does to such keys by itself.
fn expiry_by_rule(case: &mut Case<'_>) {
    let Some(Ending { exchange, rule, at, is_certain }) = rotation::ending(case.record) else { return };
    let over = at <= case.now;
    if !over && !is_within(case.now, at, case.policy.expiry_warn_days) {
        return;
    }
    // That nobody recorded a list does not say that the key has none, and what works is not to be called dead.
    let is_proved = !rule.without_allowlist || addresses::allows_all(&case.record.ip_allowlist);
    let severity = match (is_certain, over) {
        (true, true) if is_proved => Severity::Error,
        (true, _) | (false, true) => Severity::Warning,
        (false, false) => Severity::Info,
    };
    let when = if over { "this was over on" } else { "this is over on" };
    let message = format!("{}; {when} {}", addresses::told(exchange, rule), date(at));
    let code = if over { code::EXPIRED } else { code::EXPIRES_SOON };
    let command = case.command("set", &["--expires", "DATE"]);
    case.say(severity, code, message).advise("look up when it expires, and record that; or rotate it", command);
}

fn rotation_due(case: &mut Case<'_>) {
    let due = rotation::due(case.record, &case.policy.rotation);
    let lives = case.policy.rotation.of(case.record);
    let age = case.now.saturating_sub(rotation::since(case.record));
    let never = case.record.rotated.is_none();
    let command = case.command("rotate", &[]);
    if due <= case.now {
        let severity = if case.is_live() { Severity::Warning } else { Severity::Info };
        let since = if never { "was never rotated and has its values for" } else { "has its values for" };
        let message = format!("it {since} {}; they should live {}", days(age), days(Timestamp::from(lives) * DAY));
        case.say(severity, code::ROTATION_DUE, message).advise("make a new key, and enter it", command);
    } else if is_within(case.now, due, case.policy.rotation_warn_days) {
        let message = format!("its rotation is due on {}, {}", date(due), until(case.now, due));
        case.say(Severity::Info, code::ROTATION_DUE_SOON, message).advise("make a new key, and enter it", command);
    } else if never && case.is_live() && age >= FORGOTTEN_DAYS * DAY {
        let message = format!("it was never rotated and has the values it came with {} ago", days(age));
        case.say(Severity::Info, code::NEVER_ROTATED, message)
            .advise("if they ever lay in a plaintext file, make a new key, and enter it", command);
    }
}

fn unfinished(case: &mut Case<'_>) {
    let Some(previous) = &case.record.previous else { return };
    let (severity, message) = match previous.retire {
        Some(retire) if retire <= case.now => {
            (Severity::Warning, format!("its old values were to be forgotten on {}, and are still kept", date(retire)))
        }
        // What a bot that still has the old values will run into.
        Some(retire) if previous.expires.is_some_and(|expires| expires <= retire) => {
            (Severity::Info, format!("its old values are kept until {}, when the old key expires", date(retire)))
        }
        Some(retire) => (Severity::Info, format!("its old values are kept until {}", date(retire))),
        None => {
            let age = case.now.saturating_sub(previous.replaced);
            let severity = if age >= FORGOTTEN_DAYS * DAY { Severity::Warning } else { Severity::Info };
            (severity, format!("its old values are kept since {}, and nobody said until when", date(previous.replaced)))
        }
    };
    let (advice, command) = case.finish();
    case.say(severity, code::ROTATION_UNFINISHED, message).advise(advice, command);
}

/// `kept until 2027-01-31`, or since when, once it should be gone or nobody said until when.
pub(super) fn kept(old: &Previous, now: Timestamp) -> String {
    match old.retire.filter(|retire| *retire > now) {
        Some(retire) => format!("kept until {}", date(retire)),
        None => format!("kept since {}", date(old.replaced)),
    }
}

/// Whether less than so many days are left.
fn is_within(now: Timestamp, at: Timestamp, days: u32) -> bool {
    at.saturating_sub(now) < Timestamp::from(days) * DAY
}

/// `1 day`, `12 days`
fn days(seconds: Timestamp) -> String {
    match seconds.div_euclid(DAY) {
        1 => "1 day".into(),
        days => format!("{days} days"),
    }
}

/// `today`, `in 12 days`, as dates count them.
fn until(now: Timestamp, at: Timestamp) -> String {
    match at.div_euclid(DAY) - now.div_euclid(DAY) {
        0 => "today".into(),
        left => format!("in {}", days(left * DAY)),
    }
}

fn date(at: Timestamp) -> String {
    match jiff::Timestamp::from_second(at) {
        Ok(time) => time.to_string().split('T').next().unwrap_or_default().to_owned(),
        // Outside of what a calendar has; a vault can hold it.
        Err(_) => format!("@{at}"),
    }
}
