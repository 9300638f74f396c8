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

/// Of a server: two connections on which requests are served in turn, and what each of these stops in
/// before it returns: the code above the server's own.
fn requests(of: &[&[&str]]) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    let accept = "net/http.(*Server).Serve < main.main:3";
    for id in [2, 3] {
        made.go(i64::from(id) * US, 1, accept, id, SERVE);
    }
    for (n, stops) in (0..).zip(of) {
        let (mut at, id) = (i64::from(n + 1) * 10 * MS, 2 + n % 2);
        made.runs(at, id);
        for stop in *stops {
            let stack = format!("time.Sleep < {stop} < {SERVE}");
            made.waits(at + US, id, "sleep", &stack)
                .wakes(at + MS, 0, "", id)
                .runs(at + MS + US, id);
            at += 2 * MS;
        }
        let read = format!("internal/poll.(*FD).Read < {SERVE}:9");
        made.waits(at + US, id, "network", &read).wakes(at + 2 * US, 0, "", id);
    }
    made.document(i64::try_from(of.len()).expect("few") * 10 * MS + 20 * MS)
}

/// Whom the stop in a place is said to serve.
fn route(document: &Document, code: &str) -> String {
    let trace = document.trace();
    let name = |frame: crate::model::Frame| trace.string(frame.function).to_owned();
    let (function, line) =
        code.split(" < ").next().and_then(|it| it.split_once(':')).expect("a line");
    let is_it = |frame: &crate::model::Frame| {
        trace.string(frame.function) == function && frame.line.to_string() == line
    };
    let row = trace.stacks().iter().find(|(_, _, frame)| is_it(frame)).map(|(row, ..)| row);
    let on_route = document.analysis().book.route(row.expect("a stack"));
    trace.stacks().top(on_route).map(name).unwrap_or_default()
}

const HTTP: &str = "net/http.HandlerFunc.ServeHTTP";

#[test]
fn who_calls_another_one_for_each_request_hands_them_on() {
    // Each closure that was inlined has another name.
    let [get, list] = [("get:7", 4), ("list:17", 6)].map(|(name, n)| {
        format!("main.{name} < main.main.auth.func{n}:21 < main.main.logs.func{n}:11 < {HTTP}")
    });
    let load = format!("main.load:30 < main.get:8{}", get.strip_prefix("main.get:7").expect("it"));
    let mut all: Vec<&[&str]> = Vec::new();
    let (of_get, of_list) = ([get.as_str(), &load], [list.as_str()]);
    for _ in 0..6 {
        all.extend([&of_get[..], &of_list]);
    }
    let document = requests(&all);
    assert_eq!(route(&document, "main.get:7"), "main.get");
    assert_eq!(route(&document, "main.load:30"), "main.get", "it only helps");
    assert_eq!(route(&document, "main.list:17"), "main.list");
    let few = requests(&all[..2]);
    assert_eq!(route(&few, "main.list:17"), "main.main.logs.func6", "it can be chance");
}

#[test]
fn what_a_handler_calls_in_one_line_is_no_handler() {
    let [load, draw] =
        ["load:30", "draw:40"].map(|name| format!("main.{name} < main.get:8 < {HTTP}"));
    let both: [&str; 2] = [&load, &draw];
    let document = requests(&[&both[..]; 12]);
    assert_eq!(route(&document, "main.load:30"), "main.get");
    assert_eq!(route(&document, "main.draw:40"), "main.get");
    // Either of them stops now and then: it can be chance that no request shows both.
    let own = format!("main.get:9 < {HTTP}");
    let (of_load, of_draw, of_own) = ([load.as_str()], [draw.as_str()], [own.as_str()]);
    let mut all = vec![&of_load[..], &of_load, &of_draw, &of_draw];
    all.extend([&of_own[..]; 20]);
    let document = requests(&all);
    assert_eq!(route(&document, "main.load:30"), "main.get");
}

