//! What function names mean, as data: one line per pattern, each with an example.
//!
//! Names are matched whole, never by line or by the number of a closure, which differ between
//! Go versions. In a pattern `#` stands for a closure's number with what follows
//! (`func#` matches `func2` and `func2.1`), and a final `…` for any rest.

use super::super::words::Cause;

/// What a function of package context does in a cancel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// Closes the Done channel and goes down to the children: one frame per level.
    Level,
    /// Surrounds a level, for a context with a timer or a callback.
    Around,
    /// Starts the goroutine of an `AfterFunc`.
    StartsCallback,
    /// The cancel function that users call, or a deadline's timer.
    CancelFunc,
    /// The same of a context that can have a deadline: the timer, if nobody created its goroutine.
    DeadlineFunc,
    /// Passes on a foreign parent's cancel: in a watcher, or as a callback.
    Watcher,
    /// Another function of package context. Below a cancel's frames it means that a context
    /// was born cancelled, which ends nothing.
    Other,
}

/// The functions of package context, first match first.
pub(crate) const ROLES: &[(&str, Role, &str)] = &[
    ("context.(*cancelCtx).cancel", Role::Level, "context.(*cancelCtx).cancel"),
    ("context.(*timerCtx).cancel", Role::Around, "context.(*timerCtx).cancel"),
    ("context.(*afterFuncCtx).cancel", Role::StartsCallback, "context.(*afterFuncCtx).cancel"),
    ("context.(*afterFuncCtx).cancel.func#", Role::Around, "context.(*afterFuncCtx).cancel.func1"),
    ("context.removeChild", Role::Around, "context.removeChild"),
    ("context.WithCancel.func#", Role::CancelFunc, "context.WithCancel.func1"),
    ("context.WithCancelCause.func#", Role::CancelFunc, "context.WithCancelCause.func1"),
    ("context.WithDeadline.func#", Role::DeadlineFunc, "context.WithDeadline.func2"),
    ("context.WithDeadlineCause.func#", Role::DeadlineFunc, "context.WithDeadlineCause.func3"),
    ("context.WithTimeout.func#", Role::DeadlineFunc, "context.WithTimeout.func1"),
    ("context.propagateCancel.func#", Role::Watcher, "context.propagateCancel.func1"),
    (
        "context.(*cancelCtx).propagateCancel.func#",
        Role::Watcher,
        "context.(*cancelCtx).propagateCancel.func2",
    ),
    ("context.…", Role::Other, "context.AfterFunc.func1"),
];

/// A row of [`CAUSES`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct CauseRow {
    /// The function.
    pub(crate) pattern: &'static str,
    /// What it tells of the cancel that it made.
    pub(crate) cause: Cause,
    /// Which row counts if several are on the stack: the highest, then the innermost.
    pub(crate) rank: u8,
    /// What to add to the cause.
    pub(crate) detail: &'static str,
    /// A function that it must match.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests' half of the table"))]
    example: &'static str,
}

const fn row(
    pattern: &'static str,
    cause: Cause,
    rank: u8,
    detail: &'static str,
    example: &'static str,
) -> CauseRow {
    CauseRow { pattern, cause, rank, detail, example }
}

