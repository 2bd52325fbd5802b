//! The project's chores. This file only dispatches: each task is a file of its own.

use xtask::{document, emit, normalise};

fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).unwrap();
    let mut doc = document::read::read_openapi(path.as_ref())?;
    document::overlay::corrections(&mut doc, "openapi/corrections".as_ref(), true)?;
    let n = normalise::normalise(&doc.root)?;
    let files = emit::emit(&n)?;
    for (f, t) in files { println!("{f} {}", t.lines().count()); let p=format!("crates/{f}"); std::fs::create_dir_all(std::path::Path::new(&p).parent().unwrap())?; std::fs::write(p, t)?; }
    Ok(())
}
