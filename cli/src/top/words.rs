//! Numbers and states in words that fit into few columns.

use std::time::Duration;

use amdgpu_smi::derived::ThrottleShares;
use amdgpu_smi::metrics::ThrottleReasons;

use crate::sections::throttle::in_words;

/// Causes of throttling: the current ones, and those that the firmware counted since the last look with their
/// percentage of the time.
pub(crate) fn throttling(causes: ThrottleReasons, shares: &ThrottleShares, active: bool) -> Vec<String> {
    let mut words: Vec<String> = match causes.is_empty() {
        true => Vec::new(),
        false => in_words(causes).split(", ").map(str::to_owned).collect(),
    };
    let counted = [
        ("power", shares.ppt),
        ("GPU heat", shares.socket_thm),
        ("memory heat", shares.hbm_thm),
        ("regulator heat", shares.vr_thm),
        ("PROCHOT", shares.prochot),
    ];
    for (word, share) in counted {
        if let Some(share) = share.filter(|share| *share >= 0.5) {
            words.push(format!("{word} {share:.0}%"));
        }
    }
    if active && words.is_empty() {
        words.push("yes".into());
    }
    words
}

/// `8 s`, `23 min 35 s`, `4 h 2 min`, `3 d 7 h`.
pub(crate) fn seconds(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds @ 3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        seconds => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// `0:08`, `23:35`, `4:02:11`: a place in a recording.
pub(crate) fn place(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds / 3_600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds % 3_600 / 60, seconds % 60),
    }
}

/// `512K`, `14.2G`, `192G`: at most five characters up to a pebibyte.
pub(crate) fn size(bytes: u64) -> String {
    let mut amount = bytes as f64;
    let mut units = ["B", "K", "M", "G", "T"].into_iter().peekable();
    while let Some(unit) = units.next() {
        if amount < 999.5 || units.peek().is_none() {
            return match amount < 99.95 && unit != "B" && unit != "K" && unit != "M" {
                true => format!("{amount:.1}{unit}"),
                false => format!("{amount:.0}{unit}"),
            };
        }
        amount /= 1024.0;
    }
    format!("{amount:.0}T")
}

/// `14.2/24.0G`: the unit once where both have the same.
pub(crate) fn of_total(used: Option<u64>, total: Option<u64>) -> String {
    match (used.map(size), total.map(size)) {
        (Some(used), Some(total)) => match used.strip_suffix(|unit| total.ends_with(unit)) {
            Some(number) => format!("{number}/{total}"),
            None => format!("{used}/{total}"),
        },
        (Some(used), None) => used,
        (None, Some(total)) => format!("-/{total}"),
        (None, None) => "-".into(),
    }
}

/// A number without decimals, or a dash.
pub(crate) fn whole(value: Option<f64>) -> String {
    value.map_or_else(|| "-".into(), |value| format!("{value:.0}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_in_five_characters() {
        for (bytes, expected) in [
            (0, "0B"),
            (1023, "1K"),
            (512 << 10, "512K"),
            (1 << 30, "1.0G"),
            (24 << 30, "24.0G"),
            (192 << 30, "192G"),
            (1 << 40, "1.0T"),
            (5 << 50, "5120T"),
        ] {
            assert_eq!(size(bytes), expected);
        }
        assert_eq!(of_total(Some(14 << 30), Some(24 << 30)), "14.0/24.0G");
        assert_eq!(of_total(Some(14 << 20), Some(24 << 30)), "14M/24.0G");
        assert_eq!(of_total(None, Some(24 << 30)), "-/24.0G");
    }

    #[test]
    fn reasons_and_shares() {
        use ThrottleReasons as Reasons;
        let none = ThrottleShares::default();
        let both = Reasons::TEMP_HOTSPOT | Reasons::TDC_GFX;
        assert_eq!(throttling(both, &none, true), ["current", "hotspot"]);
        assert_eq!(throttling(Reasons::empty(), &none, true), ["yes"]);
        assert!(throttling(Reasons::empty(), &none, false).is_empty());
        let mut shares = none;
        (shares.ppt, shares.vr_thm) = (Some(37.4), Some(0.2));
        assert_eq!(throttling(Reasons::empty(), &shares, false), ["power 37%"]);
    }

    #[test]
    fn times_in_words() {
        let words = |time| seconds(Duration::from_secs(time));
        assert_eq!(words(8), "8 s");
        assert_eq!(words(1415), "23 min 35 s");
        assert_eq!(words(14_531), "4 h 2 min");
        assert_eq!(words(90_000), "1 d 1 h");
        assert_eq!(place(Duration::from_secs(8)), "0:08");
        assert_eq!(place(Duration::from_secs(14_531)), "4:02:11");
    }
}
