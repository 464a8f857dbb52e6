//! `completions`: a script by which a shell asks this program what to offer after TAB.

use clap::{Args, ValueEnum};
use clap_complete::env::{EnvCompleter, Fish, Zsh};

use crate::args::Common;
use crate::completion::VARIABLE;
use crate::failure::Failure;
use crate::output::Output;

/// Shells with completion support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// eval "$(amdgpu-smi completions bash)" in ~/.bashrc
    Bash,
    /// source <(amdgpu-smi completions zsh) in ~/.zshrc, below compinit
    Zsh,
    /// amdgpu-smi completions fish | source in ~/.config/fish/config.fish
    Fish,
}

/// Options of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Shell to generate completions for
    shell: Shell,
}

/// bash splits words at `=` and `:`, which options and PCI addresses contain, and replaces only the last part: so the line
/// is split at blanks here, and what stands before that part is taken off the candidates.
const BASH: &str = r#"_amdgpu_smi() {
    local line=${COMP_LINE:0:COMP_POINT} separator=$'\013' found
    local -a words
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    local word=${words[${#words[@]}-1]}
    found=$(_CLAP_IFS=$separator _CLAP_COMPLETE_INDEX=$((${#words[@]} - 1)) VARIABLE=bash \
        amdgpu-smi -- "${words[@]}" 2>/dev/null) || return
    local IFS=$separator before=${word%"${word##*[=:]}"}
    COMPREPLY=($found)
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/:] ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -o bashdefault -F _amdgpu_smi amdgpu-smi
"#;

pub(crate) fn run(common: &Common, args: &CompletionsArgs) -> Result<(), Failure> {
    const NAME: &str = "amdgpu-smi";
    let mut script = Vec::new();
    let written = match args.shell {
        Shell::Bash => {
            script.extend_from_slice(BASH.replace("VARIABLE", VARIABLE).as_bytes());
            Ok(())
        }
        Shell::Zsh => Zsh.write_registration(VARIABLE, NAME, NAME, NAME, &mut script),
        Shell::Fish => Fish.write_registration(VARIABLE, NAME, NAME, NAME, &mut script),
    };
    written.map_err(|error| Failure::Nothing(format!("no script for this shell: {error}")))?;
    Output::open(common)?.write(&String::from_utf8_lossy(&script))
}