/// What frames between `context` and the user's own code tell of a cancel, first match first.
#[rustfmt::skip]
pub(crate) const CAUSES: &[CauseRow] = &[
    // net/http, HTTP/1 server.
    row("net/http.(*connReader).handleReadError…", Cause::ClientGone, 3, "net/http: the connection broke", "net/http.(*connReader).handleReadErrorLocked"),
    row("net/http.(*connReader).…", Cause::ClientGone, 2, "net/http: the connection broke", "net/http.(*connReader).backgroundRead"),
    row("net/http.(*conn).serve…", Cause::HandlerDone, 1, "net/http: the handler returned", "net/http.(*conn).serve.func1"),
    row("net/http.(*response).finishRequest", Cause::HandlerDone, 1, "net/http: the handler returned", "net/http.(*response).finishRequest"),
    row("net/http.(*timeoutHandler).ServeHTTP…", Cause::HandlerDone, 1, "net/http: TimeoutHandler returned", "net/http.(*timeoutHandler).ServeHTTP"),
    row("net/http.initALPNRequest.…", Cause::HandlerDone, 1, "net/http: the connection closed", "net/http.initALPNRequest.ServeHTTP"),
    row("net/http.(*Server).…", Cause::ServerShutdown, 4, "net/http: the server was shut down", "net/http.(*Server).Shutdown"),
    // HTTP/2 servers: bundled, as an internal package, and golang.org/x/net's.
    row("net/http.(*http2serverConn).processResetStream", Cause::ClientGone, 3, "net/http: the client reset the stream", "net/http.(*http2serverConn).processResetStream"),
    row("net/http.(*http2serverConn).closeAllStreamsOnConnClose", Cause::ClientGone, 3, "net/http: the connection broke", "net/http.(*http2serverConn).closeAllStreamsOnConnClose"),
    row("net/http.(*http2serverConn).…", Cause::HandlerDone, 1, "net/http: the stream was closed", "net/http.(*http2serverConn).closeStream"),
    row("net/http.(*http2responseWriter).…", Cause::HandlerDone, 1, "net/http: the handler returned", "net/http.(*http2responseWriter).handlerDone"),
    row("net/http/internal/http2.(*serverConn).processResetStream", Cause::ClientGone, 3, "net/http: the client reset the stream", "net/http/internal/http2.(*serverConn).processResetStream"),
    row("net/http/internal/http2.(*serverConn).closeAllStreamsOnConnClose", Cause::ClientGone, 3, "net/http: the connection broke", "net/http/internal/http2.(*serverConn).closeAllStreamsOnConnClose"),
    row("net/http/internal/http2.(*serverConn).…", Cause::HandlerDone, 1, "net/http: the stream was closed", "net/http/internal/http2.(*serverConn).closeStream"),
    row("net/http/internal/http2.(*responseWriter).…", Cause::HandlerDone, 1, "net/http: the handler returned", "net/http/internal/http2.(*responseWriter).handlerDone"),
    row("golang.org/x/net/http2.(*serverConn).processResetStream", Cause::ClientGone, 3, "http2: the client reset the stream", "golang.org/x/net/http2.(*serverConn).processResetStream"),
    row("golang.org/x/net/http2.(*serverConn).closeAllStreamsOnConnClose", Cause::ClientGone, 3, "http2: the connection broke", "golang.org/x/net/http2.(*serverConn).closeAllStreamsOnConnClose"),
    row("golang.org/x/net/http2.(*serverConn).…", Cause::HandlerDone, 1, "http2: the stream was closed", "golang.org/x/net/http2.(*serverConn).closeStream"),
    // net/http client.
    row("net/http.(*Transport).…", Cause::Explicit, 1, "net/http: the client's transport", "net/http.(*Transport).roundTrip"),
    row("net/http.(*persistConn).…", Cause::Explicit, 1, "net/http: the client's connection", "net/http.(*persistConn).readLoop"),
    row("net/http.(*wantConn).…", Cause::Explicit, 1, "net/http: the client's dial", "net/http.(*wantConn).cancel"),
    row("net/http.(*Client).…", Cause::Explicit, 1, "net/http: the client", "net/http.(*Client).do"),
    row("net/http.setRequestCancel…", Cause::Explicit, 1, "net/http: the client's time limit", "net/http.setRequestCancel.func2"),
    // Signals.
    row("os/signal.(*signalCtx).stop", Cause::Explicit, 1, "os/signal: stop was called", "os/signal.(*signalCtx).stop"),
    row("os/signal.NotifyContext.func#", Cause::Signal, 4, "os/signal: NotifyContext", "os/signal.NotifyContext.func1"),
    row("k8s.io/apiserver/pkg/server.SetupSignalContext…", Cause::Signal, 4, "apiserver: SetupSignalContext", "k8s.io/apiserver/pkg/server.SetupSignalContext.func1"),
    row("sigs.k8s.io/controller-runtime/pkg/manager/signals.…", Cause::Signal, 4, "controller-runtime: SetupSignalHandler", "sigs.k8s.io/controller-runtime/pkg/manager/signals.SetupSignalHandler.func1"),
    row("knative.dev/pkg/signals.…", Cause::Signal, 4, "knative: signals", "knative.dev/pkg/signals.SetupSignalHandler.func1"),
    row("github.com/oklog/run.SignalHandler…", Cause::Signal, 4, "oklog/run: SignalHandler", "github.com/oklog/run.SignalHandler.func1"),
    // Groups of goroutines that end together.
    row("golang.org/x/sync/errgroup.(*Group).Wait", Cause::Errgroup, 3, "errgroup: Wait returned", "golang.org/x/sync/errgroup.(*Group).Wait"),
    row("golang.org/x/sync/errgroup.…", Cause::Errgroup, 3, "errgroup: a member failed", "golang.org/x/sync/errgroup.(*Group).Go.func1.1"),
    row("github.com/sourcegraph/conc/pool.…", Cause::Errgroup, 3, "conc: a task failed or the pool ended", "github.com/sourcegraph/conc/pool.(*ContextPool).Go.func1"),
    row("github.com/oklog/run.(*Group).…", Cause::Errgroup, 3, "oklog/run: an actor ended", "github.com/oklog/run.(*Group).Run"),
    row("github.com/neilotoole/errgroup.…", Cause::Errgroup, 3, "errgroup: a member failed", "github.com/neilotoole/errgroup.(*Group).Go.func1"),
    row("gopkg.in/tomb.v2.…", Cause::Errgroup, 3, "tomb: killed", "gopkg.in/tomb.v2.(*Tomb).kill"),
    // gRPC.
    row("google.golang.org/grpc/internal/transport.(*http2Server).handleRSTStream", Cause::ClientGone, 3, "grpc: the client reset the stream", "google.golang.org/grpc/internal/transport.(*http2Server).handleRSTStream"),
    row("google.golang.org/grpc/internal/transport.(*http2Server).Close", Cause::ClientGone, 2, "grpc: the connection broke", "google.golang.org/grpc/internal/transport.(*http2Server).Close"),
    row("google.golang.org/grpc/internal/transport.(*http2Server).…", Cause::HandlerDone, 1, "grpc: the stream was closed", "google.golang.org/grpc/internal/transport.(*http2Server).closeStream"),
    row("google.golang.org/grpc/internal/transport.(*ServerStream).…", Cause::HandlerDone, 1, "grpc: the stream was closed", "google.golang.org/grpc/internal/transport.(*ServerStream).WriteStatus"),
    row("google.golang.org/grpc/internal/transport.(*serverHandlerTransport).…", Cause::HandlerDone, 1, "grpc: the stream was closed", "google.golang.org/grpc/internal/transport.(*serverHandlerTransport).HandleStreams"),
    row("google.golang.org/grpc.(*Server).Stop", Cause::ServerShutdown, 4, "grpc: the server was stopped", "google.golang.org/grpc.(*Server).Stop"),
    row("google.golang.org/grpc.(*Server).GracefulStop", Cause::ServerShutdown, 4, "grpc: the server was stopped", "google.golang.org/grpc.(*Server).GracefulStop"),
    row("google.golang.org/grpc.(*Server).stop…", Cause::ServerShutdown, 4, "grpc: the server was stopped", "google.golang.org/grpc.(*Server).stop"),
    row("google.golang.org/grpc.(*Server).process…", Cause::HandlerDone, 1, "grpc: the handler returned", "google.golang.org/grpc.(*Server).processUnaryRPC.func2"),
    row("google.golang.org/grpc.(*clientStream).…", Cause::Explicit, 1, "grpc: the client's stream ended", "google.golang.org/grpc.(*clientStream).finish"),
    row("google.golang.org/grpc.(*ClientConn).Close", Cause::Explicit, 1, "grpc: the client was closed", "google.golang.org/grpc.(*ClientConn).Close"),
    row("google.golang.org/grpc…", Cause::Explicit, 0, "grpc", "google.golang.org/grpc.(*addrConn).tearDown"),
    // QUIC and HTTP/3; its handlers' contexts are cancelled by callbacks of their streams'.
    row("github.com/quic-go/quic-go/http3.(*RawServerConn).…", Cause::HandlerDone, 2, "http3: the handler returned", "github.com/quic-go/quic-go/http3.(*RawServerConn).handleRequestStream"),
    row("github.com/quic-go/quic-go/http3.(*Server).Close", Cause::ServerShutdown, 4, "http3: the server was closed", "github.com/quic-go/quic-go/http3.(*Server).Close"),
    row("github.com/quic-go/quic-go/http3.(*Server).Shutdown", Cause::ServerShutdown, 4, "http3: the server was shut down", "github.com/quic-go/quic-go/http3.(*Server).Shutdown"),
    row("github.com/quic-go/quic-go.(*SendStream).handleStopSendingFrame", Cause::ClientGone, 3, "quic: the other side stopped the stream", "github.com/quic-go/quic-go.(*SendStream).handleStopSendingFrame"),
    row("github.com/quic-go/quic-go.(*SendStream).closeForShutdown", Cause::Explicit, 1, "quic: the connection was closed", "github.com/quic-go/quic-go.(*SendStream).closeForShutdown"),
    row("github.com/quic-go/quic-go.(*SendStream).…", Cause::Explicit, 1, "quic: the stream was closed", "github.com/quic-go/quic-go.(*SendStream).Close"),
    row("github.com/quic-go/quic-go.(*Conn).…", Cause::Explicit, 1, "quic: the connection was closed", "github.com/quic-go/quic-go.(*Conn).run.func1"),
    // Web sockets: the connection's reader cancels when that has ended.
    row("github.com/coder/websocket.(*Conn).CloseRead…", Cause::ClientGone, 2, "websocket: the connection ended", "github.com/coder/websocket.(*Conn).CloseRead.func1"),
    row("nhooyr.io/websocket.(*Conn).CloseRead…", Cause::ClientGone, 2, "websocket: the connection ended", "nhooyr.io/websocket.(*Conn).CloseRead.func1"),
    // Services that are stopped as a whole.
    row("github.com/thejerf/suture/v4.(*Supervisor).stopSupervisor…", Cause::ServerShutdown, 4, "suture: the supervisor stopped", "github.com/thejerf/suture/v4.(*Supervisor).stopSupervisor.func1"),
    row("github.com/thejerf/suture/v4.(*Supervisor).removeService…", Cause::ServerShutdown, 3, "suture: the service was removed", "github.com/thejerf/suture/v4.(*Supervisor).removeService.func1.1"),
    row("github.com/grafana/dskit/services.(*BasicService).StopAsync", Cause::ServerShutdown, 3, "dskit: the service was stopped", "github.com/grafana/dskit/services.(*BasicService).StopAsync"),
    // Libraries that cancel contexts of their own.
    row("database/sql.(*Rows).…", Cause::Explicit, 1, "database/sql: the rows were closed", "database/sql.(*Rows).close"),
    row("database/sql.(*Tx).…", Cause::Explicit, 1, "database/sql: the transaction ended", "database/sql.(*Tx).Commit"),
    row("database/sql.(*DB).Close", Cause::Explicit, 1, "database/sql: the database was closed", "database/sql.(*DB).Close"),
    row("database/sql.…", Cause::Explicit, 0, "database/sql", "database/sql.(*Stmt).QueryContext"),
    row("os/exec.…", Cause::Explicit, 1, "os/exec: the command ended", "os/exec.(*Cmd).Wait"),
    row("net.(*Dialer).…", Cause::Explicit, 1, "net: the dialer", "net.(*Dialer).DialContext"),
    row("net.(*sysDialer).…", Cause::Explicit, 1, "net: the dialer", "net.(*sysDialer).dialParallel"),
    row("net.(*Resolver).…", Cause::Explicit, 1, "net: the resolver", "net.(*Resolver).lookupIPAddr.func3"),
    row("crypto/tls.…", Cause::Explicit, 1, "crypto/tls: the handshake ended", "crypto/tls.(*Conn).handshakeContext.func1"),
    row("testing.…", Cause::Explicit, 1, "testing: the test ended", "testing.(*common).runCleanup"),
    row("net/http/httptest.…", Cause::ServerShutdown, 3, "httptest: the server was closed", "net/http/httptest.(*Server).Close"),
    row("net/http/httputil.(*ReverseProxy).…", Cause::HandlerDone, 1, "httputil: the proxied request ended", "net/http/httputil.(*ReverseProxy).ServeHTTP.func1"),
    row("github.com/nats-io/nats.go…", Cause::Explicit, 1, "nats", "github.com/nats-io/nats.go.(*Conn).close"),
    row("github.com/jackc/…", Cause::Explicit, 1, "pgx", "github.com/jackc/pgx/v5/pgxpool.(*Pool).Close"),
    row("github.com/redis/go-redis/…", Cause::Explicit, 1, "go-redis", "github.com/redis/go-redis/v9.(*PubSub).Close"),
    row("github.com/segmentio/kafka-go.…", Cause::Explicit, 1, "kafka-go", "github.com/segmentio/kafka-go.(*Reader).Close"),
    row("github.com/IBM/sarama.…", Cause::Explicit, 1, "sarama", "github.com/IBM/sarama.(*consumerGroupSession).release"),
    row("go.mongodb.org/mongo-driver/…", Cause::Explicit, 1, "mongo", "go.mongodb.org/mongo-driver/x/mongo/driver/topology.(*Server).Disconnect"),
    row("go.etcd.io/etcd/…", Cause::Explicit, 1, "etcd", "go.etcd.io/etcd/client/v3.(*Client).Close"),
    row("k8s.io/apimachinery/pkg/util/wait.…", Cause::Explicit, 1, "k8s wait", "k8s.io/apimachinery/pkg/util/wait.ContextForChannel.func1"),
    row("k8s.io/client-go/…", Cause::Explicit, 1, "client-go", "k8s.io/client-go/tools/leaderelection.(*LeaderElector).Run"),
    row("go.uber.org/fx.…", Cause::ServerShutdown, 3, "fx: the app stopped", "go.uber.org/fx.(*App).Stop"),
    row("github.com/spf13/cobra.…", Cause::Explicit, 0, "cobra", "github.com/spf13/cobra.(*Command).ExecuteContext"),
];

