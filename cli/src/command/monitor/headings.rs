//! When the headings of a table are due again.

/// Headings, which come once a screenful.
#[derive(Debug, Default)]
pub(super) struct Headings {
    /// Lines since the last ones, they included; none before the first.
    since: Option<usize>,
}

impl Headings {
    /// The next rows have headings.
    pub(super) fn begin_again(&mut self) {
        self.since = None;
    }

    /// Returns `true` if this many lines need headings before them. The lines are printed either way.
    pub(super) fn are_due(&mut self, lines: usize, height: Option<usize>) -> bool {
        let since = self.since.filter(|since| height.is_none_or(|height| since + lines < height));
        self.since = Some(since.unwrap_or(1) + lines);
        since.is_none()
    }
}
