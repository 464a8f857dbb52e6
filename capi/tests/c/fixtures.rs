//! The fixtures' names.

pub(crate) const MI300X: &str = "mi300x-1x-k6.12-spx";
pub(crate) const MI300X_CPX: &str = "mi300x-1x-k6.12-cpx-nps4";
pub(crate) const NAVI31: &str = "navi31-1x-k6.12-desktop";
pub(crate) const TWO: &str = "phoenix-navi33-2x-k6.10-hybrid-foreign-card0";
pub(crate) const SUSPENDED: &str = "navi23-1x-k6.6-laptop-suspended";
pub(crate) const NO_DRIVER: &str = "none-0x-k6.12-no-driver";

pub(crate) const ALL: [&str; 8] = [
    MI300X,
    MI300X_CPX,
    NAVI31,
    TWO,
    SUSPENDED,
    "mi210-2x-k6.1-container",
    "navi21-1x-k6.12-desktop-in-reset",
    "navi21-1x-k7.0-desktop-in-reset",
];
