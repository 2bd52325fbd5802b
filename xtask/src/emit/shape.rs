//! What progenitor makes of the document: the shape of each struct and the signature of each method.
//!
//! progenitor gets a reduced document: objects, texts and operations without constraints, headers, errors and other
//! media types. What it is good at stays its own: field and argument names, optional and boxed types, lists. The
//! emitters replace everything else it writes.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow};
use quote::ToTokens;
use serde_json::{Map, Value, json};

use crate::document::walk::{Unsupported, operations, schema_ref, text};
use crate::normalise::Normal;
use crate::normalise::operations::is_json;

/// What the emitters take from progenitor.
#[derive(Debug, Default)]
pub struct Shapes {
    /// The fields of each struct, by its name.
    pub structs: BTreeMap<String, Vec<Field>>,
    /// The arguments and result of each method, by its name.
    pub methods: BTreeMap<String, Method>,
}

/// One field of a struct.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name in Rust.
    pub ident: String,
    /// Its name on the wire.
    pub wire: String,
    /// The type that a value of it has: without `Option`.
    pub kind: String,
    /// Whether it is a list or a map, which are empty rather than absent.
    pub collection: bool,
}

/// One method.
#[derive(Debug, Clone)]
pub struct Method {
    /// Names and types, in order, without `self`.
    pub arguments: Vec<(String, String)>,
    /// The type of the answer.
    pub result: String,
}

/// Runs progenitor and reads what it wrote.
pub fn shapes(normal: &Normal) -> Result<Shapes> {
    let reduced = reduce(normal);
    let spec: openapiv3::OpenAPI = serde_json::from_value(reduced)
        .context("the normalised document is not what the generator reads; the message names the part")?;
    let mut settings = progenitor::GenerationSettings::new();
    settings.with_interface(progenitor::InterfaceStyle::Positional);
    let generated = std::panic::catch_unwind(|| progenitor::Generator::new(&settings).generate_tokens(&spec));
    // progenitor asserts where it could refuse; what it says is the best there is.
    let tokens = generated.map_err(|panic| {
        let said =
            panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        Unsupported::new(
            "/",
            format!("progenitor gave up: {}", said.unwrap_or_default()),
            "Write a pass that normalises it.",
        )
    })?;
    let file: syn::File = syn::parse2(tokens.map_err(|error| anyhow!("progenitor refuses the document: {error}"))?)?;
    read(&file, normal)
}

