//! The types of events, and sets of them.

/// Declares the types of events, each with its number, its name and its bit of a mask.
macro_rules! event_types {
    ($($(#[doc = $doc:literal])* $variant:ident $constant:ident = $id:literal $name:literal;)*) => {
        /// A type of event, with the kernel's number of it (`enum kfd_smi_event`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum EventType {
            $($(#[doc = $doc])* $variant = $id,)*
        }

        impl EventType {
            /// All of them, by number.
            pub const ALL: &[EventType] = &[$(EventType::$variant,)*];

            /// AMD SMI's name, as in `GPU_PRE_RESET`.
            pub fn name(self) -> &'static str {
                match self {
                    $(EventType::$variant => $name,)*
                }
            }
        }

        bitflags::bitflags! {
            /// Which events are asked for: bit N-1 for number N. Bits without a name are kept, for kernels to come.
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
            pub struct EventMask: u64 {
                $($(#[doc = $doc])* const $constant = 1 << ($id - 1);)*
                /// No event but a wish: those of all processes, not only of one's own. The kernel heeds it for
                /// `CAP_SYS_ADMIN` in the initial user namespace, and silently ignores it for others.
                const ALL_PROCESSES = 1 << 63;
                const _ = !0;
            }
        }

        impl From<EventType> for EventMask {
            fn from(event_type: EventType) -> EventMask {
                match event_type {
                    $(EventType::$variant => EventMask::$constant,)*
                }
            }
        }
    };
}

event_types! {
    /// A GPU accessed memory that it may not.
    VmFault VM_FAULT = 1 "VMFAULT";
    /// The firmware slowed the GPU down.
    ThermalThrottle THERMAL_THROTTLE = 2 "THERMAL_THROTTLE";
    /// The GPU is about to be reset.
    GpuPreReset GPU_PRE_RESET = 3 "GPU_PRE_RESET";
    /// The GPU has been reset.
    GpuPostReset GPU_POST_RESET = 4 "GPU_POST_RESET";
    /// Memory begins to move between devices.
    MigrateStart MIGRATE_START = 5 "MIGRATE_START";
    /// Memory has moved.
    MigrateEnd MIGRATE_END = 6 "MIGRATE_END";
    /// The GPU touched a page that it cannot reach.
    PageFaultStart PAGE_FAULT_START = 7 "PAGE_FAULT_START";
    /// The page can be reached.
    PageFaultEnd PAGE_FAULT_END = 8 "PAGE_FAULT_END";
    /// A process's queues were taken off the GPU.
    QueueEviction QUEUE_EVICTION = 9 "QUEUE_EVICTION";
    /// A process's queues are back on the GPU.
    QueueRestore QUEUE_RESTORE = 10 "QUEUE_RESTORE";
    /// Memory was taken out of the GPU's address space.
    UnmapFromGpu UNMAP_FROM_GPU = 11 "UNMAP_FROM_GPU";
    /// A process began to use the GPU.
    ProcessStart PROCESS_START = 12 "PROCESS_START";
    /// A process ceased to use the GPU.
    ProcessEnd PROCESS_END = 13 "PROCESS_END";
    /// Events were lost because nobody fetched them in time.
    Dropped DROPPED = 14 "DROPPED_EVENT";
}

impl EventType {
    /// The kernel's number of it.
    pub fn id(self) -> u32 {
        self as u32
    }

    /// The type that AMD SMI calls this, in either case of letters.
    pub fn from_name(name: &str) -> Option<EventType> {
        EventType::ALL.iter().copied().find(|known| known.name().eq_ignore_ascii_case(name))
    }
}

impl std::fmt::Display for EventType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl EventMask {
    /// Every event that this crate knows, of one's own process and of the GPU.
    pub fn every_event() -> EventMask {
        EventType::ALL.iter().copied().collect()
    }

    /// Returns `true` if the mask includes events with this number.
    pub fn has_id(self, id: u32) -> bool {
        (1..=63).contains(&id) && self.bits() & (1 << (id - 1)) != 0
    }
}

impl FromIterator<EventType> for EventMask {
    fn from_iter<I: IntoIterator<Item = EventType>>(types: I) -> EventMask {
        types.into_iter().fold(EventMask::empty(), |mask, event_type| mask | EventMask::from(event_type))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for EventType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
