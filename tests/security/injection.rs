//! Text that a program passes on from elsewhere cannot add to a request: as a header, a path or a proxy's credentials it is
//! refused, or arrives as what it is. The server records the bytes.

use anchor::{Client, Options, Status, Timeout};
use std::time::Duration;
use testkit::PATIENCE;
use testkit::certificates::{Certificate, tls};
use testkit::scripted::script::{Step, answer};
use testkit::scripted::{Request, ScriptedServer};
use testkit::settings::{KEY, client, config};

const LONG: Option<Duration> = Some(PATIENCE);

/// Each tries to end a line, a header, a path or a head; some only after being decoded, or cut to a byte per character.
const HOSTILE: [&str; 20] = [
    "a\r\nx-injected: 1",
    "a\nx-injected: 1",
    "a\rx-injected: 1",
    "a\r\n\r\nPOST /v1/events/injected HTTP/1.1\r\n\r\n",
    "a\0b",
    "a\tb",
    "a\u{b}b\u{c}",
    "a\u{7f}b",
    "a b HTTP/1.1",
    "a\u{85}b",
    "a\u{2028}x-injected: 1",
    "a\u{10d}\u{10a}x-injected: 1",
    "a\u{e9}",
    "%0d%0ax-injected:%201",
    "%250d%250ax-injected",
    "a/../../injected",
    "a%2f..%2finjected",
    "a?injected#injected",
    "a;b,c:d@e\\f",
    "\"'<>{}|^`[]",
];

