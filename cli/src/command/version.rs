//! `version`: of this program, the driver and the kernel.

use crate::answer;
use crate::args::Common;
use crate::face::Face;
use crate::failure::Failure;
use crate::machine;
use crate::output::Output;
use crate::render::{AmdRoot, Columns, Document, Format, alone, inline};
use crate::report::{Forms, Node, Section};

/// The library is released together with this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) fn run(common: &Common) -> Result<(), Failure> {
    let (driver, kernel) = match machine::builder(common).driver_info() {
        Ok(info) => (Node::reading(&info.version), Node::reading(&info.kernel_release)),
        Err(error) => {
            let absent = match &error {
                amdgpu_smi::Error::DriverNotLoaded { .. } | amdgpu_smi::Error::Wsl => {
                    Node::absent("no driver", &error.to_string())
                }
                amdgpu_smi::Error::Root { .. } => return Err(error.into()),
                error => Node::from(error),
            };
            (absent.clone(), absent)
        }
    };
    // Programs compare the number with those of AMD's releases: that of the release whose interface this is.
    let (tool, version) = match common.face {
        Face::AmdSmi => ("AMDSMI Tool", concat!("27.1.0+amdgpu-smi.", env!("CARGO_PKG_VERSION"))),
        _ => ("amdgpu-smi", VERSION),
    };
    let library = if common.face == Face::AmdSmi { "27.1.0" } else { VERSION };
    let unused = Node::unsupported("this program does not use it");
    let mut section = Section::new();
    section
        .put("tool", tool)
        .put("version", version)
        .put("amdsmi_library_version", library)
        .put("rocm_version", unused.clone())
        .put("amdgpu_version", driver)
        .put("amd_hsmp_driver_version", unused.clone())
        .put("nic_driver_version", unused)
        .own("os_kernel_version", kernel);
    let format = answer::format(common);
    let text = match format {
        Format::Json => alone(&section),
        Format::Text { .. } if common.face == Face::AmdSmi => amds_line(&section),
        Format::Text { verbose, .. } => line(&section, verbose),
        Format::AmdJson | Format::Csv(_) => {
            let document = Document { sections: &[section], timestamp: None, root: AmdRoot::Array };
            document.render(format, &mut Columns::default())
        }
    };
    Output::open(common)?.write(&text)
}

fn line(section: &Section, verbose: u8) -> String {
    let of = |key| section.get(Forms::TEXT, key).map_or_else(String::new, |node| inline(node, verbose));
    format!(
        "amdgpu-smi: {} | library: {} | amdgpu version: {} | kernel: {}\n",
        of("version"),
        of("amdsmi_library_version"),
        of("amdgpu_version"),
        of("os_kernel_version"),
    )
}

fn amds_line(section: &Section) -> String {
    let of = |key| section.get(Forms::AMD_JSON, key).map_or_else(String::new, |node| inline(node, 0));
    format!(
        "{}: {} | AMDSMI Library version: {} | ROCm version: {} | amdgpu version: {} | ionic version: {}\n",
        of("tool"),
        of("version"),
        of("amdsmi_library_version"),
        of("rocm_version"),
        of("amdgpu_version"),
        of("nic_driver_version"),
    )
}
