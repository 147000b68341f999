//! The port, and the connections to it.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Bound, Place};

/// The time before a port that is taken is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// The longest time until a request's headers are there, and between two requests of a connection.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);

/// The most bytes of a request's headers, and their number.
const HEADER_BYTES: usize = 32 * 1024;
const MOST_HEADERS: usize = 100;

/// The longest time that a connection is kept: a sender that reads no answers does not keep its place for ever.
const LONGEST_LIFE: Duration = Duration::from_secs(600);

/// The time for the last answers of a connection that is to end.
const LAST_ANSWER: Duration = Duration::from_secs(2);

/// Listens until it is stopped.
pub(super) async fn listen(
    place: Place,
    router: Router,
    bound: Bound,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    let listener = tokio::select! {
        listener = bind(&place, &bound) => listener,
        () = stop.cancelled() => return,
    };
    let places = Arc::new(Semaphore::new(place.max_connections));
    loop {
        // Those for whom there is no place wait in the system's queue.
        let accepted = async {
            let permit = Arc::clone(&places).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = stop.cancelled() => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // As where no descriptor is left: the next one may be let in.
                tracing::debug!(%error, "a connection could not be accepted");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (router, stop) = (router.clone(), stop.clone());
        tasks.spawn(async move {
            serve(stream, router, stop).await;
            drop(permit);
        });
    }
}

/// Binds the port, as soon as it is to be had.
async fn bind(place: &Place, bound: &Bound) -> TcpListener {
    loop {
        let listener = TcpListener::bind(&place.listen)
            .await
            .and_then(|listener| Ok((listener.local_addr()?, listener)));
        match listener {
            Ok((address, listener)) => {
                bound(Ok(address));
                return listener;
            }
            Err(error) => bound(Err(error)),
        }
        sleep(RETRY).await;
    }
}

/// Serves a connection.
async fn serve(stream: TcpStream, router: Router, stop: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_buf_size(HEADER_BYTES)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let is_over = tokio::select! {
        _ = connection.as_mut() => true,
        () = stop.cancelled() => false,
        () = sleep(LONGEST_LIFE) => false,
    };
    if !is_over {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(LAST_ANSWER, connection).await;
    }
}
