//! The files that a prolog of Slurm leaves for monitors: one for each GPU, with the job that has it.
//!
//! AMD's writes JSON with the job's environment, by the GPU's number; NVIDIA's writes one job a line. Both are read.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::Workload;

/// No prolog writes more.
const LONGEST: u64 = 64 << 10;
/// No machine has more GPUs.
const MOST: usize = 1024;

/// The jobs by the places of their GPUs. A folder that is not there has none.
pub(super) fn jobs(folder: &Path) -> Vec<(usize, Workload)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut jobs = Vec::new();
    for entry in entries.flatten().take(MOST) {
        let Some(gpu) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // Not what a reader would wait for, such as a fifo.
        if !entry.metadata().is_ok_and(|meta| meta.is_file()) {
            continue;
        }
        let mut text = Vec::new();
        if File::open(entry.path()).and_then(|file| file.take(LONGEST).read_to_end(&mut text)).is_ok() {
            jobs.extend(parse(&text).into_iter().map(|job| (gpu, job)));
        }
    }
    jobs
}

fn parse(text: &[u8]) -> Vec<Workload> {
    if let Ok(Value::Object(environment)) = serde_json::from_slice(text) {
        let value = |name: &str| match environment.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let job = Workload {
            slurm_job: value("SLURM_JOB_ID"),
            slurm_user: value("SLURM_JOB_USER"),
            slurm_partition: value("SLURM_JOB_PARTITION"),
            ..Workload::default()
        };
        return if job.slurm_job.is_empty() { Vec::new() } else { vec![job] };
    }
    let lines = String::from_utf8_lossy(text);
    let is_job = |line: &&str| {
        !line.is_empty() && line.len() <= 64 && line.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let jobs = lines.lines().map(str::trim).filter(is_job);
    jobs.map(|job| Workload { slurm_job: job.to_owned(), ..Workload::default() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_file() {
        let json = br#"{"SLURM_JOB_ID":"4711","SLURM_JOB_USER":"ada","SLURM_JOB_PARTITION":"gpu","SLURM_CLUSTER_NAME":"c","CUDA_VISIBLE_DEVICES":"","SLURM_JOB_GPUS":"0,1"}"#;
        let job = |id: &str| Workload { slurm_job: id.into(), ..Workload::default() };
        let ada = Workload { slurm_user: "ada".into(), slurm_partition: "gpu".into(), ..job("4711") };
        assert_eq!(parse(json), [ada]);
        assert_eq!(parse(b"4711\n4712\n"), [job("4711"), job("4712")]);
        assert_eq!(parse(b"{\"SLURM_JOB_ID\": 12}"), [job("12")]);
        for odd in [&b""[..], b"{}", b"[1]\x00", b"\xff\xfe \x01", b"{\"SLURM_JOB_ID\": {}}"] {
            assert_eq!(parse(odd), [], "{odd:?}");
        }
    }
}