/// Functions that stop the program's parts by calling its code, which then cancels: each with the
/// row of [`CAUSES`] that tells why.
pub(crate) const STOPPERS: &[(&str, &str)] = &[
    ("github.com/oklog/run.(*Group).Run", "github.com/oklog/run.(*Group).Run"),
    ("go.uber.org/fx/internal/lifecycle.(*Lifecycle).runStopHook", "go.uber.org/fx.(*App).Stop"),
];

/// Start functions of goroutines that outlive any context: they run the program.
pub(crate) const MAINS: &[(&str, &str)] =
    &[("main.main", "main.main"), ("runtime.main", "runtime.main")];

/// The same, which run a test that they are given.
pub(crate) const TEST_MAINS: &[(&str, &str)] = &[
    ("testing.…", "testing.tRunner"),
    ("internal/synctest.…", "internal/synctest.Run"),
    ("testing/synctest.…", "testing/synctest.Test.func1"),
    (
        "github.com/onsi/ginkgo/v2/internal.(*Suite).runNode.func#",
        "github.com/onsi/ginkgo/v2/internal.(*Suite).runNode.func3",
    ),
    (
        "github.com/bsm/ginkgo/v2/internal.(*Suite).runNode.func#",
        "github.com/bsm/ginkgo/v2/internal.(*Suite).runNode.func3",
    ),
];

