//! Accepting connections, within the limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use super::{Host, Shared, host};

/// Largest header section of a request; what a silent connection can cost.
const HEADER_BYTES: usize = 16 * 1024;

type Stream = Either<TcpStream, TlsStream<TcpStream>>;

/// Serves one host until the task is dropped; then its connections end, too.
pub(crate) async fn serve(listener: TcpListener, host: Host, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(shared.limits.connections));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, most likely: wait for some connection to end instead of spinning.
                tracing::warn!(%error, host = host.name(), "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        connections.spawn(async move {
            let _place = place;
            // Small answers should not wait for more of them.
            stream.set_nodelay(true).ok();
            if let Some(stream) = greet(stream, tls, host, shared.limits.read_time).await {
                talk(stream, host, shared).await;
            }
        });
    }
}

/// The TLS handshake, if there is one.
async fn greet(stream: TcpStream, tls: Option<TlsAcceptor>, host: Host, read_time: Duration) -> Option<Stream> {
    let Some(tls) = tls else {
        return Some(Either::Left(stream));
    };
    match tokio::time::timeout(read_time, tls.accept(stream)).await {
        Ok(Ok(stream)) => Some(Either::Right(stream)),
        Ok(Err(error)) => {
            tracing::info!(%error, host = host.name(), "a TLS handshake failed");
            None
        }
        Err(_) => None,
    }
}

async fn talk(stream: Stream, host: Host, shared: Arc<Shared>) {
    let (read_time, write_time) = (shared.limits.read_time, shared.limits.write_time);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write_time));
    let reset = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&reset);
    let service = service_fn(move |request| host::answer(Arc::clone(&shared), host, request, Arc::clone(&flag)));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(read_time)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    if let Err(error) = (&mut connection).await {
        tracing::debug!(%error, host = host.name(), "a connection ended early");
    }
    if reset.load(Ordering::Relaxed) {
        let stream = connection.into_parts().io.into_inner();
        let socket = match stream.get_ref() {
            Either::Left(socket) => socket,
            Either::Right(stream) => stream.get_ref().0,
        };
        // Closing sends a reset now, whatever was still to be sent.
        socket.set_zero_linger().ok();
    }
}
