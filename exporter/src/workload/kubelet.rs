//! The kubelet's PodResources interface, version 1: which container was given which device.
//!
//! One call of gRPC over a socket: a message each way, with five bytes before it, in a request of HTTP/2.

use std::path::Path;
use std::time::Duration;

use amdgpu_smi::Gpu;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::net::UnixStream;

use super::Workload;
use crate::scan::Scanned;

/// Hundreds of pods with all their devices are far less.
const LONGEST: usize = 16 << 20;
/// The frame's header: compression flag and length.
const FRAME: usize = 5;
/// The driver of AMD's devices under dynamic resource allocation.
const DRA_DRIVER: &str = "gpu.amd.com";

/// `ListPodResourcesResponse` of `k8s.io/kubelet/pkg/apis/podresources/v1`, as far as it is needed.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ListPodResourcesResponse {
    #[prost(message, repeated, tag = "1")]
    pub(crate) pod_resources: Vec<PodResources>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PodResources {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) namespace: String,
    #[prost(message, repeated, tag = "3")]
    pub(crate) containers: Vec<ContainerResources>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ContainerResources {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(message, repeated, tag = "2")]
    pub(crate) devices: Vec<ContainerDevices>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) dynamic_resources: Vec<DynamicResource>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ContainerDevices {
    #[prost(string, tag = "1")]
    pub(crate) resource_name: String,
    #[prost(string, repeated, tag = "2")]
    pub(crate) device_ids: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct DynamicResource {
    #[prost(message, repeated, tag = "4")]
    pub(crate) claim_resources: Vec<ClaimResource>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ClaimResource {
    #[prost(string, tag = "2")]
    pub(crate) driver_name: String,
    #[prost(string, tag = "4")]
    pub(crate) device_name: String,
}

/// A device that a container was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Allocated {
    pub(crate) device: String,
    pub(crate) workload: Workload,
}

/// The kubelet's assignments, from its socket.
///
/// # Errors
/// The reason why it did not answer, as a sentence.
pub(super) fn list(socket: &Path, patience: Duration) -> Result<Vec<Allocated>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start a runtime for the kubelet: {error}"))?;
    let answer = runtime.block_on(async { tokio::time::timeout(patience, call(socket)).await });
    let response = answer.map_err(|_| format!("{}: no answer within {patience:?}", socket.display()))?;
    response.map(allocated).map_err(|error| format!("{}: {error}", socket.display()))
}

async fn call(socket: &Path) -> Result<ListPodResourcesResponse, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TokioIo::new(UnixStream::connect(socket).await?);
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await?;
    let driver = tokio::spawn(connection);
    let request = Request::post("http://localhost/v1.PodResourcesLister/List")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(Bytes::from_static(&[0; FRAME])))?;
    let response = client.send_request(request).await?;
    let head = response.headers().clone();
    let body = Limited::new(response.into_body(), LONGEST).collect().await?;
    driver.abort();
    let status =
        body.trailers().and_then(|trailers| trailers.get("grpc-status")).or_else(|| head.get("grpc-status"));
    let status = status.and_then(|status| status.to_str().ok()).unwrap_or("none").to_owned();
    if status != "0" {
        return Err(format!("gRPC status {status}").into());
    }
    let bytes = body.to_bytes();
    let message = bytes.get(FRAME..).ok_or("a message without its frame")?;
    Ok(ListPodResourcesResponse::decode(message)?)
}

/// The devices of AMD's plugin and of AMD's driver of dynamic resources.
fn allocated(response: ListPodResourcesResponse) -> Vec<Allocated> {
    let mut allocated = Vec::new();
    for pod in response.pod_resources {
        for container in pod.containers {
            let workload = Workload {
                namespace: pod.namespace.clone(),
                pod: pod.name.clone(),
                container: container.name,
                ..Workload::default()
            };
            let plugin =
                container.devices.into_iter().filter(|devices| devices.resource_name.starts_with("amd.com/"));
            let claims = container.dynamic_resources.into_iter().flat_map(|claim| claim.claim_resources);
            let dynamic =
                claims.filter(|claim| claim.driver_name == DRA_DRIVER).map(|claim| claim.device_name);
            let devices = plugin.flat_map(|devices| devices.device_ids).chain(dynamic);
            allocated.extend(devices.map(|device| Allocated { device, workload: workload.clone() }));
        }
    }
    allocated
}

/// Returns `true` if a device id means this GPU: a PCI address for a whole GPU, `amdgpu_xcp_<n>` for a partition,
/// `gpu-<card>-<render>` for either as a dynamic resource.
pub(super) fn names(device: &str, machine: &Scanned, gpu: &Gpu) -> bool {
    let ids = gpu.ids();
    let device = device.to_ascii_lowercase();
    if let Ok(address) = device.parse() {
        return ids.bdf == address && ids.partition.unwrap_or(0) == 0;
    }
    let render = if let Some(numbers) = device.strip_prefix("gpu-") {
        numbers.rsplit_once('-').and_then(|(_, render)| render.parse().ok())
    } else if device.starts_with("amdgpu_xcp_") {
        let own = machine.platform_devices.get(gpu.index()).and_then(Option::as_ref);
        return own == Some(&device);
    } else {
        None
    };
    render.is_some_and(|render: u32| ids.render.as_ref().is_ok_and(|own| own.0 == render))
}
