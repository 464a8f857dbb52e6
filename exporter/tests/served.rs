//! The program itself, on a port that was free.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Exporter {
    child: Child,
    address: String,
}

impl Exporter {
    fn start(options: &[&str]) -> Exporter {
        Exporter::spawn(&mut Command::new(env!("CARGO_BIN_EXE_amdgpu-smi-exporter")), options)
    }

    fn spawn(command: &mut Command, options: &[&str]) -> Exporter {
        let mut child = command
            .args(["--web.listen-address", "127.0.0.1:0"])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (_, address) = line.trim().strip_suffix("/metrics").unwrap().split_once("://").unwrap();
        Exporter { address: address.to_owned(), child }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    /// Status line, head and body of an answer.
    fn ask(&self, request: &str) -> (String, String) {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // One that is cut off is short.
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        (head.to_owned(), body.to_owned())
    }

    fn get(&self, path: &str) -> (String, String) {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"))
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn pages_and_what_is_none() {
    let exporter = Exporter::start(&[
        "--root",
        &support::fixtures::fixture("navi31-1x-k6.12-desktop").display().to_string(),
    ]);
    let (head, body) = exporter.get("/metrics");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    assert!(body.contains("\namdgpu_up 1\n"), "{body}");
    let (head, body) = exporter.ask(
        "GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAccept: application/openmetrics-text\r\n\r\n",
    );
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{head}");
    assert!(body.ends_with("# EOF\n"), "{body}");
    for path in ["/-/healthy", "/-/ready", "/", "/json", "/page.js", "/style.css", "/history.json"] {
        assert!(exporter.get(path).0.starts_with("HTTP/1.1 200 OK\r\n"), "{path}");
    }
    assert!(exporter.get("/metric").0.starts_with("HTTP/1.1 404 "));
    let (head, _) = exporter.ask("POST /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 405 ") && head.contains("allow: GET, HEAD"), "{head}");
    let (head, body) = exporter.ask("HEAD /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK") && body.is_empty(), "{head}");
}

/// The page loads only its own resources.
#[test]
fn the_page_for_people() {
    let exporter = Exporter::start(&["--demo=rdna3-desktop"]);
    let (head, page) = exporter.get("/");
    assert!(head.contains("content-security-policy: default-src 'none'; script-src 'self';"), "{head}");
    for (start, _) in page.match_indices("src=\"").chain(page.match_indices("href=\"")) {
        let target = page[start..].split('"').nth(1).unwrap();
        assert!(
            target == "data:," || exporter.get(&format!("/{target}")).0.starts_with("HTTP/1.1 200 "),
            "{target}"
        );
    }
    for path in ["/", "/page.js", "/style.css"] {
        let text = exporter.get(path).1.replace("http://www.w3.org/2000/svg", "");
        assert!(!text.contains("://") && !text.contains("//fonts"), "{path} names another place");
    }
    exporter.get("/metrics");
    let history = exporter.get("/history.json").1;
    assert!(history.contains("\"quantity\":\"power\"") && history.contains("0000:03:00.0/"), "{history}");
}

#[test]
fn a_machine_without_gpus_is_served() {
    let exporter = Exporter::start(&[
        "--root",
        &support::fixtures::fixture("none-0x-k6.12-no-driver").display().to_string(),
    ]);
    let (head, body) = exporter.get("/metrics");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(body.contains("\namdgpu_up 0\n") && !body.contains("amdgpu_gpu_up{"), "{body}");
}

#[test]
fn a_web_configuration_file_asks_for_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("web.yaml");
    // The hash of "secret".
    let users =
        "basic_auth_users:\n  ada: $2b$04$HASH\nhttp_server_config:\n  headers:\n    X-Frame-Options: deny\n";
    std::fs::write(&file, users.replace("$2b$04$HASH", &bcrypt::hash("secret", 4).unwrap())).unwrap();
    let exporter = Exporter::start(&["--demo=rdna3-desktop", "--web.config.file", file.to_str().unwrap()]);
    let (head, body) = exporter.get("/metrics");
    assert!(head.starts_with("HTTP/1.1 401 ") && head.contains("www-authenticate: Basic"), "{head}");
    assert!(head.contains("x-frame-options: deny") && !body.contains("amdgpu"), "{head}");
    let (head, _) = exporter.ask(
        "GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Basic YWRhOnNlY3JldA==\r\n\r\n",
    );
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}

