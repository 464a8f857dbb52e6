//! The clock of a recording that is played: where it is, whether it goes on, and what was before.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use amdgpu_smi::backend::{Archive, Frames};

use super::history::KEPT;

/// The most looks at what was before a place.
const MOST: usize = 900;

/// A recording that is played. The frames of its archive follow.
#[derive(Debug)]
pub(crate) struct Player {
    /// When the frames were recorded, from the first on.
    times: Vec<Duration>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    place: Duration,
    /// Since when it goes on from there; none while it is stopped.
    playing: Option<Instant>,
    /// Seconds of the recording in a second.
    speed: f64,
    /// The place whose frame is read for the history, while that is gathered.
    visited: Option<Duration>,
}

impl Player {
    /// A player of this archive; none if it is a machine as it was once.
    pub(crate) fn of(archive: &Archive) -> Option<Arc<Player>> {
        let times = archive.frame_times().to_vec();
        if times.len() < 2 {
            return None;
        }
        let state = Mutex::new(State {
            place: Duration::ZERO,
            playing: Some(Instant::now()),
            speed: 1.0,
            visited: None,
        });
        let player = Arc::new(Player { times, state });
        let clock = player.clone();
        archive.set_frames(Frames::Clock(Arc::new(move || clock.read_at())));
        Some(player)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves a state that is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it is, at most at its end.
    pub(crate) fn place(&self) -> Duration {
        let state = self.state();
        let passed = state.playing.map_or(Duration::ZERO, |since| since.elapsed());
        (state.place + passed.mul_f64(state.speed)).min(self.end())
    }

    /// The place whose frame the archive shows.
    fn read_at(&self) -> Duration {
        let visited = self.state().visited;
        visited.unwrap_or_else(|| self.place())
    }

    /// Shows the frame of this time until another is visited or the next [`Player::go_to`], whether it is playing or not.
    pub(crate) fn visit(&self, time: Duration) {
        self.state().visited = Some(time);
    }

    pub(crate) fn end(&self) -> Duration {
        self.times.last().copied().unwrap_or_default()
    }

    pub(crate) fn speed(&self) -> f64 {
        self.state().speed
    }

    /// Plays it twice as fast, or half: from a quarter to sixteen times.
    pub(crate) fn change_speed(&self, faster: bool) {
        let place = self.place();
        let mut state = self.state();
        state.place = place;
        state.playing = state.playing.map(|_| Instant::now());
        state.speed = (state.speed * if faster { 2.0 } else { 0.5 }).clamp(0.25, 16.0);
    }

    pub(crate) fn is_playing(&self) -> bool {
        self.state().playing.is_some()
    }

    pub(crate) fn play(&self) {
        self.state().playing = Some(Instant::now());
    }

    /// Stops where it is.
    pub(crate) fn stop(&self) {
        let place = self.place();
        let mut state = self.state();
        state.place = place;
        state.playing = None;
    }

    /// Goes on from a place, or stays at it if it is stopped.
    pub(crate) fn go_to(&self, place: Duration) {
        let mut state = self.state();
        state.visited = None;
        state.place = place.min(self.end());
        state.playing = state.playing.map(|_| Instant::now());
    }

    /// The times of the frames in the time that is kept before a place, of many every few.
    pub(crate) fn before(&self, place: Duration) -> Vec<Duration> {
        let from = place.saturating_sub(KEPT);
        let within: Vec<Duration> =
            self.times.iter().copied().filter(|time| (from..=place).contains(time)).collect();
        let every = within.len().div_ceil(MOST).max(1);
        within.into_iter().rev().step_by(every).collect::<Vec<_>>().into_iter().rev().collect()
    }

    /// The time of the next frame, or of the one before.
    pub(crate) fn neighbour(&self, place: Duration, forwards: bool) -> Duration {
        let later = self.times.iter().copied().find(|time| *time > place);
        let earlier = self.times.iter().copied().rev().find(|time| *time < place);
        if forwards { later.unwrap_or(self.end()) } else { earlier.unwrap_or_default() }
    }
}
