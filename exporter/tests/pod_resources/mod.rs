//! A kubelet that answers PodResources as a test says.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::net::UnixListener;

/// The reply of the simulated kubelet.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// These pods of the namespace `ml`, whose container `main` has a device each.
    Pods(Vec<(&'static str, Device)>),
    /// Never replies.
    Silence,
    /// Connections end at once.
    Gone,
    /// A frame with no message in it.
    Rubbish,
    /// A status of its own.
    Refusal,
    /// More than there can be.
    Endless,
}

/// A device as it is called.
#[derive(Debug, Clone)]
pub(crate) enum Device {
    /// By AMD's device plugin.
    Plugin(String),
    /// By AMD's driver of dynamic resources.
    Claim(String),
    /// Another resource's.
    Foreign(String),
}

pub(crate) struct Kubelet {
    folder: tempfile::TempDir,
    reply: Arc<Mutex<Reply>>,
    socket: PathBuf,
}

impl Kubelet {
    pub(crate) fn start(reply: Reply) -> Kubelet {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("kubelet.sock");
        let kubelet = Kubelet { folder, reply: Arc::new(Mutex::new(reply)), socket };
        let (socket, reply) = (kubelet.socket.clone(), kubelet.reply.clone());
        let (ready, wait) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = UnixListener::bind(socket).unwrap();
                ready.send(()).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    let reply = reply.clone();
                    if matches!(*reply.lock().unwrap(), Reply::Gone) {
                        continue;
                    }
                    tokio::spawn(async move {
                        let service = hyper::service::service_fn(move |request| {
                            let reply = reply.lock().unwrap().clone();
                            answer(request, reply)
                        });
                        let http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                        let _ = http.serve_connection(TokioIo::new(stream), service).await;
                    });
                }
            });
        });
        wait.recv().unwrap();
        kubelet
    }

    pub(crate) fn socket(&self) -> &Path {
        assert!(self.folder.path().exists());
        &self.socket
    }

    pub(crate) fn now(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }
}

type Body = BoxBody<Bytes, Infallible>;

async fn answer(request: Request<hyper::body::Incoming>, reply: Reply) -> Result<Response<Body>, Infallible> {
    assert_eq!(request.uri().path(), "/v1.PodResourcesLister/List");
    assert_eq!(request.headers()["content-type"], "application/grpc");
    assert_eq!(request.into_body().collect().await.unwrap().to_bytes(), [0; 5].as_slice());
    let (bytes, status) = match reply {
        Reply::Pods(pods) => (frame(&response(pods).encode_to_vec()), "0"),
        Reply::Silence => std::future::pending().await,
        Reply::Gone => (Vec::new(), "0"),
        Reply::Rubbish => (frame(b"\xff\xff\xff\xff\xff"), "0"),
        Reply::Refusal => (Vec::new(), "8"),
        Reply::Endless => (vec![0; 20 << 20], "0"),
    };
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", status.parse().unwrap());
    let body = Full::new(Bytes::from(bytes)).with_trailers(async move { Some(Ok(trailers)) });
    let mut response = Response::new(body.boxed());
    response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    Ok(response)
}

fn frame(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0][..], &length, message].concat()
}

/// The messages as the kubelet's definition numbers them, with fields that nobody reads.
#[derive(Clone, PartialEq, Message)]
struct List {
    #[prost(message, repeated, tag = "1")]
    pods: Vec<Pod>,
}

#[derive(Clone, PartialEq, Message)]
struct Pod {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    namespace: String,
    #[prost(message, repeated, tag = "3")]
    containers: Vec<Container>,
    #[prost(int64, repeated, tag = "4")]
    cpu_ids: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Container {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    devices: Vec<Devices>,
    #[prost(int64, repeated, tag = "3")]
    cpu_ids: Vec<i64>,
    #[prost(message, repeated, tag = "5")]
    dynamic: Vec<Dynamic>,
}

#[derive(Clone, PartialEq, Message)]
struct Devices {
    #[prost(string, tag = "1")]
    resource: String,
    #[prost(string, repeated, tag = "2")]
    ids: Vec<String>,
    #[prost(message, optional, tag = "3")]
    topology: Option<Dynamic>,
}

#[derive(Clone, PartialEq, Message)]
struct Dynamic {
    #[prost(string, tag = "2")]
    claim: String,
    #[prost(string, tag = "3")]
    namespace: String,
    #[prost(message, repeated, tag = "4")]
    resources: Vec<Claim>,
}

#[derive(Clone, PartialEq, Message)]
struct Claim {
    #[prost(string, tag = "2")]
    driver: String,
    #[prost(string, tag = "3")]
    pool: String,
    #[prost(string, tag = "4")]
    device: String,
}

fn response(pods: Vec<(&str, Device)>) -> List {
    let pods = pods.into_iter().map(|(name, device)| {
        let plugin =
            |resource: &str, id: String| Devices { resource: resource.into(), ids: vec![id], topology: None };
        let mut container = Container { name: "main".into(), cpu_ids: vec![0, 1], ..Container::default() };
        match device {
            Device::Plugin(id) => container.devices.push(plugin("amd.com/gpu", id)),
            Device::Foreign(resource) => container.devices.push(plugin(&resource, "0000:03:00.0".into())),
            Device::Claim(device) => container.dynamic.push(Dynamic {
                claim: "claim".into(),
                namespace: "ml".into(),
                resources: vec![Claim { driver: "gpu.amd.com".into(), pool: "node".into(), device }],
            }),
        }
        Pod { name: name.into(), namespace: "ml".into(), containers: vec![container], cpu_ids: vec![2] }
    });
    List { pods: pods.collect() }
}