/// Functions that shut something down in good order. Who is in one after a cancel is doing its
/// job: it was waiting for the cancel in order to do this.
pub(crate) const GRACEFUL: &[(&str, &str)] = &[
    ("net/http.(*Server).Shutdown", "net/http.(*Server).Shutdown"),
    ("net/http.(*Server).Close", "net/http.(*Server).Close"),
    ("net/http/httptest.(*Server).Close", "net/http/httptest.(*Server).Close"),
    (
        "google.golang.org/grpc.(*Server).GracefulStop",
        "google.golang.org/grpc.(*Server).GracefulStop",
    ),
    ("google.golang.org/grpc.(*Server).Stop", "google.golang.org/grpc.(*Server).Stop"),
    (
        "github.com/valyala/fasthttp.(*Server).Shutdown…",
        "github.com/valyala/fasthttp.(*Server).ShutdownWithContext",
    ),
    (
        "github.com/labstack/echo/v4.(*Echo).Shutdown",
        "github.com/labstack/echo/v4.(*Echo).Shutdown",
    ),
    ("github.com/nats-io/nats.go.(*Conn).Drain", "github.com/nats-io/nats.go.(*Conn).Drain"),
];

/// Functions that carry out one operation for their caller, and may call back for it: a driver, a
/// dialer, a transport of the program's own. Who waits below them waits in a call.
#[rustfmt::skip]
pub(crate) const OPERATIONS: &[(&str, &str)] = &[
    ("database/sql.…", "database/sql.(*DB).QueryContext"),
    ("net/http.(*Client).…", "net/http.(*Client).do"),
    ("net/http.(*Transport).…", "net/http.(*Transport).roundTrip"),
    ("net.(*Dialer).…", "net.(*Dialer).DialContext"),
    ("net.(*Resolver).…", "net.(*Resolver).LookupHost"),
    ("os/exec.(*Cmd).…", "os/exec.(*Cmd).Wait"),
    ("crypto/tls.(*Conn).…", "crypto/tls.(*Conn).HandshakeContext"),
    ("golang.org/x/time/rate.…", "golang.org/x/time/rate.(*Limiter).WaitN"),
    ("golang.org/x/sync/semaphore.…", "golang.org/x/sync/semaphore.(*Weighted).Acquire"),
    ("golang.org/x/sync/singleflight.…", "golang.org/x/sync/singleflight.(*Group).Do"),
    ("google.golang.org/grpc.(*ClientConn).…", "google.golang.org/grpc.(*ClientConn).Invoke"),
    ("google.golang.org/grpc.(*clientStream).…", "google.golang.org/grpc.(*clientStream).RecvMsg"),
];

