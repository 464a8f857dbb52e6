//! Every question to every recorded machine and every case: an answer or an error, no panic, and numbers that JSON has.

use std::sync::Arc;

use amdgpu_smi::Smi;
use amdgpu_smi::backend::{Backend, Tree};
use support::everything::ask_everything;
use support::machines::{Machine, cases, machines};

use crate::asked::{BACKEND, GPU, MACHINE};

/// The number of values a machine has.
fn ask(machine: &Machine) -> usize {
    let backend: Arc<dyn Backend> = Arc::new(Tree::open(&machine.root).unwrap());
    let mut answers: Vec<_> = BACKEND.iter().map(|(_, ask)| ask(&backend)).collect();
    let smi = Smi::builder().backend(backend).build();
    if let Ok(smi) = &smi {
        answers.extend(MACHINE.iter().map(|(_, ask)| ask(smi)));
        for gpu in smi.gpus() {
            answers.extend(GPU.iter().map(|(_, ask)| ask(gpu)));
            assert!(!ask_everything(gpu).is_empty());
        }
    }
    for answer in &answers {
        let text = serde_json::to_string(&answer.value).unwrap();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            answer.value,
            "{}",
            machine.name
        );
    }
    answers.len()
}

#[test]
fn everything_is_answered() {
    for (kind, machines) in [("captures", machines()), ("cases", cases())] {
        let Some(machines) = machines else { continue };
        let answers: usize = machines.iter().map(ask).sum();
        println!("{kind}: {} machines, {answers} answers of the library and its samplers", machines.len());
    }
}
