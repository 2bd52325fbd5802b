//! What is shown: data on standard output as a table, JSON or CSV; everything else on standard error.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::exit::{Exit, Failure};
use crate::sheet::harmless;
use crate::streams::Streams;
use crate::style;

/// The form of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Form {
    /// For people.
    #[default]
    Table,
    Json,
    Csv,
}

/// A column of a table or a line of a record: the key in JSON, and the title for people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    key: &'static str,
    title: &'static str,
    place: Place,
}

/// Where people see it; programs get everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Left,
    Right,
    Record,
    Nowhere,
}

/// A column of text.
pub(crate) const fn text(key: &'static str, title: &'static str) -> Column {
    Column { key, title, place: Place::Left }
}

/// A column of numbers.
pub(crate) const fn number(key: &'static str, title: &'static str) -> Column {
    Column { key, title, place: Place::Right }
}

/// A line of a record for which a table of many has no room.
pub(crate) const fn detail(key: &'static str, title: &'static str) -> Column {
    Column { key, title, place: Place::Record }
}

/// A column that programs get and people do not.
pub(crate) const fn data(key: &'static str) -> Column {
    Column { key, title: "", place: Place::Nowhere }
}

/// The way to whoever has called.
pub(crate) struct Output {
    form: Form,
    streams: Streams,
    input: Arc<Mutex<Box<dyn std::io::BufRead + Send>>>,
    /// A line that is being waited for.
    reading: Option<JoinHandle<std::io::Result<String>>>,
}

