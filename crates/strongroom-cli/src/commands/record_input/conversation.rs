//! The conversation about the fields of one record: it asks in the words of the exchange, and looks at what came before
//! anything is saved.
//!
//! Nothing here refuses a value: exchanges change what their keys look like, so the person at the keyboard has the last
//! word. What a paste brings along is told by [`pasted`]; what is not secret is asked for in [`facts`].

pub mod facts;
mod pair;

use strongroom::record::Fields;
use strongroom::registry::{self, Exchange};
pub use strongroom::wording::listed;
use strongroom::{CredentialKind, Record, Reference, Secret, check, formats};

use super::field_names::is_plain;
use super::pasted::{self, Wrapping};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{WIDTH, printable, wrapped};
use crate::prompt;

pub use pair::HalfNew;

/// Names of fields and their values, in the order in which they were asked for.
pub type Answers = Vec<(String, Secret)>;

/// A conversation about one record.
pub struct Conversation<'a> {
    context: &'a Context,
    reference: Reference,
    exchange: Option<&'static Exchange>,
    kind: Option<CredentialKind>,
    /// What the record has already, or is given elsewhere.
    there: Fields,
    /// Whether it is to be made.
    is_new: bool,
}

impl<'a> Conversation<'a> {
    /// About a record that is to be made: of this kind if somebody said so, and with fields that are not asked for.
    pub fn about_new(
        context: &'a Context,
        reference: &Reference,
        kind: Option<CredentialKind>,
        given: &Answers,
    ) -> Conversation<'a> {
        let exchange = registry::exchange(&reference.exchange);
        let there = given.iter().map(|(name, value)| (name.clone(), value.duplicate())).collect();
        Conversation { context, reference: reference.clone(), exchange, kind, there, is_new: true }
    }

    /// About a record that is there.
    pub fn about(context: &'a Context, record: &Record) -> Conversation<'a> {
        let exchange = registry::exchange(&record.exchange);
        let (reference, there) = (record.reference(), record.fields.duplicate());
        Conversation { context, reference, exchange, kind: None, there, is_new: false }
    }

    /// Says what is going to be asked, and where the answers are to be found.
    ///
    /// # Errors
    /// Exit code 2 when nobody can be asked.
    pub fn open(&self, names: &[String]) -> Result<(), Failure> {
        self.require_somebody(names)?;
        let is_beside = |name: &&String| self.exchange.is_some_and(|it| it.also_asked.contains(&name.as_str()));
        let (beside, wanted): (Vec<&String>, Vec<&String>) = names.iter().partition(is_beside);
        let [wanted, beside] = [wanted, beside].map(|names| listed(names.into_iter().map(|name| self.word(name))));
        match self.exchange {
            Some(exchange) => {
                let page = exchange.keys_page().map(|page| format!(" Keys are made here:\n  {page}"));
                let asks = match (wanted.as_str(), beside.as_str()) {
                    (wanted, "") => format!("{} asks for {wanted}.", exchange.name),
                    ("", beside) => format!("Some programs also take {beside}."),
                    (wanted, beside) => {
                        let instead = if exchange.takes_instead().is_some() { ", or instead" } else { "" };
                        format!("{} asks for {wanted}. Some programs take {beside} too{instead}.", exchange.name)
                    }
                };
                let asks = wrapped(&asks, 0);
                prompt::say(&format!("{asks}{}", page.unwrap_or_default()));
            }
            None => {
                let unknown = "is not known here; nothing about its keys is checked.";
                let text = format!("{} {unknown} It is asked for {wanted}.", printable(&self.reference.exchange));
                prompt::say(&wrapped(&text, 0));
            }
        }
        let empty = if self.is_new { "leaves it out" } else { "keeps what is there" };
        prompt::say(&format!("What you type or paste is not shown; Enter alone {empty}.\n"));
        Ok(())
    }

    /// Asks for these fields in order and talks about what is odd with the answers. What is left empty is left out.
    ///
    /// # Errors
    /// Exit code 2 when nobody can be asked.
    pub fn ask(&self, names: &[String]) -> Result<Answers, Failure> {
        self.require_somebody(names)?;
        let mut answers = Answers::with_capacity(names.len());
        for name in names {
            if let Some(value) = self.ask_for(name)? {
                answers.push((name.clone(), value));
            }
        }
        if answers.is_empty() {
            return Ok(answers);
        }
        self.offer_exchange(&mut answers)?;
        for name in names {
            self.offer_again(name, &mut answers)?;
            self.tell_left_out(name, &answers);
        }
        Ok(answers)
    }

    /// Says that only one half of a pair is new and asks for the other, until it is new too or the one is meant.
    ///
    /// # Errors
    /// Exit code 4 when nobody can be asked.
    pub fn offer_other_half(&self, before: &Record, answers: &mut Answers) -> Result<(), Failure> {
        while let Some(half) = HalfNew::of(before, answers) {
            let told = half.told(&before.exchange);
            prompt::say(&wrapped(&format!("Only {told}. Exchanges make both at once."), 0));
            if !prompt::agree(self.context, &format!("Enter the {} too?", self.word(half.stays)))? {
                break;
            }
            if let Some(value) = self.ask_for(half.stays)? {
                put(answers, half.stays, value);
                self.offer_exchange(answers)?;
                self.offer_again(half.stays, answers)?;
            }
        }
        Ok(())
    }

    fn require_somebody(&self, names: &[String]) -> Result<(), Failure> {
        if prompt::possible(self.context) {
            return Ok(());
        }
        // The first only, and only if it is like a name: a value that was typed where a name belongs may be secret.
        let shown = |name: &&String| self.there.get(name).is_some() || is_plain(name);
        let what = match names.first().filter(shown) {
            Some(first) => printable(&format!("{} {first}", self.reference)),
            None => printable(&format!("a field of {}", self.reference)),
        };
        Err(Failure::usage(format!("nobody can be asked for {what}"))
            .hint("--from-json FILE reads values from a file, --from-json - from standard input"))
    }

    /// One value as it is to be kept. Nothing when the line was left empty.
    fn ask_for(&self, name: &str) -> Result<Option<Secret>, Failure> {
        let typed = prompt::secret_lines(self.context, &self.question(name), pasted::goes_on)?;
        let value = tidied(self.context, typed)?;
        Ok((!value.is_empty()).then_some(value))
    }

    /// `API key, usually a UUID: `
    fn question(&self, name: &str) -> String {
        let mut shapes: Vec<String> = Vec::new();
        for shape in self.exchange.iter().flat_map(|exchange| exchange.shapes(name)) {
            let text = shape.describe();
            if !shapes.contains(&text) {
                shapes.push(text);
            }
        }
        let word = self.word(name);
        // What is typed is not shown, so the question has the line for itself, and the usual shapes stand first.
        let told = |most: usize| format!("{word}, usually {}: ", shapes[..most].join(" or "));
        let fitting = (1..=shapes.len()).rev().map(told).find(|question| question.chars().count() <= WIDTH);
        match shapes.first() {
            None => format!("{word}: "),
            Some(usual) => fitting.unwrap_or_else(|| format!("{word},\nusually {usual}: ")),
        }
    }

    fn word(&self, name: &str) -> String {
        word(self.exchange, name)
    }

    /// Says that two answers look as if each stood in the other's place.
    fn offer_exchange(&self, answers: &mut Answers) -> Result<(), Failure> {
        let Some(swapped) = registry::swapped(self.exchange, &self.fields(answers)) else { return Ok(()) };
        let place = |wanted: &str| answers.iter().position(|(name, _)| name == wanted);
        let (Some(first), Some(second)) = (place(swapped.first), place(swapped.second)) else { return Ok(()) };
        let (one, other) = (self.word(swapped.first), self.word(swapped.second));
        prompt::say(&wrapped(&format!("{one} and {other} look swapped: each looks like the other."), 0));
        if prompt::agree(self.context, "Exchange them?")? {
            let (one, other) = (answers[first].0.clone(), answers[second].0.clone());
            answers.swap(first, second);
            (answers[first].0, answers[second].0) = (one, other);
        }
        Ok(())
    }

    /// Says what is odd about one answer and asks for it again, until nothing is or it is meant.
    fn offer_again(&self, name: &str, answers: &mut Answers) -> Result<(), Failure> {
        while let Some(problem) = self.problem(name, answers) {
            prompt::say(&wrapped(&format!("{} {problem}.", self.word(name)), 0));
            if !prompt::agree(self.context, "Enter it again?")? {
                break;
            }
            match self.ask_for(name)? {
                Some(value) => put(answers, name, value),
                None => {
                    // What was odd is not what was meant. As at the first question, Enter alone leaves it out.
                    answers.retain(|(answered, _)| answered != name);
                    if self.there.get(name).is_some() {
                        prompt::say(&format!("{} stays as it is.", self.word(name)));
                    }
                }
            }
        }
        Ok(())
    }

    /// Says that the exchange asks for what was left out. No question: Enter alone was the answer.
    fn tell_left_out(&self, name: &str, answers: &Answers) {
        let has = |name: &str| self.there.get(name).is_some() || answers.iter().any(|(answered, _)| answered == name);
        let asks = self.exchange.filter(|exchange| self.is_new && exchange.lacks_of(has).contains(&name));
        if let (Some(exchange), None) = (asks, answers.iter().find(|(answered, _)| answered == name)) {
            let text = format!("{} was left out, and {} asks for it.", self.word(name), exchange.name);
            prompt::say(&wrapped(&text, 0));
        }
    }

    /// What is odd about an answer, as the end of a sentence.
    fn problem(&self, name: &str, answers: &Answers) -> Option<String> {
        let (_, value) = answers.iter().find(|(answered, _)| answered == name)?;
        let text = value.expose_secret();
        // Whether what stands around it belongs to it was asked already.
        if let (Some(problem), None) = (check::form_problem(name, text), pasted::wrapping(text)) {
            return Some(problem.to_owned());
        }
        let exchange = self.exchange?;
        if let Some(problem) = check::signing_problem(exchange.id, &self.fields(answers), name) {
            return Some(problem);
        }
        if self.kind.is_none() && exchange.shapes(name).any(|shape| shape.compare(text).is_none()) {
            // Right for some kind of key. Not every kind can be told from its values.
            return None;
        }
        let kind = self.kind.unwrap_or_else(|| formats::guess_kind(&self.reference.exchange, &self.fields(answers)));
        Some(exchange.shape_problem(name, kind, text)?.to_string())
    }

    /// What the record would have.
    fn fields(&self, answers: &Answers) -> Fields {
        let mut fields = self.there.duplicate();
        for (name, value) in answers {
            fields.set(name, value.duplicate());
        }
        fields
    }
}