#[test]
fn who_works_with_any_of_two_types_is_the_handler() {
    let [mem, disk] = [("mem", 30), ("disk", 40)]
        .map(|(of, line)| format!("main.(*{of}).Load:{line} < main.get:8 < {HTTP}"));
    let (mem, disk) = ([mem.as_str()], [disk.as_str()]);
    let both = [&mem[..], &disk[..]].repeat(6);
    assert_eq!(route(&requests(&both), "main.(*disk).Load:40"), "main.get");
    // Nor is what a handler's function calls by what only passes a call on.
    let all = [("mem", 30), ("disk", 40), ("net", 50)].map(|(of, line)| {
        format!("main.(*{of}).Load:{line} < main.(*log).Load:12 < main.get:8 < {HTTP}")
    });
    let all = all.each_ref().map(|one| [one.as_str()]);
    let all = all.each_ref().map(|one| &one[..]).repeat(6);
    assert_eq!(route(&requests(&all), "main.(*disk).Load:40"), "main.get");
    // But handlers can be of an interface of the program's own.
    let all = [("carts", 30), ("items", 40), ("users", 50)].map(|(of, line)| {
        format!("main.(*{of}).Handle:{line} < main.(*router).ServeHTTP:8 < net/http.serverHandler.ServeHTTP")
    });
    let all = all.each_ref().map(|one| [one.as_str()]);
    let all = all.each_ref().map(|one| &one[..]).repeat(6);
    assert_eq!(route(&requests(&all), "main.(*users).Handle:50"), "main.(*users).Handle");
}

#[test]
fn a_handlers_own_method_is_one_whoever_calls_it() {
    let code =
        "main.E.ServeHTTP:20 < main.(*router).ServeHTTP:8 < net/http.serverHandler.ServeHTTP";
    assert_eq!(route(&requests(&[&[code]]), "main.E.ServeHTTP:20"), "main.E.ServeHTTP");
    let code = format!("main.(*writer).Write:9 < net/http.Error < main.get:7 < {HTTP}");
    assert_eq!(route(&requests(&[&[&code]]), "main.(*writer).Write:9"), "main.get");
}

#[test]
fn a_request_is_for_the_handler_though_middleware_stops_first() {
    let limit = format!("main.limit.func1:19 < {HTTP}");
    let [get, list] =
        ["get:30", "list:40"].map(|of| format!("main.{of} < main.limit.func1:20 < {HTTP}"));
    let (of_get, of_list) = ([limit.as_str(), &get], [limit.as_str(), &list]);
    let all = [&of_get[..], &of_list[..]].repeat(6);
    let document = requests(&all);
    let book = &document.analysis().book;
    let names = crate::analysis::heard::serving::runs(document.trace(), book).filter_map(|run| {
        document.trace().stacks().top(book.route(run.stack)).map(|frame| frame.function)
    });
    let mut names: Vec<_> = names.map(|name| document.trace().string(name)).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, ["main.get", "main.list"]);
}

#[test]
fn a_comparison_knows_of_both_traces_who_hands_requests_on() {
    let [get, list] =
        ["get:30", "list:40"].map(|of| format!("main.{of} < main.auth.func1:20 < {HTTP}"));
    let (of_get, of_list) = ([get.as_str()], [list.as_str()]);
    let both = requests(&[&of_get[..], &of_list[..]].repeat(6));
    let one = requests(&[&of_get[..]; 6]);
    assert_eq!(route(&one, "main.get:30"), "main.auth.func1", "nothing else is called");
    let groups = crate::analysis::diff::diff(&one, &both).groups;
    let handlers = groups.iter().filter(|group| group.key.starts_with("handler "));
    let n_of = |(of, n): (&str, [u32; 2])| (format!("handler {of}"), n);
    let mut handlers: Vec<_> =
        handlers.map(|group| (group.key.clone(), [group.before.n, group.after.n])).collect();
    handlers.sort();
    assert_eq!(handlers, [("main.get", [6, 6]), ("main.list", [0, 6])].map(n_of));
}