/// Functions that serve a request by calling the user's handler.
#[rustfmt::skip]
pub(crate) const SERVERS: &[(&str, &str)] = &[
    ("net/http.(*conn).serve", "net/http.(*conn).serve"),
    ("net/http.(*timeoutHandler).ServeHTTP.func#", "net/http.(*timeoutHandler).ServeHTTP.func1"),
    ("net/http.(*http2serverConn).runHandler", "net/http.(*http2serverConn).runHandler"),
    ("net/http/internal/http2.(*serverConn).runHandler", "net/http/internal/http2.(*serverConn).runHandler"),
    ("golang.org/x/net/http2.(*serverConn).runHandler", "golang.org/x/net/http2.(*serverConn).runHandler"),
    ("google.golang.org/grpc.(*Server).processUnaryRPC", "google.golang.org/grpc.(*Server).processUnaryRPC"),
    ("google.golang.org/grpc.(*Server).processStreamingRPC", "google.golang.org/grpc.(*Server).processStreamingRPC"),
    ("github.com/valyala/fasthttp.(*Server).serveConn", "github.com/valyala/fasthttp.(*Server).serveConn"),
];

/// Functions that read a connection in the background while a handler serves its request.
pub(crate) const READERS: &[(&str, &str)] =
    &[("net/http.(*connReader).backgroundRead…", "net/http.(*connReader).backgroundRead")];