/// With openssl and curl, where they are there: a certificate is followed, renewed, and asked for of clients.
#[cfg(feature = "tls")]
#[test]
fn a_web_configuration_file_asks_for_tls() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let certify = |name: &str| {
        let (certificate, key) = (at(&format!("{name}.pem")), at(&format!("{name}.key")));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-keyout", &key, "-out", &certificate])
            .stderr(Stdio::null())
            .status();
        made.is_ok_and(|status| status.success())
    };
    let curl = |options: &[&str], address: &str| {
        let mut command = Command::new("curl");
        let url = format!("https://{address}/metrics");
        command.args(["--silent", "--noproxy", "*"]).args(options).arg(url).output().map(|done| done.stdout)
    };
    if !certify("server") || curl(&["--version"], "").is_err() {
        return;
    }
    let file = at("web.yaml");
    let rules = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";
    std::fs::write(&file, rules).unwrap();
    let exporter = Exporter::start(&["--demo=rdna3-desktop", "--web.config.file", &file]);
    let page = |options: &[&str]| {
        String::from_utf8(curl(options, &exporter.address).unwrap()).unwrap().contains("\namdgpu_up 1\n")
    };
    assert!(page(&["--cacert", &at("server.pem")]));
    assert!(!exporter.get("/metrics").1.contains("amdgpu_up"), "nothing without TLS");
    std::fs::copy(at("server.pem"), at("old.pem")).unwrap();
    assert!(certify("server"));
    assert!(page(&["--cacert", &at("server.pem")]) && !page(&["--cacert", &at("old.pem")]));
    assert!(certify("client"));
    let asks = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: client.pem\n";
    std::fs::write(&file, format!("{rules}{asks}")).unwrap();
    assert!(!page(&["--cacert", &at("server.pem")]));
    assert!(page(&["--cacert", &at("server.pem"), "--cert", &at("client.pem"), "--key", &at("client.key")]));
    std::fs::write(&file, "tls_server_config: [").unwrap();
    assert!(!page(&["--insecure"]) && !exporter.get("/metrics").1.contains("amdgpu_up"), "nothing at all");
}

#[test]
fn names_of_amds_exporter() {
    for (names, own, amds) in [("own", true, false), ("amd", false, true), ("both", true, true)] {
        let exporter = Exporter::start(&["--demo=mi300x-8x-cpx", "--metrics.names", names]);
        let text = exporter.get("/metrics").1;
        assert_eq!(text.contains("\namdgpu_power_watts{"), own, "{names}");
        assert_eq!(text.contains("\ngpu_package_power{"), amds, "{names}");
        assert_eq!(text.contains("gpu_compute_partition_type=\"cpx\""), amds, "{names}");
    }
}

#[test]
fn a_page_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("amdgpu.prom");
    let status = Command::new(env!("CARGO_BIN_EXE_amdgpu-smi-exporter"))
        .args(["--demo=rdna3-desktop", "--once", file.to_str().unwrap()])
        // Manifests unset a variable by setting it empty.
        .env("AMDGPU_SMI_ROOT", "")
        .status()
        .unwrap();
    assert!(status.success());
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("\namdgpu_up 1\n") && !text.contains("process_cpu"), "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left there");
}

