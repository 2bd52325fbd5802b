//! When a program that serves a sandbox ends: its own, and others that bring one along.

/// Waits for Ctrl-C or, from a supervisor, for a request to terminate. Both are caught from the call on, before the
/// future is awaited, so that a program which calls this first ends in order however early it is told to.
///
/// # Errors
///
/// The system lets nobody listen for signals.
///
/// # Panics
///
/// Outside a Tokio runtime.
#[cfg(unix)]
pub fn end_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits for Ctrl-C.
///
/// # Errors
///
/// None on this system.
#[cfg(not(unix))]
pub fn end_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        tokio::signal::ctrl_c().await.ok();
    })
}
