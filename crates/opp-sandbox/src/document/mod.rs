//! The API document as the sandbox uses it: the table of operations that requests are routed by, and the schemas
//! that requests and replies are held against. It is read from the bundle at start; each schema is compiled when it
//! is first needed.

mod request;
mod response;
mod schema;

use std::collections::BTreeMap;

use http::Method;
use serde_json::Value;

pub(crate) use request::check_request;
pub(crate) use response::check_reply;
use schema::Schemas;

use crate::StartError;

/// The repository's `openapi/bundle.json`, by a link in the crate, so that a packaged crate has it too.
const BUNDLE: &str = include_str!("../../bundle.json");

/// The document.
pub(crate) struct Document {
    operations: Vec<Operation>,
    schemas: Schemas,
}

/// The four services of the document, which scopes and error habits hang on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Directory,
    Consents,
    Accounts,
    Payments,
}

/// One operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: Method,
    pub(crate) service: Service,
    segments: Vec<Segment>,
    parameters: Vec<Parameter>,
    body: Option<RequestBody>,
    /// By status, or by `default` and ranges such as `4XX`.
    responses: BTreeMap<String, Response>,
}

#[derive(Debug)]
enum Segment {
    Literal(String),
    Variable(String),
}

#[derive(Debug)]
struct Parameter {
    name: String,
    place: Place,
    required: bool,
    /// JSON pointer of its schema inside the document.
    schema: String,
    shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Path,
    Query,
    Header,
}

/// How the text of a parameter becomes a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Text,
    Boolean,
    Number,
    List,
}

#[derive(Debug)]
struct RequestBody {
    required: bool,
    /// Pointers of the schemas by media type.
    media: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Response {
    media: BTreeMap<String, String>,
    headers: Vec<ResponseHeader>,
}

#[derive(Debug)]
struct ResponseHeader {
    name: String,
    required: bool,
    schema: String,
}

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum Route<'a> {
    Found(&'a Operation, BTreeMap<String, String>),
    /// The path exists, with these methods.
    WrongMethod(Vec<&'a str>),
    Unknown,
}

impl Document {
    /// Reads the bundle that was compiled in.
    pub(crate) fn load() -> Result<Self, StartError> {
        let root: Value = serde_json::from_str(BUNDLE).map_err(|error| StartError::Document(error.to_string()))?;
        let operations = read_operations(&root);
        if operations.is_empty() {
            return Err(StartError::Document("it holds no operation".to_owned()));
        }
        Ok(Self { operations, schemas: Schemas::new(root)? })
    }

    /// Finds the operation for a path given as decoded segments.
    pub(crate) fn route(&self, method: &Method, path: &[String]) -> Route<'_> {
        let mut others = Vec::new();
        for operation in &self.operations {
            let Some(variables) = operation.matches(path) else {
                continue;
            };
            if operation.method == *method {
                return Route::Found(operation, variables);
            }
            others.push(operation.method.as_str());
        }
        if others.is_empty() { Route::Unknown } else { Route::WrongMethod(others) }
    }
}

impl Operation {
    fn matches(&self, path: &[String]) -> Option<BTreeMap<String, String>> {
        if self.segments.len() != path.len() {
            return None;
        }
        let mut variables = BTreeMap::new();
        for (segment, part) in self.segments.iter().zip(path) {
            match segment {
                Segment::Literal(text) if text == part => {}
                // An empty part or a step up the tree is no id, whatever the client meant by it.
                Segment::Variable(name) if !matches!(part.as_str(), "" | "." | "..") => {
                    variables.insert(name.clone(), part.clone());
                }
                _ => return None,
            }
        }
        Some(variables)
    }