/// `head` has seen enough.
#[test]
fn a_reader_that_goes_is_no_error() {
    for options in [&["--demo=mi300x-8x-cpx", "--once", "-"][..], &["--list-metrics"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_amdgpu-smi-exporter"))
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success() && done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

#[test]
fn an_address_in_use_names_the_option() {
    let first = Exporter::start(&["--demo=rdna3-desktop"]);
    let second = Command::new(env!("CARGO_BIN_EXE_amdgpu-smi-exporter"))
        .args(["--demo=rdna3-desktop", "--web.listen-address", &first.address])
        .output()
        .unwrap();
    let error = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(error.contains(&first.address) && error.contains("--web.listen-address"), "{error}");
}

/// A wrong root is no machine without GPUs, and a pattern that matches nothing is worth a word.
#[test]
fn wrong_options_are_told() {
    let empty = tempfile::tempdir().unwrap();
    let text = empty.path().join("text");
    std::fs::write(&text, "not an archive").unwrap();
    // An archive without entries; one of a folder around the machine has no `sys` at its top either.
    let archive = empty.path().join("empty.tar");
    std::fs::write(&archive, [0; 1024]).unwrap();
    let run = |options: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amdgpu-smi-exporter"));
        let done = command.args(["--once", "-"]).args(options).output().unwrap();
        (done.status.success(), String::from_utf8(done.stderr).unwrap())
    };
    let [empty, text, archive] = [empty.path(), &text, &archive].map(|path| path.to_str().unwrap());
    for root in [empty, text, archive, "/dev/null", "/nowhere"] {
        let (is_done, error) = run(&["--root", root]);
        assert!(!is_done && error.contains(root), "{root}: {error}");
    }
    let (is_done, warning) = run(&["--demo=rdna3-desktop", "--metrics.allow", "amdgpu_up,amd_gpu_*"]);
    assert!(
        is_done && warning.contains("no metric matches amd_gpu_*") && !warning.contains("amdgpu_up"),
        "{warning}"
    );
}

/// A service's users send it SIGHUP to have its configuration read again, which each request does.
#[test]
fn a_hangup_does_not_end_a_service() {
    use rustix::process::{Pid, Signal, kill_process};
    let exporter = Exporter::spawn(
        Command::new(env!("CARGO_BIN_EXE_amdgpu-smi-exporter")).stdin(Stdio::null()),
        &["--demo=rdna3-desktop"],
    );
    kill_process(Pid::from_child(&exporter.child), Signal::HUP).unwrap();
    assert!(exporter.get("/-/healthy").0.starts_with("HTTP/1.1 200 "));
}

/// Nobody keeps what it prints, and its folder of textfiles holds links: it serves, and replaces the link, not its target.
#[test]
fn odd_places_to_write() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_amdgpu-smi-exporter"))
        .args(["--demo=rdna3-desktop", "--web.listen-address", &port.to_string()])
        .stdout(full.try_clone().unwrap())
        .stderr(full)
        .spawn()
        .unwrap();
    let connected = (0..600).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        TcpStream::connect(port).is_ok()
    });
    let _ = child.kill();
    let _ = child.wait();
    assert!(connected, "a full disk is no reason not to serve");

    let folder = tempfile::tempdir().unwrap();
    let (target, link) = (folder.path().join("target"), folder.path().join("amdgpu.prom"));
    std::fs::write(&target, "precious").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let once = |file: &std::path::Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amdgpu-smi-exporter"));
        command.args(["--demo=rdna3-desktop", "--once"]).arg(file).output().unwrap()
    };
    assert!(once(&link).status.success());
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
    assert!(std::fs::read_to_string(&link).unwrap().contains("amdgpu_up 1"));
    // A folder in its place, and a folder that is not there, are errors that name the file.
    for wrong in [folder.path(), &folder.path().join("missing/amdgpu.prom")] {
        let done = once(wrong);
        let error = String::from_utf8(done.stderr).unwrap();
        assert!(!done.status.success() && error.contains(&wrong.display().to_string()), "{error}");
    }
}

/// More silent clients than there is room for: the honest one is answered at once.
#[test]
fn silent_clients_are_in_nobodys_way() {
    let exporter = Exporter::start(&[
        "--root",
        &support::fixtures::fixture("navi31-1x-k6.12-desktop").display().to_string(),
    ]);
    let silent: Vec<TcpStream> = (0..400)
        .map(|number: usize| {
            let mut stream = exporter.connect();
            let half = [&b"GET /metrics HTTP/1.1\r\nX: "[..], b"\x16\x03\x01\x02\x00\xff", b""];
            let _ = stream.write_all(half[number % 3]);
            stream
        })
        .collect();
    let begun = Instant::now();
    let (head, body) = exporter.get("/metrics");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(begun.elapsed() < Duration::from_secs(8), "the head's time limit is not waited for");
    assert!(!body.contains("amdgpu_exporter_connections_evicted_total 0\n"), "{body}");
    drop(silent);
}

/// More clients than there is room for that ask and do not read the answer.
#[test]
fn clients_that_do_not_read_are_in_nobodys_way() {
    let exporter = Exporter::start(&["--demo=mi300x-8x"]);
    let lazy: Vec<TcpStream> = (0..400)
        .map(|_| {
            let mut stream = exporter.connect();
            let _ = stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n");
            stream
        })
        .collect();
    for _ in 0..3 {
        assert!(exporter.get("/metrics").0.starts_with("HTTP/1.1 200 OK\r\n"));
    }
    drop(lazy);
}