/// What an exchange calls a field; its own name where nobody has a word for it.
fn word(exchange: Option<&Exchange>, name: &str) -> String {
    let word = match exchange {
        Some(exchange) => exchange.word(name),
        None => registry::word(name),
    };
    if word == name.replace('_', " ") { name.to_owned() } else { word.into_owned() }
}

/// Instead of the answer that is there, or behind the others.
fn put(answers: &mut Answers, name: &str, value: Secret) {
    match answers.iter_mut().find(|(answered, _)| answered == name) {
        Some((_, answer)) => *answer = value,
        None => answers.push((name.to_owned(), value)),
    }
}

/// What was typed without what a paste brings along. Nothing is left out without a word.
fn tidied(context: &Context, typed: Secret) -> Result<Secret, Failure> {
    let mut value = typed;
    loop {
        let text = value.expose_secret();
        if let Some(key) = pasted::pem(text) {
            let lines = key.expose_secret().lines().count();
            prompt::say(&format!("a private key in PEM, {lines} lines"));
            return Ok(key);
        }
        let Some((wrapping, inner)) = pasted::wrapping(text) else { return Ok(value) };
        if inner.is_empty() {
            return Ok(Secret::copy_of(""));
        }
        let question = match wrapping {
            Wrapping::Blanks => "It begins or ends with a blank. Leave the blank out?",
            Wrapping::Quotes => "It stands in quotes. Leave the quotes out?",
        };
        if !prompt::agree(context, question)? {
            return Ok(value);
        }
        value = Secret::copy_of(inner);
    }
}
