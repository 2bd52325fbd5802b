//! The operations: a constant with the facts of each, and a method that calls it.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::Result;

use super::shape::{Method, Shapes};
use super::{HEAD, docs};
use crate::document::walk::Unsupported;
use crate::normalise::Normal;
use crate::normalise::operations::Operation;

/// Emits `operations.rs`.
pub fn operations(normal: &Normal) -> String {
    let mut out = String::from(HEAD);
    out.push_str("//! What the document says of each operation: hooks see these, and tables are made of them.\n\nuse crate::{Operation, Server};\n\n");
    out.push_str("/// The groups of hosts; the API itself comes first.\npub static SERVERS: &[Server] = &[\n");
    for server in &normal.servers {
        let _ = writeln!(out, "    Server {{ name: {:?}, urls: &{:?} }},", server.name, server.urls);
    }
    out.push_str("];\n\n/// All operations, sorted by path.\npub static ALL: &[&Operation] = &[\n");
    for operation in &normal.operations {
        let _ = writeln!(out, "    &{},", operation.constant());
    }
    out.push_str("];\n\n");
    // Most operations share their headers with others.
    let mut lists: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
    for operation in &normal.operations {
        for required in [true, false] {
            let next = lists.len();
            lists.entry(header_names(operation, required)).or_insert(next);
        }
    }
    let mut numbered: Vec<_> = lists.iter().map(|(names, number)| (*number, names)).collect();
    numbered.sort();
    for (number, names) in numbered {
        let _ = writeln!(out, "const HEADERS_{number}: &[&str] = &[{}];", broken(names));
    }
    for operation in &normal.operations {
        let number = |required| lists.get(&header_names(operation, required)).copied().unwrap_or_default();
        let _ = write!(
            out,
            "\n/// `{} {}`\npub static {}: Operation = Operation {{\n    id: {:?},\n    method: {:?},\n    path: {:?},\n    \
             server: {},\n    required_headers: HEADERS_{},\n    optional_headers: HEADERS_{},\n    scopes: &{:?},\n}};\n",
            operation.method,
            operation.path,
            operation.constant(),
            operation.id,
            operation.method,
            operation.path,
            operation.server,
            number(true),
            number(false),
            operation.scopes,
        );
    }
    out
}

fn header_names(operation: &Operation, required: bool) -> Vec<&str> {
    operation.headers.iter().filter(|header| header.required == required).map(|header| header.name.as_str()).collect()
}

fn broken(names: &[&str]) -> String {
    let mut out = String::new();
    for (i, name) in names.iter().enumerate() {
        if i > 0 {
            out.push_str(if i % 5 == 0 { ",\n    " } else { ", " });
        }
        let _ = write!(out, "{name:?}");
    }
    out
}

/// Emits `client.rs`.
pub fn methods(normal: &Normal, shapes: &Shapes) -> Result<String> {
    let mut out = String::from(HEAD);
    out.push_str(
        "//! A method for each operation, and further ones for the media types beside JSON.\n\n\
         #![allow(clippy::all, clippy::pedantic)]\n\n\
         #[allow(unused_imports)]\nuse serde_json::Value;\n\n\
         use super::{operations, types};\n\
         #[allow(unused_imports)]\nuse crate::{ByteStream, Bytes, Client, Error, List, Map, Number, Response};\n\nimpl Client {\n",
    );
    for operation in &normal.operations {
        let Some(method) = shapes.methods.get(&operation.name) else { continue };
        one(&mut out, normal, operation, method)?;
    }
    out.truncate(out.trim_end().len());
    out.push_str("\n}\n");
    Ok(out)
}

/// What a method sends and how its answer is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// JSON both ways.
    Json,
    /// Bytes of any media type out, JSON back.
    Raw,
    /// Whatever goes out, bytes of any media type back.
    Stream,
}

fn one(out: &mut String, normal: &Normal, operation: &Operation, method: &Method) -> Result<()> {
    let body = operation.body.as_ref();
    let json_out = body.is_none_or(|body| body.json.is_some());
    if json_out && (operation.success.json || operation.success.others.is_empty()) {
        emit_method(out, normal, operation, method, Form::Json, "")?;
    }
    if body.is_some_and(|body| !body.others.is_empty()) {
        emit_method(out, normal, operation, method, Form::Raw, if json_out { "_raw" } else { "" })?;
    }
    if !operation.success.others.is_empty() {
        let alone = json_out && !operation.success.json;
        emit_method(out, normal, operation, method, Form::Stream, if alone { "" } else { "_stream" })?;
    }
    Ok(())
}

