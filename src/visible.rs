//! The GPUs that ROCm shows a program, in order: `ROCR_VISIBLE_DEVICES` and related variables.

use crate::id::UniqueId;

/// The environment variables that select GPUs; `None` for an unset variable.
///
/// A variable that is set but empty selects no GPU at all, unlike an unset one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VisibleDevices<'a> {
    /// `ROCR_VISIBLE_DEVICES`, read by the ROCr runtime first.
    pub rocr: Option<&'a str>,
    /// `HIP_VISIBLE_DEVICES`, applied by HIP to the GPUs that ROCr left.
    pub hip: Option<&'a str>,
    /// `CUDA_VISIBLE_DEVICES`, used by HIP if `HIP_VISIBLE_DEVICES` is unset.
    pub cuda: Option<&'a str>,
}

/// The GPUs that HIP numbers 0, 1, 2 … under these variables, as positions in `gpus`.
///
/// `gpus` are the unique ids of all GPUs in HIP's order ([`crate::Smi::hip_order`]), `None` for a GPU without one. A
/// list ends at the first word that is not one of its GPUs: an index out of range, `-1`, a UUID that matches none or
/// several, or a GPU that was already named. A UUID is `GPU-` and the 16 hex digits of the unique id, or a prefix of
/// them (as ROCr's `RvdFilter` parses them).
///
/// ```
/// use amdgpu_smi::id::UniqueId;
/// use amdgpu_smi::visible::{VisibleDevices, visible};
///
/// let gpus = [Some(UniqueId(0xabcd_0000_0000_0001)), Some(UniqueId(0x1234_0000_0000_0002))];
/// let env = VisibleDevices { rocr: Some("1,0"), hip: Some("0"), cuda: None };
/// assert_eq!(visible(&gpus, env), [1]);
/// let env = VisibleDevices { rocr: Some("GPU-abcd"), ..VisibleDevices::default() };
/// assert_eq!(visible(&gpus, env), [0]);
/// ```
pub fn visible(gpus: &[Option<UniqueId>], env: VisibleDevices<'_>) -> Vec<usize> {
    let all: Vec<usize> = (0..gpus.len()).collect();
    let by_rocr = choose(gpus, all, env.rocr);
    choose(gpus, by_rocr, env.hip.or(env.cuda))
}

/// Applies one variable to the remaining GPUs.
fn choose(gpus: &[Option<UniqueId>], left: Vec<usize>, list: Option<&str>) -> Vec<usize> {
    let Some(list) = list else { return left };
    let mut chosen: Vec<usize> = Vec::new();
    for word in list.split(',') {
        match position(gpus, &left, word.trim()) {
            Some(gpu) if !chosen.contains(&gpu) => chosen.push(gpu),
            _ => break,
        }
    }
    chosen
}

/// The GPU with this name.
fn position(gpus: &[Option<UniqueId>], left: &[usize], word: &str) -> Option<usize> {
    let uuid = word.split_at_checked(4).filter(|(prefix, _)| prefix.eq_ignore_ascii_case("GPU-"));
    let Some((_, digits)) = uuid else {
        return left.get(word.parse::<usize>().ok()?).copied();
    };
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let digits = digits.to_ascii_lowercase();
    let named = |gpu: &&usize| {
        gpus.get(**gpu).copied().flatten().is_some_and(|id| id.to_string().starts_with(&digits))
    };
    let mut matches = left.iter().filter(named);
    match (matches.next(), matches.next()) {
        (Some(gpu), None) => Some(*gpu),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two cards, the halves of one package, and a card without an id.
    const NONE: [usize; 0] = [];
    const GPUS: [Option<UniqueId>; 5] = [
        Some(UniqueId(0x1111_2222_3333_4444)),
        Some(UniqueId(0x0abb_aabb_aabb_aabb)),
        Some(UniqueId(0xbaba_baba_baba_baba)),
        Some(UniqueId(0xbaba_baba_baba_baba)),
        None,
    ];

    fn rocr(list: &str) -> Vec<usize> {
        visible(&GPUS, VisibleDevices { rocr: Some(list), ..VisibleDevices::default() })
    }

    #[test]
    fn indices() {
        assert_eq!(visible(&GPUS, VisibleDevices::default()), [0, 1, 2, 3, 4]);
        assert_eq!(rocr("2,0"), [2, 0]);
        assert_eq!(rocr(" 2 , 0"), [2, 0]);
        assert_eq!(rocr(""), NONE);
        assert_eq!(rocr("-1"), NONE);
        assert_eq!(rocr("1,-1,0"), [1]);
        assert_eq!(rocr("1,9,0"), [1]);
        assert_eq!(rocr("1,1,0"), [1]);
        assert_eq!(rocr("1,x,0"), [1]);
        assert_eq!(rocr("99999999999999999999"), NONE);
    }

    #[test]
    fn uuids() {
        assert_eq!(rocr("GPU-1111222233334444,1"), [0, 1]);
        assert_eq!(rocr("gpu-0ABB"), [1]);
        assert_eq!(rocr("GPU-"), NONE);
        assert_eq!(rocr("GPU-baba"), NONE, "fits two partitions");
        assert_eq!(rocr("4,GPU-XX"), [4]);
        assert_eq!(rocr("GPU-11112222333344445"), NONE);
        assert_eq!(rocr("GPÜ"), NONE);
    }

    #[test]
    fn hip_counts_what_rocr_left() {
        let env = VisibleDevices { rocr: Some("3,1,0"), hip: Some("2,0"), cuda: Some("1") };
        assert_eq!(visible(&GPUS, env), [0, 3]);
        assert_eq!(visible(&GPUS, VisibleDevices { hip: None, ..env }), [1]);
        assert_eq!(visible(&GPUS, VisibleDevices { hip: Some(""), ..env }), NONE);
    }
}