/// The document as progenitor gets it.
fn reduce(normal: &Normal) -> Value {
    let schemas: Map<String, Value> =
        normal.schemas().into_iter().map(|(name, schema)| (name.to_owned(), plain(schema, true))).collect();
    let mut paths: Map<String, Value> = Map::new();
    operations(&normal.root, |path, method, operation, _| {
        let mut reduced = json!({"operationId": operation["operationId"], "responses": {}});
        let parameters: Vec<Value> = operation
            .get("parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter(|p| matches!(text(p, "in"), Some("path" | "query")))
            .map(parameter)
            .collect();
        reduced["parameters"] = Value::Array(parameters);
        if let Some(schema) = json_schema(operation.get("requestBody")) {
            let schema = plain(schema, false);
            reduced["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema}}});
        }
        let responses = operation.get("responses").and_then(Value::as_object);
        let answer = responses.into_iter().flat_map(Map::values).find_map(|answer| json_schema(Some(answer)));
        reduced["responses"] = match answer {
            Some(schema) => {
                json!({"200": {"description": "", "content": {"application/json": {"schema": plain(schema, false)}}}})
            }
            None => json!({"204": {"description": ""}}),
        };
        paths.entry(path).or_insert_with(|| json!({}))[method] = reduced;
    });
    json!({
        "openapi": "3.0.3",
        "info": {"title": "reduced", "version": "0.0.0"},
        "paths": paths,
        "components": {"schemas": schemas}
    })
}

fn parameter(parameter: &Value) -> Value {
    let schema = parameter.get("schema").map_or_else(|| json!({"type": "string"}), |schema| plain(schema, false));
    // An id in a path is text, whatever the document calls it: only its name in the signature matters here.
    let schema = if text(parameter, "in") == Some("path") && schema_ref(&schema).is_none() {
        json!({"type": "string"})
    } else {
        schema
    };
    json!({"name": parameter["name"], "in": parameter["in"], "required": parameter.get("required").cloned().unwrap_or(json!(false)), "schema": schema})
}

/// The schema of the JSON among the media types.
fn json_schema(holder: Option<&Value>) -> Option<&Value> {
    let content = holder?.get("content")?.as_object()?;
    content.iter().find(|(media, _)| is_json(media)).and_then(|(_, entry)| entry.get("schema"))
}

/// A schema without constraints and prose. At the top, everything that is no object is text: it only lends its name.
fn plain(schema: &Value, top: bool) -> Value {
    if schema.get("$ref").is_some() {
        return schema.clone();
    }
    let properties = schema.get("properties").and_then(Value::as_object).filter(|p| !p.is_empty());
    if let Some(properties) = properties {
        let properties: Map<String, Value> =
            properties.iter().map(|(name, property)| (name.clone(), plain(property, false))).collect();
        return json!({"type": "object", "properties": properties});
    }
    if top {
        return json!({"type": "string"});
    }
    match text(schema, "type") {
        Some("array") => json!({"type": "array", "items": plain(schema.get("items").unwrap_or(&json!({})), false)}),
        Some("object") => match schema.get("additionalProperties").filter(|inner| inner.is_object()) {
            Some(inner) => json!({"type": "object", "additionalProperties": plain(inner, false)}),
            None => json!({"type": "object", "additionalProperties": {}}),
        },
        Some(kind @ ("string" | "integer" | "number" | "boolean")) => json!({"type": kind}),
        _ => json!({}),
    }
}

fn read(file: &syn::File, normal: &Normal) -> Result<Shapes> {
    let mut shapes = Shapes::default();
    for item in &file.items {
        match item {
            syn::Item::Mod(module) if module.ident == "types" => {
                for item in module.content.iter().flat_map(|(_, items)| items) {
                    if let syn::Item::Struct(item) = item
                        && matches!(item.fields, syn::Fields::Named(_))
                    {
                        shapes.structs.insert(item.ident.to_string(), fields(item));
                    }
                }
            }
            syn::Item::Impl(item) if item.trait_.is_none() => {
                for item in &item.items {
                    if let syn::ImplItem::Fn(function) = item
                        && function.sig.asyncness.is_some()
                    {
                        shapes.methods.insert(function.sig.ident.to_string(), method(&function.sig));
                    }
                }
            }
            _ => {}
        }
    }
    for operation in &normal.operations {
        if let Some(method) = shapes.methods.get_mut(&operation.name) {
            // What is sent and what is asked for are arguments too: parameters of these names make room.
            let body = operation.body.as_ref().is_some_and(|body| body.json.is_some());
            let parameters = method.arguments.len().saturating_sub(usize::from(body));
            for (name, _) in method.arguments.iter_mut().take(parameters) {
                if ["body", "content_type", "accept"].contains(&name.as_str()) {
                    name.push('_');
                }
            }
        } else {
            let what = format!("progenitor made no method called {}", operation.name);
            return Err(Unsupported::new(&operation.path, what, "Give the operation another id.")
                .in_operation(&operation.id)
                .into());
        }
    }
    Ok(shapes)
}

fn fields(item: &syn::ItemStruct) -> Vec<Field> {
    item.fields
        .iter()
        .filter_map(|field| {
            let ident = field.ident.as_ref()?.to_string();
            let wire = renamed(field).unwrap_or_else(|| ident.trim_start_matches("r#").to_owned());
            let kind = kind(&field.ty);
            let collection = ["List<", "Map<"].iter().any(|c| kind.starts_with(c));
            // `extra` is what every struct has beside its fields.
            let ident = if ident == "extra" { "extra_".to_owned() } else { ident };
            Some(Field { ident, wire, kind, collection })
        })
        .collect()
}

fn renamed(field: &syn::Field) -> Option<String> {
    let mut name = None;
    for attribute in field.attrs.iter().filter(|a| a.path().is_ident("serde")) {
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                name = Some(meta.value()?.parse::<syn::LitStr>()?.value());
            } else if meta.input.peek(syn::Token![=]) {
                meta.value()?.parse::<syn::Expr>()?;
            }
            Ok(())
        });
    }
    name
}

