//! An event set in an async program.

#![allow(clippy::print_stdout, reason = "an example prints")]

#[allow(unreachable_pub, reason = "shared by the examples")]
mod common;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (smi, end) = common::arguments()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut events = smi.events().open()?.into_async()?;
        while let Ok(event) = tokio::time::timeout(common::left(end), events.next()).await {
            let Some(event) = event? else { break };
            println!("{} {} {}", event.gpu.bdf(), event.kind.name(), event.kind);
        }
        Ok(())
    })
}
