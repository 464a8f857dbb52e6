//! Reasons for missing values: a closed set of codes for programs, each with words for people and a sentence.

use crate::report::Absent;

/// A reason with its code.
struct Reason {
    code: &'static str,
    words: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "the page of reasons is compared with it"))]
    sentence: &'static str,
}

const fn reason(code: &'static str, words: &'static str, sentence: &'static str) -> Reason {
    Reason { code, words, sentence }
}

/// All reasons, in the order of REASONS.md.
const REASONS: [Reason; 48] = [
    reason(
        "not_supported",
        "not supported",
        "This GPU, its driver or its kernel does not publish the value.",
    ),
    reason("no_permission", "no permission", "This user may not read the file."),
    reason(
        "suspended",
        "suspended",
        "The GPU is suspended, and reading would wake it; use --wake to read it.",
    ),
    reason(
        "left_alone",
        "left alone",
        "The GPU is idle and was not read so that it can suspend; use --keep-awake to read it.",
    ),
    reason("late", "late", "The GPU did not answer in time."),
    reason("in_reset", "in reset", "The GPU is in reset, or the system is going to sleep."),
    reason("refused", "refused", "The driver refuses the file (EINVAL without runtime power management)."),
    reason("inaccessible", "inaccessible", "The driver reports the value as unavailable for now."),
    reason("in_use", "in use", "Processes use the GPU, but the operation needs it idle."),
    reason("device_gone", "device gone", "The GPU was removed, unbound or repartitioned."),
    reason("implausible", "implausible", "The file holds a number that is impossible for this quantity."),
    reason(
        "unparsable",
        "unparsable",
        "The file holds text that the kernel is not known to print; details has path, line and column.",
    ),
    reason("package", "package", "The value belongs to the package and is listed under its first partition."),
    reason(
        "package_only",
        "package only",
        "The value exists for the package only; read its first partition.",
    ),
    reason(
        "on_first_die",
        "on first die",
        "The card has two dies, and the driver reports the value on the first one.",
    ),
    reason("no_fan", "no fan", "The GPU has no fan known to the driver."),
    reason("not_sampled", "not sampled", "The sampler does not read this value."),
    reason(
        "not_asked",
        "not asked",
        "Reading has a side effect or takes long, so it needs an explicit option.",
    ),
    reason("one_reading", "one reading", "A percentage of time needs two samples."),
    reason("first_look", "first look", "The process did not exist at the previous sample."),
    reason("not_counting", "not counting", "The counter did not advance between the two samples."),
    reason("not_marked", "not marked", "The driver marks no level or profile as the current one."),
    reason("deep_sleep", "deep sleep", "The clock is in deep sleep, below all levels."),
    reason("between_levels", "between levels", "The clock matches none of its levels."),
    reason("unit_not_known", "unit not known", "The unit of this GPU's counter is not published."),
    reason("not_known", "not known", "No source has the value, or this version does not understand it."),
    reason("not_in_kfd", "not in KFD", "KFD does not list the GPU or the process, or hides it."),
    reason("no_drm_node", "no DRM node", "The GPU has no entry in /sys/class/drm."),
    reason("hidden", "hidden", "The GPU is hidden from this process."),
    reason(
        "other_pid_namespace",
        "other pid namespace",
        "The process id is the host's and has no name in this container.",
    ),
    reason("not_joined", "not joined", "The same process may be listed twice, under two ids."),
    reason("no_client", "no client", "The process has no descriptor of this GPU."),
    reason("none", "none", "The list is empty."),
    reason("never", "never", "It has not happened since the driver was loaded."),
    reason("itself", "itself", "A GPU has no link to itself."),
    reason("no_link", "no link", "No link is listed."),
    reason("no_hive", "no hive", "The GPU is in no XGMI hive."),
    reason("not_listed", "not listed", "The driver's list does not contain it."),
    reason("not_current", "not current", "This is not the current mode of the package."),
    reason("not_selected", "not selected", "The driver describes the selected profile only."),
    reason("not_told", "not told", "The record does not have the field."),
    reason("not_loaded", "not loaded", "The driver is not loaded."),
    reason("dry_run", "dry run", "Nothing was changed, as --dry-run asks."),
    reason("not_tried", "not tried", "A change before this one failed."),
    reason("undone", "undone", "A change after this one failed, and this one was undone."),
    reason(
        "no_hsmp",
        "no HSMP",
        "The CPU's management firmware cannot be reached: /dev/hsmp does not exist.",
    ),
    reason(
        "hsmp_refused",
        "hsmp refused",
        "The CPU's management firmware or its driver does not answer; details has the reason.",
    ),
    reason("other", "other", "Another error; details has the sentence."),
];

/// Returns the code of a reason, and `true` if the reader also needs its sentence.
pub(crate) fn code(absent: &Absent) -> (&'static str, bool) {
    let known = REASONS.iter().find(|reason| reason.words == absent.reason);
    if let Some(reason) = known {
        return (reason.code, reason.code == "implausible");
    }
    match absent.reason.as_str() {
        reason if reason.starts_with("unparsable: ") => ("unparsable", true),
        reason if reason.starts_with("not in protocol ") => ("hsmp_refused", true),
        reason if HSMP.contains(&reason) => ("hsmp_refused", true),
        reason => {
            (ALIASES.iter().find(|(words, _)| *words == reason).map_or("other", |(_, code)| code), true)
        }
    }
}

/// Reasons that are special cases of another one; the sentence has the difference.
const ALIASES: [(&str, &str); 7] = [
    ("not there", "not_told"),
    ("no record", "not_told"),
    ("no such traffic", "not_supported"),
    ("no such register", "not_supported"),
    ("no driver", "not_loaded"),
    ("not printed", "not_known"),
    ("too many", "implausible"),
];

/// `HsmpRefusal` in words.
const HSMP: [&str; 11] = [
    "the loaded driver is too old for this message",
    "the message cannot address this core, link or register",
    "the device was not opened for this kind of message",
    "the firmware or the driver does not know the message",
    "the firmware or the driver refuses the argument",
    "the driver has no such socket",
    "the firmware does not answer",
    "a prerequisite is not met",
    "the firmware is busy",
    "the firmware failed",
    "interrupted by a signal",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// REASONS.md lists exactly this table.
    #[test]
    fn the_page_lists_the_codes() {
        let page = include_str!("../../REASONS.md");
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
        let expected: Vec<String> =
            REASONS.iter().map(|reason| format!("| `{}` | {} |", reason.code, reason.sentence)).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_code_is_the_words_with_underscores() {
        for reason in &REASONS {
            let words = reason.words.replace(' ', "_").to_lowercase();
            assert_eq!(words, reason.code);
        }
    }

    #[test]
    fn what_is_not_listed_keeps_its_sentence() {
        let of = |reason: &str| code(&Absent { reason: reason.into(), detail: String::new() });
        assert_eq!(of("suspended"), ("suspended", false));
        assert_eq!(of("unparsable: /sys/x: line 1, column 2: expected a number"), ("unparsable", true));
        assert_eq!(of("not in protocol 5 of this CPU"), ("hsmp_refused", true));
        assert_eq!(of("/sys/x: cannot read: Input/output error (os error 5)"), ("other", true));
    }
}
