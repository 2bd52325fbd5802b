//! Operations with the signatures of their methods, which are read from the code that the emitter writes: so it is
//! the emitter alone that decides what a method looks like.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use heck::ToSnakeCase;
use quote::ToTokens;
use serde_json::Value;

use super::{Body, Operation, Parameter, Signature};
use crate::document::walk::join;
use crate::emit::client;
use crate::emit::shape::Shapes;
use crate::normalise::Normal;
use crate::normalise::operations as facts;

pub(super) fn read(normal: &Normal, shapes: &Shapes) -> Result<BTreeMap<String, Operation>> {
    let mut methods = signatures(&client::methods(normal, shapes)?)?;
    let operations = normal.operations.iter().map(|operation| {
        let own = ["", "_raw", "_stream"]
            .iter()
            .filter_map(|suffix| methods.remove_entry(&(operation.name.clone() + suffix)));
        (operation.name.clone(), one(operation, normal, shapes, own.collect()))
    });
    Ok(operations.collect())
}

fn one(
    operation: &facts::Operation,
    normal: &Normal,
    shapes: &Shapes,
    methods: BTreeMap<String, Signature>,
) -> Operation {
    let arguments = shapes.methods.get(&operation.name).map(|method| method.arguments.as_slice()).unwrap_or_default();
    let parameters = |all: &[facts::Parameter]| all.iter().map(|parameter| argument(parameter, arguments)).collect();
    let written = normal.root.pointer(&join(&join("/paths", &operation.path), &operation.method.to_lowercase()));
    let responses = written.and_then(|written| written.get("responses")).and_then(Value::as_object);
    let successes = responses.into_iter().flatten().filter(|(status, _)| status.starts_with('2'));
    let answers: BTreeSet<String> = successes.flat_map(|(_, answer)| media(answer)).collect();
    let server = normal.servers.get(operation.server).map(|server| server.name.clone());
    Operation {
        id: operation.id.clone(),
        service: operation.tag.clone(),
        address: format!("{} {}", operation.method, operation.path),
        server: server.unwrap_or_default(),
        path: parameters(&operation.path_parameters),
        query: parameters(&operation.query),
        headers: parameters(&operation.headers),
        body: operation.body.as_ref().map(|body| Body {
            required: body.required,
            media: written.and_then(|written| written.get("requestBody")).map(media).unwrap_or_default(),
        }),
        answers: answers.into_iter().collect(),
        statuses: operation.success.statuses.iter().chain(&operation.errors).cloned().collect(),
        scopes: operation.scopes.clone(),
        methods,
    }
}

/// The media types of a body or an answer.
fn media(holder: &Value) -> Vec<String> {
    let content = holder.get("content").and_then(Value::as_object);
    content.into_iter().flat_map(|content| content.keys().cloned()).collect()
}

/// A parameter with the type of its argument; whether it is optional is told apart.
fn argument(parameter: &facts::Parameter, arguments: &[(String, String)]) -> Parameter {
    let snake = parameter.name.to_snake_case();
    let kind = arguments.iter().find(|(name, _)| name.trim_start_matches("r#").trim_end_matches('_') == snake);
    let kind = kind.map(|(_, kind)| kind.as_str()).unwrap_or_default();
    let kind = kind.strip_prefix("Option<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(kind);
    Parameter {
        name: parameter.name.clone(),
        required: parameter.required,
        kind: kind.replace("types::", ""),
        commas: parameter.commas,
    }
}

/// The public methods of the generated client.
fn signatures(client: &str) -> Result<BTreeMap<String, Signature>> {
    let file: syn::File = syn::parse_file(client).context("the generated client cannot be read")?;
    let mut found = BTreeMap::new();
    for item in file.items {
        let syn::Item::Impl(item) = item else { continue };
        for item in item.items {
            let syn::ImplItem::Fn(function) = item else { continue };
            let arguments = function.sig.inputs.iter().filter_map(|input| match input {
                syn::FnArg::Typed(argument) => Some(words(&argument.ty)),
                syn::FnArg::Receiver(_) => None,
            });
            let result = match &function.sig.output {
                syn::ReturnType::Type(_, ty) => words(ty),
                syn::ReturnType::Default => "()".to_owned(),
            };
            let result = result.strip_prefix("Result<Response<").and_then(|rest| rest.strip_suffix(">,Error>"));
            let result = result.unwrap_or("()").to_owned();
            found.insert(function.sig.ident.to_string(), Signature { arguments: arguments.collect(), result });
        }
    }
    Ok(found)
}

/// A type as one writes it.
fn words(ty: &syn::Type) -> String {
    let text = ty.to_token_stream().to_string().replace(' ', "").replace("types::", "");
    match text.strip_prefix("impl") {
        Some(bound) if matches!(ty, syn::Type::ImplTrait(_)) => format!("impl {bound}"),
        _ => text,
    }
}
