//! `strongroom doctor`: what is wrong with this set-up.
//!
//! Looks at files, git and the system, needs no secret, and changes nothing. Each of these has a file of its
//! own; here is what a finding is and how all of them are told.

mod files;
mod git;
mod identity;
mod system;

use serde::Serialize;
pub use strongroom::check::Severity;

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output;

// What `doctor` takes.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// One thing found. The record's place is null here; `check` has the same shape and fills it.
#[derive(Debug, Serialize)]
pub struct Finding {
    severity: Severity,
    code: &'static str,
    exchange: Option<&'static str>,
    subaccount: Option<&'static str>,
    environment: Option<&'static str>,
    field: Option<&'static str>,
    message: String,
    hint: Option<String>,
}

impl Finding {
    /// A finding without a hint.
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Finding {
        Finding {
            severity,
            code,
            exchange: None,
            subaccount: None,
            environment: None,
            field: None,
            message: message.into(),
            hint: None,
        }
    }

    /// What to do: a command where possible.
    pub fn hint(mut self, hint: impl Into<String>) -> Finding {
        self.hint = Some(hint.into());
        self
    }
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    findings: Vec<Finding>,
}

/// Exit code 1 when a finding is an error.
pub fn run(context: &Context, _args: Args) -> Result<Outcome, Failure> {
    let mut findings = Vec::new();
    let vault = match context.find_vault_path() {
        Ok(path) => Some(path),
        Err(failure) => {
            let finding = Finding::new(Severity::Warning, "no-vault", failure.message);
            findings.push(finding.hint("strongroom init"));
            None
        }
    };
    let mut info = None;
    if let Some(path) = &vault {
        match context.read_locked(path) {
            Ok(locked) => info = Some(locked.info()),
            Err(failure) => findings.push(identity::of_failure("vault-unreadable", failure)),
        }
        files::vault(path, &mut findings);
        files::beside(path, &mut findings);
        git::look(path, &mut findings);
    }
    if let Some(info) = &info {
        if let Some(path) = &vault {
            identity::last_seen(path, &mut findings);
        }
        files::ways_in(info, &mut findings);
        system::memory_for(info, &mut findings);
    }
    files::secrets(context, &mut findings);
    identity::machine_key(context, info.as_ref(), &mut findings);
    system::look(&mut findings);

    findings.sort_by_key(|finding| finding.severity);
    let ok = !findings.iter().any(|finding| finding.severity == Severity::Error);
    report(context, Report { ok, findings })?;
    Ok(if ok { Outcome::Done } else { Outcome::Attention })
}

fn report(context: &Context, report: Report) -> Result<(), Failure> {
    if context.json {
        return output::json(&report);
    }
    let mut text = String::new();
    for finding in &report.findings {
        text.push_str(&format!("{}: {} [{}]\n", finding.severity, output::printable(&finding.message), finding.code));
        if let Some(hint) = &finding.hint {
            text.push_str(&format!("  hint: {}\n", output::printable(hint)));
        }
    }
    output::text(&text)?;
    let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    context.note(match (count(Severity::Error), count(Severity::Warning)) {
        (0, 0) => "nothing is wrong here".to_owned(),
        (errors, warnings) => format!("errors: {errors}, warnings: {warnings}"),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_that_of_check() {
        let findings = vec![Finding::new(Severity::Error, "key-file-mode", "m.key is readable by others")];
        let document = serde_json::to_value(Report { ok: false, findings }).unwrap();
        assert_eq!(document["findings"][0]["severity"], "error");
        assert_eq!(document["findings"][0]["exchange"], serde_json::Value::Null);
    }
}
