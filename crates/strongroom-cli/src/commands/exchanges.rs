//! `strongroom exchanges`: what is known about exchanges and their keys, with the sources. Needs no vault.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::json;
use strongroom::registry::{self, Exchange, Permission, Source};

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Table, wrapped};

/// How wide the names of facts are.
const LABEL: usize = 15;

// What `exchanges` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Everything about this one [default: a list of all]
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// Lists all exchanges, or tells everything about one.
pub fn run(context: &Context, args: Args) -> Result<Outcome, Failure> {
    match args.name {
        Some(name) => {
            let exchange = registry::exchange(&name).ok_or_else(|| unknown(&name))?;
            if context.json { output::json(&document(exchange))? } else { output::text(page(exchange))? }
        }
        None if context.json => output::json(&registry::exchanges().iter().map(line).collect::<Vec<_>>())?,
        None => output::text(list())?,
    }
    Ok(Outcome::Done)
}

/// A name that is unknown: maybe a slip, and no trouble if not. Shown only when it cannot be a pasted key.
fn unknown(name: &str) -> Failure {
    let plain = |byte: u8| byte.is_ascii_lowercase() || b"._-".contains(&byte);
    let shown = if name.len() <= 24 && name.bytes().all(plain) { name } else { "that" };
    let mut failure = Failure::record("no-such-exchange", format!("{shown} is not an exchange that is known here"));
    if let Some(id) = registry::nearest(name) {
        failure = failure.hint(format!("strongroom exchanges {id}"));
    }
    failure.hint("a new one works like any other; nothing about its records is checked")
}

/// One exchange of the list, for programs.
#[derive(Serialize)]
struct Line {
    id: &'static str,
    name: &'static str,
    requires: &'static [&'static str],
    optional: &'static [&'static str],
    aliases: Vec<&'static str>,
    dropped: Option<registry::Dropped>,
}

fn line(exchange: &Exchange) -> Line {
    Line {
        id: exchange.id,
        name: exchange.name,
        requires: exchange.requires,
        optional: exchange.optional,
        aliases: exchange.aliases.iter().map(|alias| alias.name).collect(),
        dropped: exchange.dropped,
    }
}

/// The list for people. Other names have rows of their own, because that is where people look for them.
fn list() -> String {
    let mut rows: Vec<[String; 3]> = Vec::new();
    let mut gone: Vec<&str> = Vec::new();
    for exchange in registry::exchanges() {
        for alias in exchange.aliases {
            rows.push([alias.name.to_owned(), format!("= {}", exchange.id), String::new()]);
        }
        if exchange.dropped.is_some() {
            gone.push(exchange.id);
            continue;
        }
        let needs: Vec<&str> = exchange.asks().iter().map(|field| field.trim_start_matches("api_")).collect();
        rows.push([exchange.id.to_owned(), exchange.name.to_owned(), needs.join(" ")]);
    }
    rows.sort();
    let mut table = Table::new(["id", "name", "needs"]);
    rows.into_iter().for_each(|row| table.row(row));
    let mut text = table.render();
    let old = format!("Known, but no longer in ccxt: {}.", gone.join(", "));
    let _ = write!(text, "\n{}\n", wrapped(&old, 0));
    let more = format!(
        "All others work too; nothing about their records is checked. Read on {}. More: strongroom exchanges NAME",
        registry::as_of()
    );
    let _ = writeln!(text, "{}", wrapped(&more, 0));
    text
}

