//! Why values are absent: a closed set of codes for programs, each with the words that people read and a sentence.

use crate::report::Absent;

/// A reason.
struct Reason {
    code: &'static str,
    words: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "the page of reasons is compared with it"))]
    sentence: &'static str,
}

const fn reason(code: &'static str, words: &'static str, sentence: &'static str) -> Reason {
    Reason { code, words, sentence }
}

/// All of them, as REASONS.md lists them.
const REASONS: [Reason; 48] = [
    reason(
        "not_supported",
        "not supported",
        "This GPU, its driver or its kernel does not publish the value.",
    ),
    reason("no_permission", "no permission", "This user may not read the file."),
    reason("suspended", "suspended", "The GPU sleeps, and reading would wake it; --wake reads it."),
    reason(
        "left_alone",
        "left alone",
        "The GPU is idle and was not read, so that it may fall asleep; --keep-awake reads it.",
    ),
    reason("late", "late", "The GPU has not answered in time."),
    reason("in_reset", "in reset", "The GPU is in reset, or the system is going to sleep."),
    reason("refused", "refused", "The driver refuses the file (EINVAL without runtime power management)."),
    reason("inaccessible", "inaccessible", "The driver reports the value as unavailable for now."),
    reason("in_use", "in use", "Processes use the GPU, and the question needs it idle."),
    reason("device_gone", "device gone", "The GPU was removed, unbound or repartitioned."),
    reason("implausible", "implausible", "The file holds a number that the quantity cannot have."),
    reason(
        "unparsable",
        "unparsable",
        "The file holds something the kernel is not known to print; details has path, line and column.",
    ),
    reason(
        "package",
        "package",
        "The value belongs to the package and stands in the row of its first partition.",
    ),
    reason("package_only", "package only", "The value exists for the package only; ask its first partition."),
    reason(
        "on_first_die",
        "on first die",
        "The value of a card with two dies is counted on the first of them.",
    ),
    reason("no_fan", "no fan", "The GPU has no fan that the driver knows."),
    reason("not_sampled", "not sampled", "The sampler was not asked for the value."),
    reason(
        "not_asked",
        "not asked",
        "Reading has a side effect or takes long, so an option has to ask for the value.",
    ),
    reason("one_reading", "one reading", "A share of time needs two readings."),
    reason("first_look", "first look", "The process was not there at the previous look."),
    reason("not_counting", "not counting", "The counter stood still between the two readings."),
    reason("not_marked", "not marked", "The driver marks no level or profile as the current one."),
    reason("deep_sleep", "deep sleep", "The clock sleeps, below all levels."),
    reason("between_levels", "between levels", "The clock is at none of its levels."),
    reason("unit_not_known", "unit not known", "The value of a tick of this GPU's counter is not published."),
    reason(
        "not_known",
        "not known",
        "No source has the value, or this version does not know the one there is.",
    ),
    reason("not_in_kfd", "not in KFD", "KFD does not list the GPU or the process, or hides it."),
    reason("no_drm_node", "no DRM node", "The GPU has no entry in /sys/class/drm."),
    reason("hidden", "hidden", "The GPU is hidden from this process."),
    reason(
        "other_pid_namespace",
        "other pid namespace",
        "The process id is the host's and has no name in this container.",
    ),
    reason("not_joined", "not joined", "The same process may be listed twice, by two numbers."),
    reason("no_client", "no client", "The process has no descriptor of this GPU."),
    reason("none", "none", "There is nothing to list."),
    reason("never", "never", "It has not happened since the driver was loaded."),
    reason("itself", "itself", "A GPU has no link to itself."),
    reason("no_link", "no link", "No link is listed."),
    reason("no_hive", "no hive", "The GPU is in no XGMI hive."),
    reason("not_listed", "not listed", "The driver's list does not name it."),
    reason("not_current", "not current", "The package is not split this way."),
    reason("not_selected", "not selected", "The driver describes the selected profile only."),
    reason("not_told", "not told", "The record does not have the field."),
    reason("not_loaded", "not loaded", "The driver is not loaded."),
    reason("dry_run", "dry run", "Nothing was changed, as --dry-run asks."),
    reason("not_tried", "not tried", "A change before this one failed."),
    reason("undone", "undone", "A change after this one failed, and this one was undone."),
    reason(
        "no_hsmp",
        "no HSMP",
        "The processor's management firmware cannot be reached: there is no /dev/hsmp.",
    ),
    reason(
        "hsmp_refused",
        "hsmp refused",
        "The processor's management firmware or its driver does not answer; details has its reason.",
    ),
    reason("other", "other", "Another failure; details has the sentence."),
];

/// The code of a reason, and whether it needs its sentence beside it to be understood.
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

/// Reasons in words that are a case of another one, which the sentence tells.
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
    "the loaded driver is too old for it",
    "what it is about has no place in the message",
    "the device was not opened for messages of this kind",
    "the firmware or the driver does not know it",
    "the firmware or the driver refuses its argument",
    "the driver has no such socket",
    "the firmware does not answer",
    "something that it needs is not fulfilled",
    "the firmware is busy",
    "the firmware failed",
    "interrupted by a signal",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The page that people read is this table.
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
        assert_eq!(of("not in protocol 5 of this processor"), ("hsmp_refused", true));
        assert_eq!(of("/sys/x: cannot read: Input/output error (os error 5)"), ("other", true));
    }
}
