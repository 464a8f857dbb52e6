//! Usage between two looks.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::merge::engines;
use super::{DrmClient, Processes};
use crate::id::Bdf;
use crate::parse::fdinfo::{Engine, EngineTime};
use crate::unit::{Microseconds, Nanoseconds};

/// A client by the values that do not change between looks: process, device, number.
type Key = (u32, Option<Bdf>, Option<u64>);

impl Processes {
    /// The same processes, with the usage of each engine since an earlier look.
    ///
    /// The percentage of an engine is its working time between the two looks, divided by the time between them; 100
    /// is one ring busy all the time. Compute and copy engines have several rings and can exceed it. The time of a
    /// job is counted when it ends, so percentages over less than a second fluctuate. The kernel's counters can
    /// decrease slightly: then the earlier value is kept and the percentage is 0 until the counter has passed it. A
    /// client that did not exist earlier has no percentage.
    ///
    /// ```no_run
    /// # let smi = amdgpu_smi::Smi::new()?;
    /// let mut last = smi.processes();
    /// loop {
    ///     std::thread::sleep(std::time::Duration::from_secs(1));
    ///     last = smi.processes().after(&last);
    ///     // last.processes[0].gpus[0].engines[0].percent
    /// }
    /// # #[allow(unreachable_code)]
    /// # Ok::<(), amdgpu_smi::Error>(())
    /// ```
    #[must_use]
    pub fn after(mut self, earlier: &Processes) -> Processes {
        let mut clients: HashMap<Key, &DrmClient> = HashMap::new();
        let mut copies: HashMap<(u32, u32), (Microseconds, Instant)> = HashMap::new();
        for process in &earlier.processes {
            let pid = process.pid.0;
            for used in &process.gpus {
                for client in &used.clients {
                    clients.insert((pid, used.bdf, client.info.client_id), client);
                }
                let Some(kfd) = &used.kfd else { continue };
                if let (Some(id), Ok(sdma)) = (used.kfd_id, &kfd.sdma) {
                    copies.insert((pid, id.0), (sdma.value, kfd.read_at));
                }
            }
        }
        for process in &mut self.processes {
            let pid = process.pid.0;
            for used in &mut process.gpus {
                let mut busy = HashMap::new();
                for client in &mut used.clients {
                    if let Some(before) = clients.get(&(pid, used.bdf, client.info.client_id)) {
                        add_rates(client, before, &mut busy);
                    }
                }
                used.engines = engines(used.clients.iter().map(|client| &client.info));
                for engine in &mut used.engines {
                    engine.percent = busy.get(&engine.engine).copied();
                }
                let (Some(id), Some(kfd)) = (used.kfd_id, &mut used.kfd) else { continue };
                if let (Ok(sdma), Some((before, at))) = (&mut kfd.sdma, copies.get(&(pid, id.0))) {
                    sdma.value = sdma.value.max(*before);
                    let worked = Duration::from_micros(sdma.value.0 - before.0);
                    used.sdma_percent = percent(worked, kfd.read_at.saturating_duration_since(*at));
                }
            }
        }
        self
    }
}

/// Adds a client's percentages to those of its process, and prevents its counters from decreasing.
fn add_rates(client: &mut DrmClient, before: &DrmClient, busy: &mut HashMap<Engine, f64>) {
    let passed = client.read_at.saturating_duration_since(before.read_at);
    // An engine without a line has not worked yet, or its counter has gone back to zero.
    for known in &before.info.engines {
        if !client.info.engines.iter().any(|engine| engine.engine == known.engine) {
            client.info.engines.push(EngineTime::new(known.engine.clone(), Nanoseconds(0)));
        }
    }
    for engine in &mut client.info.engines {
        let known = before.info.engines.iter().find(|known| known.engine == engine.engine);
        let known = known.map_or(Nanoseconds(0), |known| known.time);
        engine.time = engine.time.max(known);
        let worked = Duration::from_nanos(engine.time.0 - known.0);
        if let Some(percent) = percent(worked, passed) {
            *busy.entry(engine.engine.clone()).or_insert(0.0) += percent;
        }
    }
}

