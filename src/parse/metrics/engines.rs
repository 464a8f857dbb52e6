//! Which partition the engines of a table belong to.

use std::ops::Range;

use super::Slots;
use super::kinds::EngineScope;
use super::layout::FieldKind;
use super::normalised::{EngineMetrics, Metrics};

impl Metrics {
    /// The engines of one part of the package, where the table has them by that part.
    pub fn engines_in(&self, scope: EngineScope) -> Option<&EngineMetrics> {
        self.engines.iter().find(|engines| engines.scope == scope)
    }

    /// The engines of the whole package: of a table that has them so, or those of a package's only partition.
    pub fn package_engines(&self) -> Option<&EngineMetrics> {
        let whole = self.engines_in(EngineScope::Socket);
        whole.or_else(|| match &self.engines[..] {
            [only] if self.partition_count == Some(1) && only.scope == EngineScope::Xcp(0) => Some(only),
            _ => None,
        })
    }

    /// Gives the engines to the package's partitions, where the table has them without one.
    ///
    /// `dies_of_each` is how many compute dies a partition has (KFD's `num_xcc`); `None` for a package in one piece,
    /// whose only partition has all of them.
    ///
    /// 1.6 to 1.8 have a struct for each partition. 1.9 has the dies of the whole package in the order of their
    /// logical numbers, and no number of partitions (`SMU_13_0_6_METRICS_FIELDS`). By this order the driver deals
    /// them out, and decoders with their JPEG engines alike; where there are fewer decoders than partitions, neighbours
    /// share one (`__aqua_vanjaram_get_xcp_ip_info`). Does nothing for other tables, and where the numbers do not fit.
    pub fn share_engines(&mut self, dies_of_each: Option<u32>) {
        let is_list = self.header.format_revision == 1 && self.header.content_revision >= 9;
        let [whole] = &mut self.engines[..] else { return };
        if !is_list || whole.scope != EngineScope::Socket {
            return;
        }
        let Some(dies_of_each) = dies_of_each else {
            whole.scope = EngineScope::Xcp(0);
            self.partition_count.get_or_insert(1);
            return;
        };
        let (dies, each) = (whole.dies(), dies_of_each as usize);
        if each == 0 || dies == 0 || dies % each != 0 {
            return;
        }
        let Some(whole) = self.engines.pop() else { return };
        let partitions = dies / each;
        self.engines.extend((0..partitions).map(|partition| whole.part(partition, partitions, each)));
        self.partition_count.get_or_insert(partitions as u16);
    }

    /// The entry for the engines of whatever the table is of: for fields that are in the table itself.
    pub(super) fn own_engines(&mut self) -> Option<&mut EngineMetrics> {
        self.engines.truncate(1);
        if self.engines.is_empty() {
            self.engines.push(EngineMetrics::EMPTY);
        }
        let engines = self.engines.first_mut()?;
        engines.scope = EngineScope::Socket;
        Some(engines)
    }

    /// `xcp_stats`. The driver fills only the partitions there are; what follows them is all absent.
    pub(super) fn take_partitions(&mut self, kind: &FieldKind, room: usize, structs: &[u8]) {
        let &FieldKind::Partitions(layout) = kind else { return };
        let count = self.partition_count.map_or(room, |count| room.min(count.into()));
        self.engines.reserve_exact(count.saturating_sub(self.engines.len()));
        self.engines.resize(count, EngineMetrics::EMPTY);
        let structs = structs.chunks_exact(layout.size);
        for ((partition, engines), bytes) in (0..).zip(&mut self.engines).zip(structs) {
            engines.scope = EngineScope::Xcp(partition);
            (layout.take_engines)(engines, bytes);
        }
    }
}

impl EngineMetrics {
    /// Compute dies there are.
    fn dies(&self) -> usize {
        used(&self.gfx_busy).max(used(&self.gfx_busy_acc)).max(used(&self.gfx_below_host_limit_total_acc))
    }

    /// The part of one of several equal partitions.
    fn part(&self, partition: usize, partitions: usize, dies: usize) -> EngineMetrics {
        let gfx = partition * dies..(partition + 1) * dies;
        let decoders = used(&self.vcn_busy);
        let vcn = match decoders / partitions {
            0 => partition * decoders / partitions..(partition * decoders / partitions + 1).min(decoders),
            each => partition * each..(partition + 1) * each,
        };
        let rings = used(&self.jpeg_busy).checked_div(decoders).unwrap_or(0);
        EngineMetrics {
            scope: EngineScope::Xcp(partition as u16),
            gfx_busy: range(&self.gfx_busy, &gfx),
            jpeg_busy: range(&self.jpeg_busy, &(vcn.start * rings..vcn.end * rings)),
            vcn_busy: range(&self.vcn_busy, &vcn),
            gfx_busy_acc: range(&self.gfx_busy_acc, &gfx),
            gfx_below_host_limit_acc: range(&self.gfx_below_host_limit_acc, &gfx),
            gfx_below_host_limit_ppt_acc: range(&self.gfx_below_host_limit_ppt_acc, &gfx),
            gfx_below_host_limit_thm_acc: range(&self.gfx_below_host_limit_thm_acc, &gfx),
            gfx_low_utilization_acc: range(&self.gfx_low_utilization_acc, &gfx),
            gfx_below_host_limit_total_acc: range(&self.gfx_below_host_limit_total_acc, &gfx),
        }
    }
}

/// Up to the last that has a value.
fn used<T>(slots: &[Option<T>]) -> usize {
    slots.iter().rposition(Option::is_some).map_or(0, |last| last + 1)
}

fn range<T: Copy, const N: usize>(slots: &Slots<T, N>, range: &Range<usize>) -> Slots<T, N> {
    slots.get(range.clone()).unwrap_or_default().iter().copied().collect()
}
