//! The project's chores. This file only dispatches: each task is a file of its own.


use xtask::{document, normalise};

fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).unwrap();
    let doc = document::read::read_openapi(path.as_ref())?;
    let n = normalise::normalise(&doc.root)?;
    for (name, s) in n.schemas() { println!("{}{name} {}", if n.written.contains(name) {"*"} else {" "}, serde_json::to_string(s)?.chars().take(100).collect::<String>()); }
    for o in &n.operations { println!("{} {} {} {:?} {:?}", o.name, o.path, o.server, o.success, o.body); }
    println!("{:?}", n.servers);
    Ok(())
}
