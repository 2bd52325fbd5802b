//! A document as its users in Rust see it: operations with their methods, types with their fields, and where each
//! stands in the document.

mod operations;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::Value;

use crate::emit::shape::{self, Shapes};
use crate::normalise::{self, Normal};

/// A document, ready to be compared.
#[derive(Debug)]
pub(super) struct Model {
    /// The operations by the name of their method, which is what two editions are matched by.
    pub(super) operations: BTreeMap<String, Operation>,
    /// The types by their name in Rust.
    pub(super) types: BTreeMap<String, Type>,
    /// The names of the hosts.
    pub(super) servers: Vec<String>,
}

/// One operation.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) service: String,
    /// Method and path.
    pub(super) address: String,
    /// The name of the host.
    pub(super) server: String,
    pub(super) path: Vec<Parameter>,
    pub(super) query: Vec<Parameter>,
    pub(super) headers: Vec<Parameter>,
    pub(super) body: Option<Body>,
    /// Media types of the successful answer.
    pub(super) answers: Vec<String>,
    /// Statuses of success and error.
    pub(super) statuses: Vec<String>,
    pub(super) scopes: Vec<String>,
    /// The methods in Rust: one, or one for each form of body and answer.
    pub(super) methods: BTreeMap<String, Signature>,
}

/// One parameter.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) required: bool,
    /// The type of the argument; empty for headers, which are fields.
    pub(super) kind: String,
    /// How a list is sent.
    pub(super) commas: bool,
}

/// A request body.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) required: bool,
    pub(super) media: Vec<String>,
}

/// What a method takes and gives, without the names of the arguments: callers do not see them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) arguments: Vec<String>,
    pub(super) result: String,
}

/// One type.
#[derive(Debug)]
pub(super) struct Type {
    /// Where it stands in the document: the name of a component, or the field of one.
    pub(super) place: String,
    /// The services whose operations reach it.
    pub(super) services: BTreeSet<String>,
    /// Whether users send it: in a body, a header, the path or the query.
    pub(super) sent: bool,
    /// Whether it has a builder.
    pub(super) builder: bool,
    pub(super) shape: Shape,
}

/// What a type is in Rust.
#[derive(Debug, PartialEq)]
pub(super) enum Shape {
    /// A struct.
    Object {
        /// In the order of the document.
        fields: Vec<Field>,
        /// Groups of which exactly one has to be given.
        groups: BTreeSet<String>,
        /// How many fields there have to be.
        rules: Rules,
    },
    /// Values and their variants.
    Enum(Vec<(String, String)>),
    /// One of several types.
    Choice(Vec<String>),
    /// A text with rules.
    Text(Rules),
    /// A number with rules.
    Number(Rules),
}

impl Shape {
    /// The word for it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Object { .. } => "object",
            Self::Enum(_) => "enum",
            Self::Choice(_) => "choice",
            Self::Text(_) => "text",
            Self::Number(_) => "number",
        }
    }
}

/// One field of an object.
#[derive(Debug, PartialEq)]
pub(super) struct Field {
    pub(super) wire: String,
    pub(super) ident: String,
    pub(super) kind: String,
    pub(super) required: bool,
    pub(super) rules: Rules,
}

/// What the document demands of a value, by keyword.
pub(super) type Rules = BTreeMap<&'static str, Value>;

impl Model {
    /// Normalises a corrected document and reads what becomes of it.
    pub(super) fn of(document: &Value) -> Result<Self> {
        let normal = normalise::normalise(document)?;
        Self::read(&normal, &shape::shapes(&normal)?)
    }

    /// The same of what was normalised and shaped already.
    pub(super) fn read(normal: &Normal, shapes: &Shapes) -> Result<Self> {
        Ok(Self {
            operations: operations::read(normal, shapes)?,
            types: types::read(normal, shapes),
            servers: normal.servers.iter().map(|server| server.name.clone()).collect(),
        })
    }
}
