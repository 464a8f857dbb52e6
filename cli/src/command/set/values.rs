//! The options of `set` whose values are several words: power caps, clock levels, clock limits.

use amdgpu_smi::control::Bound;
use amdgpu_smi::gpu::ClockDomain;
use amdgpu_smi::unit::{MegaHertz, MicroWatts};

use super::args::{megahertz, watts};
use crate::failure::Failure;

/// A clock that has levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    Domain(ClockDomain),
    Pcie,
}

/// The limits of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    One(Bound, MegaHertz),
    Both(MegaHertz, MegaHertz),
}

/// `300`, `300W ppt1`, and several of them.
pub(super) fn caps(words: &[String]) -> Result<Vec<(u32, MicroWatts)>, Failure> {
    let wrong = |reason: &str| Failure::Usage(format!("--power-cap {}: {reason}", words.join(" ")));
    let mut caps: Vec<(u32, MicroWatts)> = Vec::new();
    let mut named = true;
    for word in words {
        let channel = match word.to_ascii_lowercase().as_str() {
            "ppt0" => 1,
            "ppt1" => 2,
            _ => {
                let cap = watts(word).map_err(|reason| wrong(&reason))?;
                caps.push((1, cap));
                named = false;
                continue;
            }
        };
        match caps.last_mut() {
            Some(last) if !named => last.0 = channel,
            _ => return Err(wrong("expected ppt0 (socket, the default) or ppt1 after the watts")),
        }
        named = true;
    }
    let twice = |channel| caps.iter().filter(|(one, _)| *one == channel).count() > 1;
    if twice(1) || twice(2) {
        return Err(wrong("one cap is given twice"));
    }
    caps.sort_by_key(|(channel, _)| *channel);
    Ok(caps)
}

fn domain(word: &str) -> Option<ClockDomain> {
    match word.to_ascii_lowercase().as_str() {
        "sclk" | "gfxclk" => Some(ClockDomain::Graphics),
        "mclk" => Some(ClockDomain::Memory),
        "fclk" => Some(ClockDomain::Fabric),
        "socclk" => Some(ClockDomain::Soc),
        _ => None,
    }
}

pub(super) fn name(domain: ClockDomain) -> &'static str {
    match domain {
        ClockDomain::Graphics => "sclk",
        ClockDomain::Memory => "mclk",
        ClockDomain::Fabric => "fclk",
        _ => "socclk",
    }
}

/// `sclk 0 1`, and several of them.
pub(super) fn levels(words: &[String]) -> Result<Vec<(Clock, Vec<u32>)>, Failure> {
    let wrong = |reason: &str| Failure::Usage(format!("--clk-level {}: {reason}", words.join(" ")));
    let mut found: Vec<(Clock, Vec<u32>)> = Vec::new();
    for word in words {
        let clock = match domain(word) {
            Some(domain) => Some(Clock::Domain(domain)),
            None if word.eq_ignore_ascii_case("pcie") => Some(Clock::Pcie),
            None => None,
        };
        match (clock, word.parse(), found.last_mut()) {
            (Some(clock), _, _) => found.push((clock, Vec::new())),
            (None, Ok(level), Some((_, levels))) => levels.push(level),
            (None, Ok(_), None) => return Err(wrong("expected a clock first, as in sclk 0 1")),
            (None, Err(_), _) => {
                return Err(wrong(&format!(
                    "{word} is neither a level nor sclk, mclk, fclk, socclk or pcie"
                )));
            }
        }
    }
    let clock_twice = |clock| found.iter().filter(|(one, _)| *one == clock).count() > 1;
    if found.iter().any(|(clock, _)| clock_twice(*clock)) {
        return Err(wrong("one clock is given twice"));
    }
    match found.iter().any(|(_, levels)| levels.is_empty()) {
        true => Err(wrong("which levels? `amdgpu-smi static -C` lists them")),
        false => Ok(found),
    }
}

/// `sclk min 800`, and several of them. Both bounds of one clock are one change, because which of them must be
/// written first depends on where the clock is now.
pub(super) fn limits(words: &[String]) -> Result<Vec<(ClockDomain, Limit)>, Failure> {
    let wrong = |reason: &str| Failure::Usage(format!("--clk-limit {}: {reason}", words.join(" ")));
    let mut found: Vec<(ClockDomain, Limit)> = Vec::new();
    for three in words.chunks(3) {
        let [clock, bound, value] = three else { return Err(wrong("expected a clock, min or max, and MHz")) };
        let domain = domain(clock).ok_or_else(|| wrong(&format!("{clock} is none of sclk, mclk, fclk")))?;
        let bound = match bound.to_ascii_lowercase().as_str() {
            "min" => Bound::Minimum,
            "max" => Bound::Maximum,
            _ => return Err(wrong(&format!("{bound} is neither min nor max"))),
        };
        let value = megahertz(value).map_err(|reason| wrong(&reason))?;
        match found.iter_mut().find(|(other, _)| *other == domain) {
            None => found.push((domain, Limit::One(bound, value))),
            Some((_, limit)) => {
                *limit = match (*limit, bound) {
                    (Limit::One(Bound::Minimum, low), Bound::Maximum) => Limit::Both(low, value),
                    (Limit::One(Bound::Maximum, high), Bound::Minimum) => Limit::Both(value, high),
                    _ => return Err(wrong("one bound is given twice")),
                };
            }
        }
    }
    Ok(found)
}