fn emit_method(
    out: &mut String,
    normal: &Normal,
    operation: &Operation,
    method: &Method,
    form: Form,
    suffix: &str,
) -> Result<()> {
    let body = operation.body.as_ref().filter(|body| body.json.is_some() && form != Form::Raw);
    let mut arguments = String::new();
    let mut steps = String::new();
    let mut rest: Vec<(String, String)> = method.arguments.clone();
    if operation.body.as_ref().is_some_and(|body| body.json.is_some()) {
        // progenitor puts the body last; its form here is ours to say.
        rest.pop();
    }
    for (wire, place) in wires(operation, &rest)? {
        let (name, kind) = &rest[place];
        let parameter = operation.path_parameters.iter().find(|p| p.name == wire);
        if parameter.is_some() {
            let value = if kind == "&str" { name.clone() } else { format!("{name}.as_str()") };
            let _ = write!(arguments, "{name}: {kind}, ");
            let _ = write!(steps, "\n            .path({wire:?}, {value})");
            continue;
        }
        let _ = write!(arguments, "{name}: {kind}, ");
        let optional = kind.starts_with("Option<");
        let value = if optional { name.clone() } else { format!("Some({name})") };
        let commas = operation.query.iter().any(|p| p.name == wire && p.commas);
        let step = query_step(kind, commas);
        let _ = write!(steps, "\n            .{step}({wire:?}, {value})");
    }
    if let Some((body, (_, kind))) = body.zip(method.arguments.last()) {
        let media = body.json.as_deref().unwrap_or("application/json");
        if body.required {
            let _ = write!(arguments, "body: {kind}, ");
            let _ = write!(steps, "\n            .json({media:?}, Some(body))");
        } else {
            let _ = write!(arguments, "body: Option<{kind}>, ");
            let _ = write!(steps, "\n            .json({media:?}, body)\n            .content_type({media:?})");
        }
    }
    if form == Form::Raw {
        arguments.push_str("content_type: &str, body: impl Into<Bytes>, ");
        steps.push_str("\n            .bytes(content_type, body.into())");
    }
    let (result, send) = match form {
        Form::Stream => {
            arguments.push_str("accept: &str, ");
            ("ByteStream", "stream(accept)".to_owned())
        }
        _ if !operation.success.json => ("()", "send_for_nothing()".to_owned()),
        _ => (method.result.as_str(), "send()".to_owned()),
    };
    out.push_str(&documentation(normal, operation, form));
    let arguments = arguments.trim_end_matches(", ");
    let comma = if arguments.is_empty() { "" } else { ", " };
    let mut signature = format!(
        "    pub async fn {}{suffix}(&self{comma}{arguments}) -> Result<Response<{result}>, Error> {{\n",
        operation.name
    );
    if signature.len() > 118 {
        let broken = arguments.replace(", ", ",\n        ").replace(",\n        Value>", ", Value>");
        signature = format!(
            "    pub async fn {}{suffix}(\n        &self,\n        {broken},\n    ) -> Result<Response<{result}>, Error> {{\n",
            operation.name
        );
    }
    out.push_str(&signature);
    let _ = write!(
        out,
        "        self.call(&operations::{}){steps}\n            .{send}\n            .await\n    }}\n\n",
        operation.constant()
    );
    Ok(())
}

/// How a query parameter of a type is sent.
pub(super) fn query_step(kind: &str, commas: bool) -> &'static str {
    match (kind.contains("&["), commas) {
        (false, _) => "query",
        (true, true) => "query_commas",
        (true, false) => "query_each",
    }
}

/// Which argument carries which parameter: path parameters in the order of the path, then the query sorted by name,
/// which is how progenitor lists them.
pub(super) fn wires(operation: &Operation, arguments: &[(String, String)]) -> Result<Vec<(String, usize)>> {
    use heck::ToSnakeCase;
    let all = operation.path_parameters.iter().chain(&operation.query);
    let mut wires = Vec::new();
    for parameter in all {
        let snake = parameter.name.to_snake_case();
        let place = arguments.iter().position(|(name, _)| name.trim_start_matches("r#").trim_end_matches('_') == snake);
        let Some(place) = place else {
            let what = format!("parameter {} has no argument", parameter.name);
            return Err(Unsupported::new(&operation.path, what, "Rename the parameter with a correction.")
                .in_operation(&operation.id)
                .into());
        };
        wires.push((parameter.name.clone(), place));
    }
    wires.sort_by_key(|(_, place)| *place);
    Ok(wires)
}

fn documentation(normal: &Normal, operation: &Operation, form: Form) -> String {
    let mut prose = String::new();
    let _ = writeln!(prose, "{}\n", if operation.summary.is_empty() { &operation.id } else { &operation.summary });
    match form {
        Form::Json => {
            let _ = writeln!(prose, "{}\n", operation.description);
        }
        Form::Raw => {
            let media = operation.body.as_ref().map(|body| body.others.join("`, `")).unwrap_or_default();
            let _ = writeln!(prose, "The body goes out as it is, with its media type: `{media}`.\n");
        }
        Form::Stream => {
            let media = operation.success.others.join("`, `");
            let _ = writeln!(prose, "The answer comes as a stream of bytes, in the media type asked for: `{media}`.\n");
        }
    }
    let _ = writeln!(prose, "`{} {}`\n", operation.method, operation.path);
    if let Some(server) = normal.servers.get(operation.server).filter(|_| operation.server > 0) {
        let _ = writeln!(prose, "- At the server `{}`.", server.name);
    }
    if !operation.scopes.is_empty() {
        let _ = writeln!(prose, "- Scopes: `{}`.", operation.scopes.join("` or `"));
    }
    let required = header_names(operation, true);
    if !required.is_empty() {
        let _ = writeln!(prose, "- Required headers: `{}`.", required.join("`, `"));
    }
    let _ = writeln!(
        prose,
        "- Success: {}. Errors: {}.",
        operation.success.statuses.join(", "),
        operation.errors.join(", ")
    );
    docs::lines(&prose, 4)
}
