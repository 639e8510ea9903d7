//! `strongroom man`: generated from the command line itself, with the sections that `--help` has too.

use strongroom::check::RULES;

use crate::failure::{Failure, Outcome};
use crate::{help, output};

// What `man` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The page of this command, such as run or slot add [default: strongroom itself]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

/// Prints the page, for `strongroom man | man -l -`.
pub fn run(args: Args, mut command: clap::Command) -> Result<Outcome, Failure> {
    // Building spreads the global options over all commands.
    command.build();
    let mut title = "strongroom".to_owned();
    // `slot add`, or `slot-add` as the page is called.
    for word in args.command.iter().flat_map(|word| word.split('-')) {
        let found = command.find_subcommand(word).ok_or_else(|| Failure::usage("no such command"))?;
        title = format!("{title}-{}", found.get_name());
        command = found.clone();
    }
    output::text(page(command, &title).map_err(|error| Failure::output(&error))?)?;
    Ok(Outcome::Done)
}

fn page(command: clap::Command, title: &str) -> Result<Vec<u8>, std::io::Error> {
    let has_commands = command.has_subcommands();
    let is_whole = title == "strongroom";
    let examples = if is_whole {
        Some(help::examples::STRONGROOM.to_owned())
    } else {
        command.get_after_help().map(ToString::to_string)
    };
    let source = concat!("strongroom ", env!("CARGO_PKG_VERSION"));
    let man = clap_mangen::Man::new(command).title(title).source(source);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if has_commands {
        man.render_subcommands_section(&mut page)?;
    }
    let mut text = String::new();
    if is_whole {
        table(&mut text, "EXIT STATUS", &help::EXIT_CODES);
        table(&mut text, "ENVIRONMENT", &help::ENVIRONMENT);
        table(&mut text, "FILES", &help::FILES);
    }
    if title == "strongroom-check" {
        table(&mut text, "CODES", &RULES.map(|rule| (rule.code, rule.meaning)));
        text.push_str(".SH POLICY\n.nf\n");
        help::POLICY.lines().for_each(|line| text.push_str(&format!("{}\n", roff(line))));
        text.push_str(".fi\n");
    }
    if let Some(examples) = examples {
        text.push_str(".SH EXAMPLES\n.nf\n");
        // The first line is the heading.
        for line in examples.lines().skip(1) {
            text.push_str(&roff(line.trim_start()));
            text.push('\n');
        }
        text.push_str(".fi\n");
    }
    if !is_whole {
        text.push_str(".SH \"SEE ALSO\"\nstrongroom(1), for the exit status, environment and files\n");
    }
    page.extend_from_slice(text.as_bytes());
    Ok(page)
}

fn table(text: &mut String, heading: &str, rows: &[(&str, &str)]) {
    text.push_str(&format!(".SH \"{heading}\"\n"));
    for (name, meaning) in rows {
        text.push_str(&format!(".TP\n\\fB{}\\fR\n{}\n", roff(name), roff(meaning)));
    }
}

/// Text of ours, none of which starts with a full stop or quote that would make a line a request.
fn roff(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    #[test]
    fn the_page_has_the_sections_that_readers_look_for() {
        let mut command = cli::command();
        command.build();
        let text = String::from_utf8(page(command, "strongroom").unwrap()).unwrap();
        for section in ["EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES", "SUBCOMMANDS"] {
            assert!(text.contains(section), "{section}");
        }
        assert!(text.contains("STRONGROOM_VAULT") && !text.contains("EXTRA"));
    }
}