impl Output {
    pub(crate) fn new(form: Form, mut streams: Streams) -> Self {
        let input = std::mem::replace(&mut streams.input, Box::new(std::io::empty()));
        Self { form, streams, input: Arc::new(Mutex::new(input)), reading: None }
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// Whether somebody is there who can be asked.
    pub(crate) fn is_attended(&self) -> bool {
        self.streams.attended
    }

    pub(crate) fn failure(&mut self, failure: &Failure) -> Exit {
        self.streams.failure(failure)
    }

    /// Many of one kind.
    pub(crate) fn list<T: Serialize>(&mut self, rows: &[T], columns: &[Column]) -> Result<(), Failure> {
        match self.form {
            Form::Json => self.json(&rows),
            Form::Csv => self.csv(rows, columns),
            Form::Table => {
                if rows.is_empty() {
                    return self.say("Nothing was found.");
                }
                let rows = rows.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
                let table = table(&rows, columns, self.width());
                Ok(writeln!(self.streams.out, "{table}")?)
            }
        }
    }

    /// One thing with its properties. Those that it lacks are left out.
    pub(crate) fn record<T: Serialize>(&mut self, value: &T, fields: &[Column]) -> Result<(), Failure> {
        match self.form {
            Form::Json => self.json(value),
            Form::Csv => self.csv(std::slice::from_ref(value), fields),
            Form::Table => {
                let value = serde_json::to_value(value)?;
                let width = fields.iter().map(|field| field.title.len()).max().unwrap_or_default();
                for field in fields.iter().filter(|field| field.place != Place::Nowhere) {
                    let shown = style::line(&cell(&value, field.key));
                    if !shown.is_empty() {
                        let name = style::NAME;
                        writeln!(self.streams.out, "{name}{:<width$}{name:#}  {shown}", field.title)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// More of a list that has no end: a line of JSON each, or rows under the same heading.
    pub(crate) fn more<T: Serialize>(&mut self, rows: &[T], columns: &[Column], first: bool) -> Result<(), Failure> {
        match self.form {
            Form::Json => {
                for row in rows {
                    serde_json::to_writer(&mut self.streams.out, row)?;
                    writeln!(self.streams.out)?;
                }
            }
            Form::Csv => self.rows(rows, columns, first)?,
            Form::Table if rows.is_empty() => {}
            Form::Table => {
                let rows = rows.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
                let shown = table(&rows, columns, self.width());
                let shown = shown.split_once('\n').filter(|_| !first).map_or(&*shown, |(_, rest)| rest);
                writeln!(self.streams.out, "{shown}")?;
            }
        }
        Ok(self.streams.out.flush()?)
    }

    fn json<T: Serialize>(&mut self, value: &T) -> Result<(), Failure> {
        serde_json::to_writer_pretty(&mut self.streams.out, value)?;
        Ok(writeln!(self.streams.out)?)
    }

    fn csv<T: Serialize>(&mut self, rows: &[T], columns: &[Column]) -> Result<(), Failure> {
        self.rows(rows, columns, true)
    }

    fn rows<T: Serialize>(&mut self, rows: &[T], columns: &[Column], head: bool) -> Result<(), Failure> {
        let wrong = |error: csv::Error| match error.into_kind() {
            csv::ErrorKind::Io(error) => Failure::from(error),
            other => Failure::error(format!("cannot be written as CSV: {other:?}")),
        };
        let mut writer = csv::Writer::from_writer(&mut self.streams.out);
        if head {
            writer.write_record(columns.iter().map(|column| column.key)).map_err(wrong)?;
        }
        for row in rows {
            let row = serde_json::to_value(row)?;
            writer.write_record(columns.iter().map(|column| harmless(&cell(&row, column.key)))).map_err(wrong)?;
        }
        Ok(writer.flush()?)
    }

    /// Text that is itself the data, such as a script for a shell.
    pub(crate) fn data(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.streams.out.write_all(bytes)?;
        Ok(self.streams.out.flush()?)
    }

    /// Ends a line that data have left open with their last byte: on a terminal, where something is to follow.
    pub(crate) fn end_line(&mut self, last: Option<u8>) -> Result<(), Failure> {
        match last {
            Some(byte) if byte != b'\n' && self.streams.out_is_terminal => self.data(b"\n"),
            _ => Ok(()),
        }
    }

    /// A sentence to the user. It is no part of the data.
    pub(crate) fn say(&mut self, sentence: &str) -> Result<(), Failure> {
        told(writeln!(self.streams.err, "{}", style::plain(sentence)))
    }

    /// A sentence that must not be overlooked.
    pub(crate) fn warn(&mut self, sentence: &str) -> Result<(), Failure> {
        let bad = style::BAD;
        told(writeln!(self.streams.err, "{bad}{}{bad:#}", style::plain(sentence)))
    }

    /// A heading of what follows.
    pub(crate) fn head(&mut self, heading: &str) -> Result<(), Failure> {
        let name = style::NAME;
        told(writeln!(self.streams.err, "{name}{}{name:#}", style::plain(heading)))
    }

    /// Asks for a line. It is waited for on a thread of its own, so that other things go on.
    pub(crate) async fn ask(&mut self, question: &str) -> Result<String, Failure> {
        if self.streams.attended {
            write!(self.streams.err, "{} ", style::plain(question))?;
            self.streams.err.flush()?;
        }
        self.line().await
    }

    /// The next line of the input, without its end. Whoever gives up waiting loses no line.
    pub(crate) async fn line(&mut self) -> Result<String, Failure> {
        let reading = self.reading.get_or_insert_with(|| {
            let input = Arc::clone(&self.input);
            tokio::task::spawn_blocking(move || {
                let mut line = String::new();
                input.lock().unwrap_or_else(PoisonError::into_inner).read_line(&mut line).map(|_| line)
            })
        });
        let line = tokio::select! {
            line = reading => line,
            _ = tokio::signal::ctrl_c() => return Err(Failure::interrupted("interrupted")),
        };
        self.reading = None;
        let line = line.map_err(|_| Failure::error("the input cannot be read"))??;
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// All that is left of the input.
    pub(crate) async fn rest(&mut self) -> Result<Vec<u8>, Failure> {
        let input = Arc::clone(&self.input);
        let read = tokio::task::spawn_blocking(move || {
            let mut all = Vec::new();
            input.lock().unwrap_or_else(PoisonError::into_inner).read_to_end(&mut all).map(|_| all)
        });
        Ok(read.await.map_err(|_| Failure::error("the input cannot be read"))??)
    }

    /// Asks for what must not be seen. Without a terminal it is the next line of the input.
    pub(crate) async fn ask_secret(&mut self, question: &str) -> Result<String, Failure> {
        if !self.streams.attended {
            return self.line().await;
        }
        write!(self.streams.err, "{} ", style::plain(question))?;
        self.streams.err.flush()?;
        let reading = tokio::task::spawn_blocking(|| console::Term::stderr().read_secure_line());
        let read = tokio::select! {
            read = reading => read,
            _ = tokio::signal::ctrl_c() => return Err(Failure::interrupted("interrupted")),
        };
        Ok(read.map_err(|_| Failure::error("the terminal cannot be read"))??)
    }

    /// A question that is answered with yes or no. Only a clear yes is one.
    pub(crate) async fn confirm(&mut self, question: &str) -> Result<bool, Failure> {
        let answer = self.ask(&format!("{question} [y/N]")).await?;
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    /// A bar for something that takes long; it shows itself only on a terminal.
    pub(crate) fn progress(&self, steps: u64, what: &str) -> indicatif::ProgressBar {
        let bar =
            if self.streams.attended { indicatif::ProgressBar::new(steps) } else { indicatif::ProgressBar::hidden() };
        let form = indicatif::ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
        bar.with_style(form.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar())).with_message(what.to_owned())
    }

    /// A count of what has no known end; it shows itself only on a terminal.
    pub(crate) fn spinner(&self, what: &str) -> indicatif::ProgressBar {
        let bar = if self.streams.attended {
            indicatif::ProgressBar::new_spinner()
        } else {
            indicatif::ProgressBar::hidden()
        };
        let form = indicatif::ProgressStyle::with_template("{spinner} {pos} {msg}");
        bar.with_style(form.unwrap_or_else(|_| indicatif::ProgressStyle::default_spinner()))
            .with_message(what.to_owned())
    }

    fn width(&self) -> Option<u16> {
        self.streams.out_is_terminal.then(|| console::Term::stdout().size().1)
    }
}

/// What was said. If whoever listened has gone, the work goes on all the same: it may be a payment.
fn told(said: std::io::Result<()>) -> Result<(), Failure> {
    match said {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn table(rows: &[Value], columns: &[Column], width: Option<u16>) -> String {
    let columns: Vec<_> = columns.iter().filter(|column| matches!(column.place, Place::Left | Place::Right)).collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header(columns.iter().map(|column| Cell::new(column.title.to_uppercase())));
    for row in rows {
        table.add_row(columns.iter().map(|column| Cell::new(style::line(&cell(row, column.key)))));
    }
    for (place, column) in columns.iter().enumerate() {
        if let Some(shown) = table.column_mut(place) {
            shown.set_padding((0, 2));
            if column.place == Place::Right {
                shown.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    table.trim_fmt()
}

/// The value under a key, as a text.
fn cell(row: &Value, key: &str) -> String {
    match &row[key] {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list
            .iter()
            .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_its_numbers_on_the_right() {
        let rows = [
            serde_json::json!({"name": "Anna", "amount": "1.00"}),
            serde_json::json!({"name": null, "amount": "-12.50"}),
        ];
        let shown = table(&rows, &[text("name", "Name"), number("amount", "Amount")], None);
        assert_eq!(shown, "NAME  AMOUNT\nAnna    1.00\n      -12.50");
    }
}
