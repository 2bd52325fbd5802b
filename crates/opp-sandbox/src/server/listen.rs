//! Accepting connections, within the limits.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Host, Shared, host};

/// Serves one host until the task is dropped; then its connections end, too.
pub(crate) async fn serve(listener: TcpListener, host: Host, shared: Arc<Shared>) {
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
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let _place = place;
            // Small answers should not wait for more of them.
            stream.set_nodelay(true).ok();
            let read_time = shared.limits.read_time;
            let service = service_fn(move |request| host::answer(Arc::clone(&shared), host, request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(read_time)
                .max_buf_size(64 * 1024)
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, host = host.name(), "a connection ended early");
            }
        });
    }
}
