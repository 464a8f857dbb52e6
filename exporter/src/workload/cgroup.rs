//! A workload by the path of its control group, whose shapes are those of the runtimes.

use amdgpu_smi::process;

use super::Workload;

/// Whom a process belongs to, by the path in `/proc/<pid>/cgroup`.
///
/// * Kubernetes: `kubepods-burstable-pod<uid with _>.slice/cri-containerd-<id>.scope`, or by the cgroupfs driver
///   `kubepods/burstable/pod<uid>/<id>`, below anything that the node itself runs in.
/// * Containers: `docker-<id>.scope`, `docker/<id>`, `libpod-<id>.scope`.
/// * Slurm: `slurmstepd.scope/job_<id>/step_<id>`, and `slurm/uid_<n>/job_<id>/step_<id>` of version 1.
/// * systemd: the last `<name>.service`.
pub(super) fn workload(path: &str) -> Workload {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let job = process::slurm_job(path);
    let step = job.and_then(|_| parts.iter().rev().find_map(|part| part.strip_prefix("step_")));
    let owned = |name: Option<&str>| name.unwrap_or_default().to_owned();
    let mut workload = Workload {
        pod_uid: parts.iter().rev().find_map(|part| pod_uid(part)).unwrap_or_default(),
        container_id: owned(process::container_id(path)),
        slurm_job: owned(job),
        slurm_step: owned(step),
        ..Workload::default()
    };
    // A process started by a runtime or Slurm belongs to it, even inside a systemd unit.
    if workload == Workload::default()
        && let Some(unit) = parts.iter().rev().find(|part| part.ends_with(".service"))
    {
        (*unit).clone_into(&mut workload.unit);
    }
    workload
}

/// The uid in `…pod<uid>` or `…pod<uid>.slice`: 36 characters, or 32 of a static pod.
fn pod_uid(part: &str) -> Option<String> {
    // containerd writes `<slice>:cri-containerd:<id>` where the runtime makes no groups of systemd's.
    let part = part.split(':').next()?;
    let part = part.strip_suffix(".slice").unwrap_or(part);
    let uid = part.rsplit_once("pod")?.1;
    let is_uid = matches!(uid.len(), 32 | 36)
        && uid.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'-' | b'_'));
    is_uid.then(|| uid.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const UID: &str = "1f6d9dd8-0a43-4b1d-a1a9-0b5c6b8b2f11";

    fn pod(path: &str) {
        let path = path.replace("UID", UID).replace("U_D", &UID.replace('-', "_")).replace("ID", ID);
        let found = workload(&path);
        assert_eq!((found.pod_uid.as_str(), found.container_id.as_str()), (UID, ID), "{path}");
        assert_eq!(found.unit, "", "{path}");
    }

    #[test]
    fn kubernetes() {
        for runtime in ["cri-containerd-", "crio-", "docker-"] {
            for quality in ["-burstable", "-besteffort"] {
                pod(&format!(
                    "/kubepods.slice/kubepods{quality}.slice/kubepods{quality}-podU_D.slice/{runtime}ID.scope"
                ));
                pod(&format!(
                    "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods{quality}.slice/kubelet-kubepods{quality}-podU_D.slice/{runtime}ID.scope"
                ));
            }
            pod(&format!("/kubepods.slice/kubepods-podU_D.slice/{runtime}ID.scope"));
        }
        for quality in ["", "/burstable", "/besteffort"] {
            pod(&format!("/kubepods{quality}/podUID/ID"));
        }
        // A node that is a container itself; containerd's own notation; a group below the container.
        pod(&format!("/docker/{}/kubepods/burstable/podUID/ID", ID.replace('0', "f")));
        pod("/system.slice/containerd.service/kubepods-burstable-podU_D.slice:cri-containerd:ID");
        pod("/kubepods.slice/kubepods-podU_D.slice/cri-containerd-ID.scope/init.scope");
        let fixed = "0123456789abcdef0123456789abcdef";
        assert_eq!(workload(&format!("/kubepods/burstable/pod{fixed}/{ID}")).pod_uid, fixed);
    }

    #[test]
    fn containers() {
        for path in [
            "/system.slice/docker-ID.scope",
            "/docker/ID",
            "/machine.slice/libpod-ID.scope/container",
            "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope/container",
        ] {
            let found = workload(&path.replace("ID", ID));
            assert_eq!(found, Workload { container_id: ID.into(), ..Workload::default() }, "{path}");
        }
    }

    #[test]
    fn slurm() {
        for path in [
            "/system.slice/slurmstepd.scope/job_4711/step_0/user/task_3",
            "/system.slice/node7_slurmstepd.scope/job_4711/step_0/user/task_3",
            "/slurm/uid_1000/job_4711/step_0/task_3",
            "/slurm_node7/uid_1000/job_4711/step_0",
        ] {
            let found = workload(path);
            assert_eq!((found.slurm_job.as_str(), found.slurm_step.as_str()), ("4711", "0"), "{path}");
            assert_eq!(found.unit, "", "{path}");
        }
        assert_eq!(
            workload("/system.slice/slurmstepd.scope/job_9/step_batch/user/task_0").slurm_step,
            "batch"
        );
        assert_eq!(workload("/system.slice/slurmd.service").slurm_job, "");
    }

    #[test]
    fn units() {
        for (path, unit) in [
            ("/system.slice/ollama.service", "ollama.service"),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/llama.service", "llama.service"),
            ("/user.slice/user-1000.slice/session-3.scope", ""),
            ("/system.slice/podman.service", "podman.service"),
            ("/", ""),
            ("", ""),
            ("/../..", ""),
        ] {
            assert_eq!(workload(path), Workload { unit: unit.into(), ..Workload::default() }, "{path}");
        }
    }
}
