//! TLS: a root from a file, no verification on wish, and what goes wrong told as `tls`.

use std::io::{BufReader, Write};
use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::stage::{OK, Server, phase, read_request, run, single};

/// A server for `localhost` and 127.0.0.1 under a certificate of its own, and that certificate's PEM file.
fn server(name: &str) -> (Server, std::path::PathBuf) {
    let made = rcgen::generate_simple_self_signed([name.to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let server = Server::raw(move |stream, _| {
        let session = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut reader = BufReader::new(StreamOwned::new(session, stream));
        while let Some(asked) = read_request(&mut reader) {
            let big = "x".repeat(200_000);
            let body = if asked.target == "/big" { big.as_str() } else { "ok" };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            let stream = reader.get_mut();
            if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).is_err() {
                return;
            }
        }
    });
    let file = std::env::temp_dir().join(format!("loadstone-{}-{}.pem", std::process::id(), server.port));
    std::fs::write(&file, made.cert.pem()).unwrap();
    (server, file)
}

fn plan(port: u16, tls: &Value, shape: &Value) -> Value {
    single(port, &json!({"target": {"scheme": "https", "tls": tls}, "shape": shape}))
}

#[test]
fn a_root_from_a_file_is_trusted() {
    let (server, file) = server("localhost");
    let mut plan = plan(server.port, &json!({"ca_file": file}), &phase("closed", None, Some(2), 100));
    plan["journeys"][0]["ops"][0]["target"] = json!([{"choice": ["/big", "/small"], "encode": "none"}]);
    let told = run(&plan);
    std::fs::remove_file(file).unwrap();
    told.assert_complete();
    assert_eq!(told.count("step", "200"), told.total("done"));
    assert!(told.total("done") >= 2);
    assert_eq!(server.connections(), 2);
}

#[test]
fn an_unknown_issuer_is_tls() {
    let (server, file) = server("localhost");
    std::fs::remove_file(file).unwrap();
    let told = run(&plan(server.port, &json!({}), &json!({})));
    told.assert_complete();
    assert_eq!(told.count("step", "tls"), 1);
    assert!(told.samples[0]["message"].as_str().unwrap().contains("certificate"), "{:?}", told.samples[0]);
}

#[test]
fn a_wrong_name_is_tls_unless_nothing_is_verified() {
    let (server, file) = server("elsewhere.example");
    let mut strict = plan(server.port, &json!({"ca_file": file}), &json!({}));
    strict["target"]["host"] = "localhost".into();
    assert_eq!(run(&strict).count("step", "tls"), 1);
    std::fs::remove_file(file).unwrap();
    strict["target"]["tls"] = json!({"ca_file": null, "verify": false});
    assert_eq!(run(&strict).count("step", "200"), 1);
}

#[test]
fn a_server_without_tls_is_tls() {
    let server = Server::saying(OK);
    // It waits for a line and gets a handshake; it answers in plain text or closes.
    let told = run(&plan(server.port, &json!({"verify": false}), &json!({"arrivals": "once"})));
    told.assert_complete();
    assert_eq!(told.total("done"), 1);
    assert_eq!(told.count("step", "tls") + told.count("step", "timeout"), 1);
}