fn is_visible_ascii(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

fn server() -> ScriptedServer {
    ScriptedServer::always(vec![Step::AnswerAll(answer(200, "", "{}"))])
}

/// The names of a request's headers, in order, after checking its request line.
fn header_names(request: &Request, line: &str) -> Vec<String> {
    let mut lines = request.head.strip_suffix("\r\n\r\n").expect("a head").split("\r\n");
    assert_eq!(lines.next(), Some(line));
    let mut names: Vec<String> =
        lines.map(|line| line.split_once(':').expect("a header").0.to_ascii_lowercase()).collect();
    names.sort();
    names
}

/// The headers of each request.
const OWN: [&str; 5] = ["anchor-api-key", "content-length", "content-type", "host", "user-agent"];

/// Nothing was added to the request, and nothing is missing.
fn check_whole(request: &Request, line: &str) {
    let names = header_names(request, line);
    assert_eq!(names, OWN);
    assert!(request.head.bytes().filter(|byte| !byte.is_ascii_graphic()).all(|byte| b" \r\n".contains(&byte)));
}

#[test]
fn a_key_or_a_user_agent_is_refused_or_sent_as_it_is() {
    let server = server();
    let mut sent = 0;
    for text in HOSTILE {
        let mut with_key = config(&server.http());
        let mut with_agent = config(&server.http());
        let outcomes = [with_key.set_api_key(text).is_ok(), with_agent.set_user_agent(text).is_ok()];
        assert_eq!(outcomes, [is_visible_ascii(text); 2], "{text:?}");
        for (config, header) in [(with_key, "anchor-api-key"), (with_agent, "user-agent")] {
            if is_visible_ascii(text) {
                Client::new(&config).unwrap().signal("e", None, Timeout::Request, None).unwrap();
                let request = server.requests().pop().expect("a request");
                check_whole(&request, "POST /v1/events/e HTTP/1.1");
                assert_eq!(request.header(header), Some(text));
                sent += 1;
            }
        }
    }
    assert_eq!(server.requests().len(), sent);
    assert!(sent > 10);
}

#[test]
fn a_header_or_a_request_id_is_refused_or_sent_as_it_is() {
    let server = server();
    let mut sent = 0;
    for text in HOSTILE {
        let (mut with_value, mut with_name) = (config(&server.http()), config(&server.http()));
        assert_eq!(with_value.add_header("x-gate", text).is_ok(), is_visible_ascii(text), "{text:?}");
        let is_name = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        assert_eq!(with_name.add_header(text, "open").is_ok(), is_name, "{text:?}");
        let mut options = Options::new();
        let is_id = is_visible_ascii(text) && !text.contains(' ');
        assert_eq!(options.set_request_id(text).is_ok(), is_id, "{text:?}");
        for (config, name, value, is_sent) in
            [(&with_value, "x-gate", text, is_visible_ascii(text)), (&with_name, text, "open", is_name)]
        {
            if is_sent {
                Client::new(config).unwrap().signal("e", None, Timeout::Request, None).unwrap();
                check_one_more(&server.requests().pop().expect("a request"), name, value);
                sent += 1;
            }
        }
        if is_id {
            client(&server.http()).signal_with("e", None, Timeout::Request, &options, None).unwrap();
            check_one_more(&server.requests().pop().expect("a request"), "x-request-id", text);
            sent += 1;
        }
    }
    assert_eq!(server.requests().len(), sent);
    assert!(sent > 10);
}

/// The request is whole, and has one header more.
fn check_one_more(request: &Request, name: &str, value: &str) {
    let mut expected = OWN.to_vec();
    let name = name.to_ascii_lowercase();
    expected.push(&name);
    expected.sort_unstable();
    assert_eq!(header_names(request, "POST /v1/events/e HTTP/1.1"), expected);
    assert_eq!(request.header(&name), Some(value));
}

#[test]
fn an_event_name_is_one_segment_of_the_path() {
    let server = server();
    let client = client(&server.http());
    for name in HOSTILE {
        client.signal(name, None, Timeout::Request, None).unwrap();
        client.wait(name, LONG, None).unwrap();
        let requests = server.requests();
        for (request, end) in requests[requests.len() - 2..].iter().zip(["", "/wait"]) {
            let path = request.path().to_owned();
            let segment = path.strip_prefix("/v1/events/").and_then(|rest| rest.strip_suffix(end)).expect("the path");
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
            assert!(segment.bytes().all(plain), "{name:?}: {segment}");
            assert_eq!(percent_encoding::percent_decode_str(segment).decode_utf8().unwrap(), name);
            check_whole(request, &format!("POST {path} HTTP/1.1"));
        }
    }
    assert_eq!(server.requests().len(), 2 * HOSTILE.len());
}

#[test]
fn a_base_url_is_refused_or_a_prefix_of_the_path() {
    let server = server();
    let refused = |url: &str| config(&server.http()).set_base_url(url).is_err();
    let mut sent = 0;
    for text in HOSTILE {
        for url in [
            format!("http://{text}@{}", server.address),
            format!("http://{}{text}", server.address),
            format!("http://{text}"),
            format!("{text}://{}", server.address),
        ] {
            assert!(refused(&url), "{url:?}");
        }
        let url = format!("http://{}/{text}", server.address);
        if !refused(&url) {
            client(&url).signal("e", None, Timeout::Request, None).unwrap();
            let request = server.requests().pop().expect("a request");
            check_whole(&request, &format!("POST /{text}/v1/events/e HTTP/1.1"));
            sent += 1;
        }
    }
    assert_eq!(server.requests().len(), sent);
    assert!(sent > 0);
}

#[test]
fn data_is_sent_as_the_body_and_adds_no_request() {
    let server = server();
    let client = client(&server.http());
    let data = "{\r\n\r\n\"a\":\"\\r\\n\"}\r\n\r\n\n";
    client.signal("first", Some(data), Timeout::Request, None).unwrap();
    let second = "{\"a\":1}POST /v1/events/injected HTTP/1.1\r\n\r\n";
    assert_eq!(
        client.signal("second", Some(second), Timeout::Request, None).unwrap_err().status(),
        Status::InvalidArgument
    );
    client.signal("third", None, Timeout::Request, None).unwrap();
    let requests = server.requests();
    let paths: Vec<&str> = requests.iter().map(Request::path).collect();
    assert_eq!(paths, ["/v1/events/first", "/v1/events/third"]);
    assert_eq!(requests[0].body, format!("{{\"data\":{data}}}").as_bytes());
}

/// Raw or percent-encoded, they are refused or end up in base64.
#[test]
fn credentials_of_a_proxy_add_nothing_to_its_request() {
    let established = Step::Send(b"HTTP/1.1 200 OK\r\n\r\n".to_vec());
    let inside = [Step::Handshake(tls(Certificate::Good)), Step::AnswerAll(answer(200, "", "{}"))];
    let proxy = ScriptedServer::always([Step::ReadRequest, established].into_iter().chain(inside).collect());
    let mut tunnels = 0;
    for text in HOSTILE {
        let encoded = percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let visible = text.chars().all(|c| !c.is_ascii_control());
        for (credentials, may_pass) in [
            (format!("{text}:password"), visible),
            (format!("user:{text}"), visible),
            (format!("{encoded}:password"), visible),
            (format!("user:{encoded}"), visible),
        ] {
            let mut config = config("https://localhost:9");
            let url = format!("http://{credentials}@{}", proxy.address);
            let Ok(config) = config.set_proxy(&url) else { continue };
            assert!(may_pass, "{credentials:?}");
            assert_eq!(Client::new(config).unwrap().signal("e", None, Timeout::Request, None).unwrap(), "{}");
            let requests = proxy.requests();
            let [.., connect, inside] = &requests[..] else { panic!("two requests") };
            let names = header_names(connect, "CONNECT localhost:9 HTTP/1.1");
            assert_eq!(names, ["host", "proxy-authorization", "proxy-connection", "user-agent"]);
            let base64 = connect.header("proxy-authorization").and_then(|it| it.strip_prefix("Basic ")).expect("Basic");
            assert!(base64.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)), "{base64}");
            assert_eq!(inside.header("anchor-api-key"), Some(KEY));
            tunnels += 1;
        }
    }
    assert_eq!(proxy.requests().len(), 2 * tunnels);
    assert!(tunnels > 20, "{tunnels}");
}
