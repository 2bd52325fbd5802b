//! Servers: which host an operation is at, and the part of the host's address that belongs to the path.

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::document::walk::{METHODS, text};

/// Hosts that serve the same operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// What callers name it by: `api`, or the first label of its host.
    pub name: String,
    /// Its addresses without a path: one for each environment.
    pub urls: Vec<String>,
}

/// Splits every server's address into host and path prefix: the prefix goes to the paths, the hosts are returned. An
/// operation at other hosts than the document's is marked with `x-opp-server`.
pub fn split_servers(root: &mut Value) -> Result<Vec<Server>> {
    let (prefix, urls) = addresses(root.get("servers"));
    let mut servers = vec![Server { name: "api".into(), urls }];
    let Some(paths) = root.get_mut("paths").and_then(Value::as_object_mut) else { return Ok(servers) };
    let mut moved = Map::new();
    for (path, item) in std::mem::take(paths) {
        for method in METHODS {
            let Some(mut operation) = item.get(method).cloned() else { continue };
            let own = operation.as_object_mut().and_then(|map| map.shift_remove("servers"));
            let (prefix, index) = match own.as_ref().filter(|own| own.as_array().is_some_and(|a| !a.is_empty())) {
                Some(own) => {
                    let (prefix, urls) = addresses(Some(own));
                    (prefix, place(&mut servers, urls))
                }
                None => (prefix.clone(), 0),
            };
            operation["x-opp-server"] = json!(index);
            let whole = format!("{prefix}{path}");
            let entry = moved.entry(whole).or_insert_with(|| json!({}));
            entry[method] = operation;
        }
    }
    *paths = moved;
    Ok(servers)
}

/// The index of the server with any of these addresses, added if new.
fn place(servers: &mut Vec<Server>, urls: Vec<String>) -> usize {
    if let Some(index) = servers.iter().position(|server| server.urls.iter().any(|url| urls.contains(url))) {
        return index;
    }
    let host = urls.first().and_then(|url| url.split("://").nth(1)).and_then(|host| host.split('.').next());
    let name = host.unwrap_or("other").replace('-', "_");
    servers.push(Server { name, urls });
    servers.len() - 1
}

fn addresses(servers: Option<&Value>) -> (String, Vec<String>) {
    let mut prefix = None;
    let mut hosts = Vec::new();
    for url in servers.and_then(Value::as_array).into_iter().flatten().filter_map(|server| text(server, "url")) {
        let after_scheme = url.find("://").map_or(0, |at| at + 3);
        let path = url[after_scheme..].find('/').map_or(url.len(), |at| at + after_scheme);
        if path > after_scheme {
            hosts.push(url[..path].to_owned());
        }
        prefix.get_or_insert_with(|| url[path..].trim_end_matches('/').to_owned());
    }
    (prefix.unwrap_or_default(), hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_in_the_server_and_one_in_the_path_are_the_same() {
        let mut a = json!({"servers": [{"url": "https://api.example/psd2"}], "paths": {"/x": {"get": {}}}});
        let mut b = json!({"servers": [{"url": "https://api.example"}], "paths": {"/psd2/x": {"get": {}}}});
        assert_eq!(split_servers(&mut a).unwrap(), split_servers(&mut b).unwrap());
        assert_eq!(a["paths"], b["paths"]);
    }

    #[test]
    fn an_operation_at_another_host_is_marked() {
        let mut root = json!({
            "servers": [{"url": "https://api.example"}, {"url": "https://api.sandbox.example"}],
            "paths": {
                "/a": {"get": {}},
                "/b": {"get": {"servers": [{"url": "https://bulk.example"}]}},
                "/c": {"get": {"servers": [{"url": "https://api.sandbox.example"}]}}
            }
        });
        let servers = split_servers(&mut root).unwrap();
        assert_eq!(servers.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["api", "bulk"]);
        assert_eq!(root["paths"]["/b"]["get"]["x-opp-server"], 1);
        assert_eq!(root["paths"]["/c"]["get"]["x-opp-server"], 0);
    }
}