/// Everything about one exchange, for programs. Sources stand at the end, by the key that statements give.
fn document(exchange: &'static Exchange) -> serde_json::Value {
    let statements = exchange.all_shapes().iter().map(|shape| shape.source);
    let keys = statements
        .chain(exchange.permissions().iter().map(|words| words.source))
        .chain(exchange.allowlist_rules().iter().map(|rule| rule.source))
        .chain(exchange.expiry_rules().iter().map(|rule| rule.source))
        .chain(exchange.notes().iter().map(|note| note.source))
        .chain(exchange.kinds_source())
        .chain(exchange.words_source());
    let sources: BTreeMap<&str, &Source> = keys.filter_map(|key| Some((key, registry::source(key)?))).collect();
    let fields = exchange.requires.iter().chain(exchange.optional);
    let words: BTreeMap<&str, _> = fields.map(|field| (*field, exchange.word(field))).collect();
    json!({
        "id": exchange.id,
        "name": exchange.name,
        "aliases": exchange.aliases,
        "dropped": exchange.dropped,
        "same_account_as": exchange.same_account_as(),
        "like": exchange.like(),
        "requires": exchange.requires,
        "optional": exchange.optional,
        "also_asked": exchange.also_asked,
        "words": words,
        "words_source": exchange.words_source(),
        "kinds": exchange.kinds().iter().map(|kind| kind.name()).collect::<Vec<_>>(),
        "kinds_source": exchange.kinds_source(),
        "test_environments": exchange.test_environments().iter().map(|it| it.name()).collect::<Vec<_>>(),
        "documentation": exchange.documentation(),
        "keys_page": exchange.keys_page(),
        "shapes": exchange.all_shapes(),
        "permissions": exchange.permissions(),
        "allowlist": exchange.allowlist_rules(),
        "expiry": exchange.expiry_rules(),
        "notes": exchange.notes(),
        "fields_source": registry::fields_source(),
        "fields_read_in": fields_source(exchange),
        "sources": sources,
        "as_of": registry::details_as_of(),
    })
}

/// Where the fields of an exchange were read: of one that ccxt dropped, in the last release that had it.
fn fields_source(exchange: &Exchange) -> String {
    match exchange.dropped {
        Some(dropped) => format!("ccxt {}, the last looked at that had it", dropped.last_seen),
        None => {
            let source = registry::fields_source();
            let release = source.title.split(':').next().unwrap_or(source.title);
            format!("{release}, {}", source.date)
        }
    }
}

/// Everything about one exchange, for people.
fn page(exchange: &'static Exchange) -> String {
    let mut page = Page { needs: fields_source(exchange), ..Page::default() };
    facts(exchange, &mut page);
    let doubt = |certain: bool| if certain { "" } else { ", not certain" };
    page.section("What keys look like (a reason to look twice, never a refusal)");
    for shape in exchange.all_shapes() {
        let kinds: Vec<&str> = shape.kinds.iter().map(|kind| kind.name()).collect();
        let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
        let decoded = if shape.decoded { ", decoded before anything is signed" } else { "" };
        let text = format!("{}: {}{kinds}{decoded}{}", shape.field, shape.describe(), doubt(shape.certain));
        page.statement(&text, shape.source);
    }
    page.section("What a key may do, in the words of the exchange");
    for words in exchange.permissions() {
        let text = format!("{}: {}{}", names(words.means), words.words.join(", "), doubt(words.certain));
        page.statement(&text, words.source);
    }
    for rule in exchange.allowlist_rules() {
        page.statement(&format!("{}: only for keys with an IP allow-list", names(rule.permissions)), rule.source);
    }
    page.section("When a key stops working by itself");
    for rule in exchange.expiry_rules() {
        let note = rule.note.map(|note| format!(" ({note})")).unwrap_or_default();
        page.statement(&format!("{rule}{note}{}", doubt(rule.certain)), rule.source);
    }
    page.section("Good to know");
    exchange.notes().iter().for_each(|note| page.statement(note.text, note.source));
    page.finish()
}

fn names(permissions: &[Permission]) -> String {
    permissions.iter().map(|permission| permission.name()).collect::<Vec<_>>().join(" and ")
}

fn facts(exchange: &'static Exchange, page: &mut Page) {
    let fields = |names: &[&str]| -> String {
        let field = |name: &&str| format!("{} ({name})", exchange.word(name));
        names.iter().map(field).collect::<Vec<_>>().join(", ")
    };
    page.text.push_str(&format!("{}\n", exchange.name));
    page.fact("id", exchange.id);
    page.fact("other names", &exchange.aliases.iter().map(|alias| alias.name).collect::<Vec<_>>().join(", "));
    if let Some(dropped) = exchange.dropped {
        let text =
            format!("had it in {} and no longer in {}; its records work here", dropped.last_seen, dropped.gone_by);
        page.fact("ccxt", &text);
        if let Some(successor) = dropped.successor {
            page.fact("since then", &format!("{successor}, with keys of its own"));
        }
    }
    page.fact("needs", &fields(exchange.requires));
    page.fact("may have", &fields(exchange.optional));
    if let Some(other) = exchange.takes_instead() {
        page.fact("or instead", &fields(other));
    }
    page.fact("signs with", &exchange.kinds().iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", "));
    let environments: Vec<&str> = exchange.test_environments().iter().map(|it| it.name()).collect();
    page.fact("can be tried", &environments.join(", "));
    if let Some(other) = exchange.same_account_as() {
        page.fact("keys", &format!("those of {other} are valid here too"));
    }
    if let Some(other) = exchange.like() {
        page.fact("like", &format!("{other}, with accounts and keys of its own"));
    }
    page.fact("keys are made", exchange.keys_page().unwrap_or_default());
    page.fact("documentation", exchange.documentation().unwrap_or_default());
}

