//! A host of few words on threads of its own, so that a benchmark measures the client's thread and nothing else.
#![allow(clippy::expect_used, dead_code, reason = "a benchmark fails by panicking, and each uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use core_affinity::CoreId;

/// Headers of a request as it came, beginning with its first line.
pub(crate) type Head = Vec<String>;

/// A host that answers each request with whatever is written; its address.
pub(crate) fn serve(answer: impl Fn(&Head, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let answer = std::sync::Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = std::sync::Arc::clone(&answer);
            std::thread::spawn(move || {
                pin(<[_]>::last);
                converse(stream, &*answer)
            });
        }
    });
    url
}

/// Keeps this thread, the client's, on a processor of its own, where there are two: where the host's threads wake up
/// otherwise counts for more than what is to be compared. Hosts have to be there already, for threads inherit it.
pub(crate) fn pin_client() {
    pin(<[_]>::first);
}

fn pin(choose: impl Fn(&[CoreId]) -> Option<&CoreId>) {
    if let Some(core) = core_affinity::get_core_ids().as_deref().and_then(choose) {
        core_affinity::set_for_current(*core);
    }
}

/// Ends with the connection.
fn converse(
    mut stream: TcpStream,
    answer: &impl Fn(&Head, &mut TcpStream) -> std::io::Result<()>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = Head::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if !line.trim_end().is_empty() {
            head.push(line.trim_end().to_owned());
            continue;
        }
        let length =
            head.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        reader.read_exact(&mut vec![0; length.unwrap_or(0)])?;
        answer(&head, &mut stream)?;
        head.clear();
    }
}

/// Writes an answer in one piece.
pub(crate) fn reply(stream: &mut TcpStream, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-ID: a\r\nContent-Length: ";
    stream.write_all(format!("{head}{length}\r\n\r\n{body}").as_bytes())
}