/// Functions in which one waits for other goroutines to end.
pub(crate) const JOINS: &[(&str, &str)] = &[
    ("sync.(*WaitGroup).Wait", "sync.(*WaitGroup).Wait"),
    ("golang.org/x/sync/errgroup.(*Group).Wait", "golang.org/x/sync/errgroup.(*Group).Wait"),
    // With a limit it waits until one has ended.
    ("golang.org/x/sync/errgroup.(*Group).Go", "golang.org/x/sync/errgroup.(*Group).Go"),
    (
        "github.com/sourcegraph/conc.(*WaitGroup).Wait",
        "github.com/sourcegraph/conc.(*WaitGroup).Wait",
    ),
];

/// Reads what comes on one connection of an HTTP client.
pub(crate) const CLIENT_READER: &str = "net/http.(*persistConn).readLoop";

/// Functions that hand signals to the program: whom they wake acts on a signal.
pub(crate) const SIGNALS: &[(&str, &str)] =
    &[("os/signal.process", "os/signal.process"), ("os/signal.loop", "os/signal.loop")];

/// Whether a function's name matches a pattern.
pub(crate) fn matches(pattern: &str, function: &str) -> bool {
    if let Some(prefix) = pattern.strip_suffix('…') {
        function.starts_with(prefix)
    } else if let Some(prefix) = pattern.strip_suffix('#') {
        function
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    } else {
        pattern == function
    }
}