#[test]
fn endless_heads_are_refused() {
    let exporter = Exporter::start(&["--demo=rdna3-desktop"]);
    let mut stream = exporter.connect();
    stream.write_all(b"GET /metrics HTTP/1.1\r\n").unwrap();
    let refused = (0..10_000)
        .any(|number| stream.write_all(format!("X-{number}: {number:0100}\r\n").as_bytes()).is_err());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(refused || answer.starts_with(b"HTTP/1.1 431 "), "{}", String::from_utf8_lossy(&answer));
}

/// The kernel ignores a signal of the first process of a container unless it has a handler for it.
#[test]
fn a_signal_ends_the_first_process_of_a_container() {
    use rustix::process::{Pid, Signal, kill_process};
    let namespaces = ["--user", "--map-root-user", "--pid", "--fork", "--kill-child"];
    if !Command::new("unshare").args(namespaces).arg("true").status().is_ok_and(|status| status.success()) {
        return;
    }
    let mut exporter = Exporter::spawn(
        Command::new("unshare").args(namespaces).arg(env!("CARGO_BIN_EXE_amdgpu-smi-exporter")),
        &["--demo=rdna3-desktop"],
    );
    let parent = exporter.child.id();
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    let first: i32 = children.trim().parse().expect("one child");
    let status = std::fs::read_to_string(format!("/proc/{first}/status")).unwrap();
    assert!(status.lines().any(|line| line.starts_with("NSpid:") && line.ends_with("\t1")), "{status}");
    let begun = Instant::now();
    kill_process(Pid::from_raw(first).unwrap(), Signal::TERM).unwrap();
    assert!(exporter.child.wait().unwrap().success());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_signal_ends_it_at_once() {
    use rustix::process::{Pid, Signal, kill_process};
    let mut exporter = Exporter::start(&["--demo=rdna3-desktop"]);
    let idle = exporter.connect();
    let begun = Instant::now();
    kill_process(Pid::from_child(&exporter.child), Signal::TERM).unwrap();
    assert!(exporter.child.wait().unwrap().success());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    drop(idle);
}

/// Samples are those of files without garbage, and no others.
#[test]
fn an_impossible_number_is_no_sample() {
    const FIXTURE: &str = "navi31-1x-k6.12-desktop";
    const NUMBERS: [&str; 5] = ["*_input", "power1_average", "*_busy_percent", "mem_info_v*_used", "pwm1"];
    let metrics = |root: &std::path::Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amdgpu-smi-exporter"));
        let output = command.arg("--root").arg(root).args(["--once", "-"]).output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().filter(|line| line.starts_with("amdgpu_") && !line.contains("scrape"));
        lines.map(str::to_owned).collect::<std::collections::BTreeSet<String>>()
    };
    let plain = tempfile::tempdir().unwrap();
    support::fixtures::copy(&support::fixtures::fixture(FIXTURE), plain.path());
    let expected = metrics(plain.path());
    for garbage in ["18446744073709535232", "18446744073709551615", "4294967295", "65535000000", "-1"] {
        let damaged = tempfile::tempdir().unwrap();
        support::fixtures::copy(&support::fixtures::fixture(FIXTURE), damaged.path());
        let device = damaged.path().join("sys/class/drm/card1/device");
        let mut written = 0;
        for folder in [device.clone(), device.join("hwmon/hwmon4")] {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
                let name = entry.file_name().into_string().unwrap();
                let is_number = NUMBERS.iter().any(|pattern| match pattern.split_once('*') {
                    Some((start, end)) => name.starts_with(start) && name.ends_with(end),
                    None => name == *pattern,
                });
                if is_number && entry.path().is_file() {
                    std::fs::write(entry.path(), garbage).unwrap();
                    written += 1;
                }
            }
        }
        assert!(written > 10, "{written}");
        let found = metrics(damaged.path());
        let invented: Vec<_> = found.difference(&expected).collect();
        assert!(invented.is_empty(), "{garbage}: {invented:#?}");
        assert!(found.len() + 8 < expected.len(), "{garbage}: {} of {}", found.len(), expected.len());
    }
}
