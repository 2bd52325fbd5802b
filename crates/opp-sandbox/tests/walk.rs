//! The guide's walk with nothing but curl.

#[path = "common/skip.rs"]
mod skip;

use std::process::Command;

#[test]
fn curl_alone_walks_from_token_to_accounts() {
    if !skip::has(&["bash", "curl"]) {
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/walk.sh");
    let run = Command::new("bash").args([script, env!("CARGO_BIN_EXE_opp-sandbox")]).output().expect("bash runs");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{out}\n{err}");
}