/// A type in our own words: `Vec` is a list, `HashMap` a map, `f64` a number with all its digits, `Option` is implied.
fn kind(ty: &syn::Type) -> String {
    let syn::Type::Path(path) = ty else { return ty.to_token_stream().to_string().replace(' ', "") };
    let Some(last) = path.path.segments.last() else { return String::new() };
    let inner: Vec<String> = match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| if let syn::GenericArgument::Type(ty) = argument { Some(kind(ty)) } else { None })
            .collect(),
        _ => Vec::new(),
    };
    match (last.ident.to_string().as_str(), inner.as_slice()) {
        ("Option", [one]) => one.clone(),
        ("Vec", [one]) => format!("List<{one}>"),
        ("HashMap" | "Map", [_, value]) => format!("Map<{value}>"),
        ("Box", [one]) => format!("Box<{one}>"),
        ("f64" | "f32", _) => "Number".to_owned(),
        ("i64" | "i32" | "u64" | "u32", _) => "i64".to_owned(),
        (name, _) => name.to_owned(),
    }
}

fn method(signature: &syn::Signature) -> Method {
    let arguments = signature
        .inputs
        .iter()
        .filter_map(|input| {
            let syn::FnArg::Typed(argument) = input else { return None };
            let name = argument.pat.to_token_stream().to_string();
            Some((name, argument_type(&argument.ty)))
        })
        .collect();
    let result = match &signature.output {
        syn::ReturnType::Type(_, ty) => result_type(ty),
        syn::ReturnType::Default => "()".to_owned(),
    };
    Method { arguments, result }
}

/// `Result<ResponseValue<types::X>, …>` gives `types::X`.
fn result_type(ty: &syn::Type) -> String {
    let first = |ty: &syn::Type| -> Option<syn::Type> {
        let syn::Type::Path(path) = ty else { return None };
        let syn::PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
        match arguments.args.first()? {
            syn::GenericArgument::Type(ty) => Some(ty.clone()),
            _ => None,
        }
    };
    match first(ty).and_then(|ty| first(&ty)) {
        Some(syn::Type::Tuple(_)) | None => "()".to_owned(),
        Some(inner) => qualified(&kind(&inner)),
    }
}

/// Arguments are borrowed, lists are slices.
fn argument_type(ty: &syn::Type) -> String {
    if let syn::Type::Path(path) = ty
        && let Some(last) = path.path.segments.last().filter(|last| last.ident == "Option")
        && let syn::PathArguments::AngleBracketed(arguments) = &last.arguments
        && let Some(syn::GenericArgument::Type(inner)) = arguments.args.first()
    {
        return format!("Option<{}>", argument_type(inner));
    }
    let inner = match ty {
        syn::Type::Reference(reference) => kind(&reference.elem),
        other => kind(other),
    };
    if let Some(item) = inner.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>')) {
        return format!("&[{}]", qualified(item));
    }
    match inner.as_str() {
        "str" | "String" => "&str".to_owned(),
        "bool" | "i64" => inner,
        _ => format!("&{}", qualified(&inner)),
    }
}

/// Types of the document are in `types`, all others in scope.
fn qualified(kind: &str) -> String {
    for wrapper in ["List<", "Map<", "Box<"] {
        if let Some(inner) = kind.strip_prefix(wrapper).and_then(|rest| rest.strip_suffix('>')) {
            return format!("{wrapper}{}>", qualified(inner));
        }
    }
    match kind {
        "String" | "bool" | "i64" | "Number" | "Value" | "()" => kind.to_owned(),
        _ => format!("types::{kind}"),
    }
}