/// Text that grows, and the sources it has named so far.
#[derive(Default)]
struct Page {
    text: String,
    heading: Option<&'static str>,
    sources: Vec<&'static str>,
    /// What the fields are from.
    needs: String,
}

impl Page {
    /// A fact that has a name. Without a value it is left out.
    fn fact(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            let _ = writeln!(self.text, "{name:<LABEL$}{}", wrapped(value, LABEL));
        }
    }

    /// What the next statements are about. Without a statement it is left out.
    fn section(&mut self, heading: &'static str) {
        self.heading = Some(heading);
    }

    /// A sentence with the number of its source.
    fn statement(&mut self, text: &str, source: &'static str) {
        if let Some(heading) = self.heading.take() {
            let _ = write!(self.text, "\n{heading}\n");
        }
        let known = self.sources.iter().position(|key| *key == source);
        let number = known.unwrap_or_else(|| {
            self.sources.push(source);
            self.sources.len() - 1
        });
        let _ = writeln!(self.text, "  {}", wrapped(&format!("{text} [{}]", number + 1), 4));
    }

    fn finish(mut self) -> String {
        if !self.sources.is_empty() {
            self.text.push_str("\nSources\n");
        }
        for (at, key) in self.sources.iter().enumerate() {
            let Some(source) = registry::source(key) else { continue };
            let text = format!("[{}] {}, {}", at + 1, source.title, source.date);
            let _ = writeln!(self.text, "  {}", wrapped(&text, 6));
            if let Some(url) = source.url {
                let _ = writeln!(self.text, "      {url}");
            }
        }
        let needs = format!("What it needs is from {}. The exchange itself has the last word.", self.needs);
        let _ = write!(self.text, "\n{}\n", wrapped(&needs, 0));
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_fits_80_columns_but_addresses() {
        let pages = registry::exchanges().iter().map(page).chain([list()]);
        let mut lines = 0;
        for text in pages {
            for line in text.lines() {
                assert!(line.chars().count() <= output::WIDTH || line.contains("https://"), "{line}");
                lines += 1;
            }
        }
        assert!(lines > 1_500, "{lines}");
    }

    #[test]
    fn a_page_numbers_its_sources_in_order_and_names_each_once() {
        let text = page(registry::exchange("kucoin").unwrap());
        assert!(text.contains("api_key: 24 hexadecimal digits [1]") && text.contains("read: General [2]"), "{text}");
        assert_eq!(text.matches("\n  [1] ").count(), 1, "{text}");
    }

    #[test]
    fn what_ccxt_dropped_cites_the_release_that_had_it_and_no_later_one() {
        let mut tried = 0;
        for exchange in registry::exchanges() {
            let (text, json) = (page(exchange), document(exchange).to_string());
            let Some(dropped) = exchange.dropped else {
                assert!(text.contains("needs is from ccxt 4.5.90"), "{text}");
                continue;
            };
            let said = format!("What it needs is from ccxt {}, the last looked at that had it.", dropped.last_seen);
            assert!(text.replace('\n', " ").contains(&said), "{text}");
            let cites = |text: &str| text.contains("ccxt 4.5.90, the source");
            assert!(!cites(&text) && json.matches("ccxt 4.5.90, the source").count() == 0, "{text}");
            tried += 1;
        }
        assert!(tried >= 80, "{tried}");
    }

    #[test]
    fn a_name_that_could_be_a_key_is_not_repeated() {
        assert!(unknown("my-dex").message.starts_with("my-dex"));
        assert!(!unknown("EXAMPLEEXAMPLE0000").to_string().contains("EXAMPLE"));
        assert!(unknown("binnance").hints[0].ends_with("binance"));
    }
}