/// One time in percent of another; absent if no time has passed.
fn percent(worked: Duration, passed: Duration) -> Option<f64> {
    (!passed.is_zero()).then(|| worked.as_secs_f64() * 100.0 / passed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::id::{GpuId, Pid};
    use crate::parse::fdinfo::FdInfo;
    use crate::process::{KfdUse, PidNamespace, PidView, Process, ProcessGpu};
    use crate::reading::{Scope, Source, Value};

    fn absent<T>() -> Result<T, Error> {
        Err(Error::NotSupported { path: "/proc/1".into() })
    }

    /// One process on one GPU, this many milliseconds after the start.
    fn look(start: Instant, millis: u64, engines: &[(Engine, u64)], sdma: u64) -> Processes {
        let read_at = start + Duration::from_millis(millis);
        let mut info = FdInfo { client_id: Some(7), ..FdInfo::default() };
        info.engines = engines
            .iter()
            .map(|(engine, time)| EngineTime::new(engine.clone(), Nanoseconds(*time)))
            .collect();
        let kfd = KfdUse {
            vram: absent(),
            sdma: Ok(Value::new(Microseconds(sdma), Source::Kfd, Scope::Package)),
            evicted: absent(),
            cu_occupancy: absent(),
            faults: absent(),
            page_in: absent(),
            page_out: absent(),
            queues: Vec::new(),
            read_at,
        };
        let used = ProcessGpu {
            gpu: Some(0),
            bdf: None,
            kfd_id: Some(GpuId(9)),
            vram: absent(),
            gtt: absent(),
            cpu_memory: absent(),
            compute_units: absent(),
            compute_percent: absent(),
            engines: Vec::new(),
            engines_complete: Ok(()),
            sdma_percent: None,
            kfd: Some(Box::new(kfd)),
            clients: vec![DrmClient { shared: false, info, read_at }],
        };
        let process = Process {
            pid: Pid(1),
            view: PidView::Proc,
            namespace_pids: Vec::new(),
            name: absent(),
            uid: absent(),
            user: absent(),
            cgroup: absent(),
            container: None,
            is_self: false,
            opens_kfd: absent(),
            gpus: vec![used],
            descriptors: Ok(()),
            kfd: Ok(()),
        };
        Processes {
            namespace: Ok(PidNamespace::Initial),
            processes: vec![process],
            unreadable: 0,
            failed: None,
            kfd: Ok(()),
            proc: Ok(()),
            others: Ok(()),
        }
    }

    fn percents(processes: &Processes) -> Vec<(Engine, u64, Option<f64>)> {
        let engines = processes.processes[0].gpus[0].engines.iter();
        engines.map(|engine| (engine.engine.clone(), engine.time.0, engine.percent)).collect()
    }

    #[test]
    fn share_of_the_time_between() {
        let start = Instant::now();
        let first = look(start, 0, &[(Engine::Gfx, 1_000_000)], 10);
        let second = look(start, 100, &[(Engine::Gfx, 26_000_000), (Engine::Dma, 200_000_000)], 50_010);
        let second = second.after(&first);
        assert_eq!(
            percents(&second),
            [(Engine::Gfx, 26_000_000, Some(25.0)), (Engine::Dma, 200_000_000, Some(200.0))]
        );
        assert_eq!(second.processes[0].gpus[0].sdma_percent, Some(50.0));
    }

    #[test]
    fn counters_that_go_backwards_wait() {
        let start = Instant::now();
        let first = look(start, 0, &[(Engine::Gfx, 50_000_000), (Engine::Jpeg, 9)], 100);
        let second = look(start, 100, &[(Engine::Gfx, 49_000_000)], 90).after(&first);
        assert_eq!(percents(&second), [(Engine::Gfx, 50_000_000, Some(0.0)), (Engine::Jpeg, 9, Some(0.0))]);
        let third = look(start, 200, &[(Engine::Gfx, 51_000_000)], 100).after(&second);
        assert_eq!(percents(&third)[0], (Engine::Gfx, 51_000_000, Some(1.0)));
        assert_eq!(third.processes[0].gpus[0].sdma_percent, Some(0.0));
    }

    #[test]
    fn newcomers_and_no_time() {
        let start = Instant::now();
        let first = look(start, 0, &[(Engine::Gfx, 1)], 0);
        let mut other = look(start, 100, &[(Engine::Gfx, 2)], 0);
        other.processes[0].gpus[0].clients[0].info.client_id = Some(8);
        assert_eq!(percents(&other.after(&first)), [(Engine::Gfx, 2, None)]);
        let same = look(start, 0, &[(Engine::Gfx, 2)], 0).after(&first);
        assert_eq!(percents(&same), [(Engine::Gfx, 2, None)]);
        assert_eq!(same.processes[0].gpus[0].sdma_percent, None);
    }
}
