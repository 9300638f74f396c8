//! Which of the program's functions a server's goroutine is said to serve.

use super::super::Document;
use super::made::{CANCEL, MS, Made, US};
use crate::base::StackId;

const SERVE: &str = "net/http.(*conn).serve";

/// A server's goroutine that hears with this code of the program's and of libraries above its own, and
/// sleeps on in it.
fn serves(code: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(10 * US, 1, "net/http.(*Server).Serve < main.main:3", 2, SERVE).runs(11 * US, 2);
    made.waits(12 * US, 2, "select", &format!("{code} < {SERVE}"));
    made.wakes(10 * MS, 1, &format!("{CANCEL} < main.main:5"), 2).runs(10 * MS + US, 2);
    made.waits(10 * MS + 2 * US, 2, "sleep", &format!("time.Sleep < {code} < {SERVE}"));
    made.wakes(70 * MS, 0, "", 2).runs(70 * MS + US, 2).ends(70 * MS + 2 * US, 2);
    made.document(80 * MS)
}

/// Whose work it did.
fn served(document: &Document) -> &str {
    let hearings = document.analysis().hearings();
    assert_eq!(hearings.len(), 1);
    document.trace().string(document.acting(&hearings[0], StackId::EMPTY))
}

#[test]
fn the_handler_is_the_last_that_the_server_calls() {
    let http = "net/http.HandlerFunc.ServeHTTP";
    let gin = "github.com/gin-gonic/gin.(*Context).Next";
    let engine = "github.com/gin-gonic/gin.(*Engine).ServeHTTP";
    let connect = "github.com/x/connect.(*Handler).ServeHTTP";
    let check = "google.golang.org/grpc.(*Server).processUnaryRPC";
    for (code, handler) in [
        (format!("main.load:9 < main.get:7 < {http} < main.auth:3 < {http}"), "main.get"),
        (format!("main.get:7 < {gin} < main.auth:3 < {gin} < {engine}"), "main.get"),
        // One's own middleware around all of it.
        (format!("main.get:7 < {gin} < {engine} < main.auth:3 < {http}"), "main.get"),
        (format!("main.svc.Get:7 < {connect} < main.NewHandler.func1 < {http}"), "main.svc.Get"),
        // What a handler has a library call is its own business.
        (format!("main.get.func1:8 < github.com/x/retry.Do < main.get:7 < {http}"), "main.get"),
        (format!("main.row:8 < database/sql.(*DB).QueryContext < main.get:7 < {http}"), "main.get"),
        (
            format!(
                "main.(*rt).RoundTrip:8 < net/http.send < net/http.(*Client).do < main.get:7 < {http}"
            ),
            "main.get",
        ),
        (format!("main.check:7 < {check}"), "main.check"),
    ] {
        assert_eq!(served(&serves(&code)), handler, "{code}");
    }
}

#[test]
fn what_a_generator_wrote_is_no_handler() {
    let grpc = "google.golang.org/grpc.(*Server).processUnaryRPC";
    let handler = "main._Shop_Get_Handler@shop_grpc.pb.go";
    for (code, called) in [
        (format!("main.(*shop).Get:7 < {handler}:3 < {grpc}"), "main.(*shop).Get"),
        (
            format!(
                "main.(*shop).Get:7 < main._Shop_Get_Handler.func1@shop_grpc.pb.go < main.logs:4 < {handler}:3 < {grpc}"
            ),
            "main.(*shop).Get",
        ),
        // A client's stub.
        (
            format!(
                "main.(*stockClient).Ask@stock_grpc.pb.go:5 < main.(*shop).Get:7 < {handler} < {grpc}"
            ),
            "main.(*shop).Get",
        ),
    ] {
        assert_eq!(served(&serves(&code)), called, "{code}");
    }
}