/// The row of a table of names that a function matches.
pub(crate) fn listed(table: &[(&str, &str)], function: &str) -> bool {
    table.iter().any(|(pattern, _)| matches(pattern, function))
}

/// What a function of package context does in a cancel.
pub(crate) fn role_of(function: &str) -> Option<Role> {
    ROLES.iter().find(|(pattern, ..)| matches(pattern, function)).map(|&(_, role, _)| role)
}

/// The row of [`CAUSES`] that a function matches.
pub(crate) fn cause_of(function: &str) -> Option<usize> {
    CAUSES.iter().position(|row| matches(row.pattern, function))
}

/// The row of [`CAUSES`] that tells why a function which stops parts of the program does so.
pub(crate) fn stopper_of(function: &str) -> Option<usize> {
    let stops = |(pattern, _): &&(&str, &str)| matches(pattern, function);
    STOPPERS.iter().find(stops).and_then(|(_, cause)| cause_of(cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stopper_has_a_cause() {
        for (pattern, _) in STOPPERS {
            assert!(stopper_of(pattern).is_some(), "{pattern}");
        }
    }

    #[test]
    fn every_role_matches_its_example_first() {
        for (pattern, role, example) in ROLES {
            assert_eq!(role_of(example), Some(*role), "{pattern}");
        }
    }

    #[test]
    fn every_cause_matches_its_example_first() {
        for (at, row) in CAUSES.iter().enumerate() {
            assert_eq!(cause_of(row.example), Some(at), "{}", row.pattern);
        }
    }

    #[test]
    fn every_listed_name_matches_its_example() {
        for table in [MAINS, TEST_MAINS, GRACEFUL, JOINS, SIGNALS, OPERATIONS, SERVERS, READERS] {
            for (pattern, example) in table {
                assert!(matches(pattern, example), "{pattern}");
            }
        }
    }

    #[test]
    fn patterns_do_not_match_too_much() {
        assert!(!matches("context.WithCancel.func#", "context.WithCancel"));
        assert!(!matches("context.WithCancel.func#", "context.WithCancelCause.func1"));
        assert!(matches("context.WithCancel.func#", "context.WithCancel.func1.2"));
        assert_eq!(role_of("context_test.TestCause"), None);
        assert_eq!(role_of("example.com/context.WithCancel.func1"), None);
        assert_eq!(cause_of("net/http.HandlerFunc.ServeHTTP"), None);
        assert!(!listed(MAINS, "main.main.func1"));
    }

    #[test]
    fn the_names_of_go_1_19_mean_the_same() {
        assert_eq!(role_of("context.WithDeadline.func2"), Some(Role::DeadlineFunc));
        assert_eq!(role_of("context.propagateCancel.func1"), Some(Role::Watcher));
        assert_eq!(role_of("context.propagateCancel"), Some(Role::Other));
    }
}
