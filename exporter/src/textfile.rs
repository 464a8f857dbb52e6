//! One page in a file, for node_exporter's textfile collector.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::exposition::{self, Format, MetricNames};
use crate::observer::Observer;
use crate::own::Own;

/// Writes what one look finds. The file gets its name when it is whole, so that no half of it is ever read; `-` is
/// standard output.
///
/// # Errors
/// Those of writing.
pub fn write(observer: &mut Observer, deadline: Duration, names: MetricNames, path: &Path) -> io::Result<()> {
    let mut page = observer.look(deadline);
    Own::default().put(&mut page);
    let text = exposition::text(&Arc::new(page), Format::Text, names).map_err(io::Error::other)?;
    if path == Path::new("-") {
        return print(&text);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    // node_exporter is another user.
    file.as_file().set_permissions(Permissions::from_mode(0o644))?;
    file.persist(path)?;
    Ok(())
}

/// Writes to standard output. A reader that has seen enough, such as `head`, is no error.
///
/// # Errors
/// Those of writing.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