    /// Media types that the operation's success can have.
    pub(crate) fn success_media(&self) -> impl Iterator<Item = &str> {
        self.responses
            .iter()
            .filter(|(status, _)| status.starts_with('2'))
            .flat_map(|(_, response)| response.media.keys().map(String::as_str))
    }
}

fn read_operations(root: &Value) -> Vec<Operation> {
    let base = base_path(root);
    let mut operations = Vec::new();
    for (path, item) in root["paths"].as_object().into_iter().flatten() {
        // The prefix stands in the server's URL or in the paths, depending on the edition (platform-facts 1).
        let full = if path.starts_with(&format!("{base}/")) { path.clone() } else { format!("{base}{path}") };
        let Some(service) = service_of(&full) else {
            continue;
        };
        let at = format!("/paths/{}", escape(path));
        for (verb, operation) in item.as_object().into_iter().flatten() {
            let Some(method) = method_of(verb) else {
                continue;
            };
            let at = format!("{at}/{verb}");
            operations.push(Operation {
                id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
                method,
                service,
                segments: full.trim_matches('/').split('/').map(segment).collect(),
                parameters: read_parameters(root, &at),
                body: read_body(root, &format!("{at}/requestBody")),
                responses: read_responses(root, &format!("{at}/responses")),
            });
        }
    }
    operations
}

/// The path of the first server's URL, without a trailing slash.
fn base_path(root: &Value) -> String {
    let url = root["servers"][0]["url"].as_str().unwrap_or_default();
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    after_scheme.find('/').map_or("", |at| &after_scheme[at..]).trim_end_matches('/').to_owned()
}

fn service_of(path: &str) -> Option<Service> {
    [
        ("/aspspinformation/", Service::Directory),
        ("/consent/", Service::Consents),
        ("/accountinformation/", Service::Accounts),
        ("/paymentinitiation/", Service::Payments),
    ]
    .into_iter()
    .find_map(|(part, service)| path.contains(part).then_some(service))
}

fn method_of(verb: &str) -> Option<Method> {
    match verb {
        "get" => Some(Method::GET),
        "post" => Some(Method::POST),
        "put" => Some(Method::PUT),
        "delete" => Some(Method::DELETE),
        _ => None,
    }
}

fn segment(text: &str) -> Segment {
    text.strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .map_or_else(|| Segment::Literal(text.to_owned()), |name| Segment::Variable(name.to_owned()))
}

fn read_parameters(root: &Value, operation: &str) -> Vec<Parameter> {
    let item = operation.rsplit_once('/').map_or("", |(item, _)| item);
    let mut parameters = Vec::new();
    for list in [format!("{item}/parameters"), format!("{operation}/parameters")] {
        let count = root.pointer(&list).and_then(Value::as_array).map_or(0, Vec::len);
        for index in 0..count {
            let (at, value) = follow(root, &format!("{list}/{index}"));
            let place = match value["in"].as_str() {
                Some("path") => Place::Path,
                Some("query") => Place::Query,
                Some("header") => Place::Header,
                _ => continue,
            };
            let schema = format!("{at}/schema");
            let (_, resolved) = follow(root, &schema);
            let shape = match resolved["type"].as_str() {
                Some("boolean") => Shape::Boolean,
                Some("integer" | "number") => Shape::Number,
                Some("array") => Shape::List,
                _ => Shape::Text,
            };
            parameters.push(Parameter {
                name: value["name"].as_str().unwrap_or_default().to_owned(),
                place,
                required: value["required"].as_bool().unwrap_or_default(),
                schema,
                shape,
            });
        }
    }
    parameters
}

fn read_body(root: &Value, at: &str) -> Option<RequestBody> {
    root.pointer(at)?;
    let (at, value) = follow(root, at);
    Some(RequestBody { required: value["required"].as_bool().unwrap_or_default(), media: read_media(value, &at) })
}

fn read_responses(root: &Value, at: &str) -> BTreeMap<String, Response> {
    let statuses = root.pointer(at).and_then(Value::as_object);
    statuses
        .into_iter()
        .flat_map(|statuses| statuses.keys())
        .map(|status| {
            let (at, value) = follow(root, &format!("{at}/{status}"));
            let headers = value["headers"]
                .as_object()
                .into_iter()
                .flat_map(|headers| headers.keys())
                .map(|name| {
                    let (at, header) = follow(root, &format!("{at}/headers/{}", escape(name)));
                    ResponseHeader {
                        name: name.clone(),
                        required: header["required"].as_bool().unwrap_or_default(),
                        schema: format!("{at}/schema"),
                    }
                })
                .collect();
            (status.clone(), Response { media: read_media(value, &at), headers })
        })
        .collect()
}

fn read_media(value: &Value, at: &str) -> BTreeMap<String, String> {
    value["content"]
        .as_object()
        .into_iter()
        .flat_map(|content| content.keys())
        .map(|media| (media.clone(), format!("{at}/content/{}/schema", escape(media))))
        .collect()
}

/// Follows `$ref` until something else is found; gives where that is, too.
fn follow<'a>(root: &'a Value, pointer: &str) -> (String, &'a Value) {
    let mut at = pointer.to_owned();
    // A document whose references run in a circle would hold us for ever; none needs more than a few steps.
    for _ in 0..16 {
        let value = root.pointer(&at).unwrap_or(&Value::Null);
        match value["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
            Some(target) => at = target.to_owned(),
            None => return (at, value),
        }
    }
    (at, &Value::Null)
}

/// One token of a JSON pointer.
fn escape(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::*;
    use crate::server::wire::Reply;

    fn operation<'a>(document: &'a Document, id: &str) -> &'a Operation {
        document.operations.iter().find(|operation| operation.id == id).expect(id)
    }

    #[test]
    fn all_operations_are_below_psd2() {
        let document = Document::load().unwrap();
        assert_eq!(document.operations.len(), 31);
        for operation in &document.operations {
            assert!(matches!(&operation.segments[0], Segment::Literal(text) if text == "psd2"));
        }
    }

    #[test]
    fn every_schema_of_every_operation_compiles() {
        let document = Document::load().unwrap();
        let none = json!(null);
        for operation in &document.operations {
            let bodies = operation.body.iter().flat_map(|body| body.media.values());
            let replies = operation.responses.values().flat_map(|response| response.media.values());
            let parameters = operation.parameters.iter().map(|parameter| &parameter.schema);
            for pointer in bodies.chain(replies).chain(parameters) {
                for violation in document.schemas.violations(pointer, &none) {
                    assert!(!violation.text.contains("does not compile"), "{}", violation.text);
                }
            }
        }
    }

    #[test]
    fn a_reply_that_breaks_the_document_is_found_with_its_pointer() {
        let document = Document::load().unwrap();
        let operation = operation(&document, "getConsentStatus");
        let id = "0f9d0c9e-58f4-4a0e-8d4f-6c1a58f0a111";
        let good = Reply::ok(json!({ "consentStatus": "valid" })).with("x-request-id", id);
        assert_eq!(check_reply(&document, operation, &good), Ok(()));
        let bad = Reply::ok(json!({ "consentStatus": 7 })).with("x-request-id", id);
        assert!(check_reply(&document, operation, &bad).unwrap_err().contains("/consentStatus"));
        let undeclared = Reply::empty(StatusCode::IM_A_TEAPOT).with("x-request-id", id);
        assert!(check_reply(&document, operation, &undeclared).is_err());
    }
}
