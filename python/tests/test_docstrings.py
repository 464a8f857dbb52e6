"""Every public function and class says what it gives, in which unit, what it raises, and shows an example; the examples run."""
import doctest
import inspect
import os
import unittest

import amdsmi
from amdsmi import amdsmi_interface, amdsmi_wrapper

from machine import FIXTURES, MI300X

# The first on which an example prints what it says counts.
MACHINES = (MI300X, "navi31-1x-k6.12-desktop", "mi210-navi31-2x-k6.12-processes", "mi300x-1x-k6.16-cpx-nps4-configs",
            "mi300x-1x-k6.12-cpx-nps4")
# Neither asks a GPU, a driver or a file that can fail.
NEVER_RAISE = {"amdsmi_shut_down", "amdsmi_get_lib_version", "amdsmi_get_rocm_version", "notifyTypeToString",
               "check_msb_32", "check_msb_64"}
NO_EXAMPLE = {"check_msb_32", "check_msb_64"}
# What a machine in a folder answers to changes, and to what none of these GPUs has.
REFUSALS = {amdsmi_wrapper.AMDSMI_STATUS_NOT_SUPPORTED, amdsmi_wrapper.AMDSMI_STATUS_NO_PERM,
            amdsmi_wrapper.AMDSMI_STATUS_NO_ENERGY_DRV, amdsmi_wrapper.AMDSMI_STATUS_NO_HSMP_MSG_SUP}


def public(kind):
    names = [name for name in amdsmi_interface.__all__ if not name.startswith("_")]
    values = [(name, getattr(amdsmi_interface, name)) for name in names]
    return {name: value for name, value in values if kind(value)}


def functions():
    return public(inspect.isfunction)


def examples(function):
    return doctest.DocTestParser().get_examples(inspect.getdoc(function))


class Docstrings(unittest.TestCase):
    def test_every_function_has_errors_and_an_example(self):
        self.assertGreater(len(functions()), 170)
        for name, function in functions().items():
            text = inspect.getdoc(function) or ""
            first = text.partition("\n\n")[0]
            self.assertTrue(first.endswith((".", ":")), (name, first))
            self.assertEqual("Raises:" in text, name not in NEVER_RAISE, name)
            self.assertEqual(len(examples(function)) > 0, name not in NO_EXAMPLE, name)

    def test_every_status_exists(self):
        for name, function in functions().items():
            for word in inspect.getdoc(function).replace("`", " ").split():
                if word.startswith("AMDSMI_STATUS_") and not word.endswith("*"):
                    self.assertTrue(hasattr(amdsmi_wrapper, word), (name, word))

    def test_every_class_is_described(self):
        for name, kind in public(inspect.isclass).items():
            self.assertTrue(kind.__doc__ or kind is amdsmi_wrapper.amdsmi_processor_handle, name)
        for name, method in inspect.getmembers(amdsmi.AmdSmiEventReader, inspect.isfunction):
            self.assertTrue(method.__doc__ or name.startswith("_"), name)


class Examples(unittest.TestCase):
    def scope(self):
        gpus = amdsmi.amdsmi_get_processor_handles()
        cpus, cores = amdsmi.amdsmi_get_cpusocket_handles(), amdsmi.amdsmi_get_cpucore_handles()
        processes = amdsmi.amdsmi_get_gpu_compute_process_info()
        scope = {name: getattr(amdsmi_interface, name) for name in amdsmi_interface.__all__}
        scope.update(gpu=gpus[0], other=gpus[-1], socket=amdsmi.amdsmi_get_socket_handles()[0],
                     counter=amdsmi_wrapper.amdsmi_event_handle_t(1))
        if cpus:
            scope.update(cpu=cpus[0], core=cores[1])
        if processes:
            scope.update(pid=processes[0]["process_id"])
        return scope

    def printed(self, example, scope):
        """What the example prints; nothing where it is no expression."""
        try:
            code = compile(example.source, "example", "eval")
        except SyntaxError:
            exec(compile(example.source, "example", "exec"), scope)
            return ""
        value = eval(code, scope)
        return "" if value is None else repr(value) + "\n"

    def test_examples(self):
        left = {(name, index): example for name, function in functions().items()
                for index, example in enumerate(examples(function))}
        count, said, refused = len(left), {}, 0
        for machine in MACHINES:
            os.environ["AMDGPU_SMI_ROOT"] = str(FIXTURES / machine)
            amdsmi.amdsmi_init(amdsmi.AmdSmiInitFlags.INIT_ALL_PROCESSORS)
            scope = self.scope()
            for key, example in sorted(left.items()):
                if key[0] in ("amdsmi_init", "amdsmi_shut_down"):
                    continue
                try:
                    printed = self.printed(example, scope)
                except (amdsmi.AmdSmiLibraryException, NameError, IndexError) as error:
                    said.setdefault(key, []).append(error)
                    continue
                # An example may leave out what it prints.
                if not example.want or printed == example.want:
                    del left[key]
                else:
                    said.setdefault(key, []).append(printed)
            for key in [key for key in left if key[0] in ("amdsmi_init", "amdsmi_shut_down")]:
                self.assertEqual(self.printed(left.pop(key), scope), "")
            while amdsmi.amdsmi_shut_down() is None and self.is_open():
                pass
        for key, example in left.items():
            # None of the machines has it, or nothing can be changed there: each says so, and the arguments are right.
            self.assertEqual(example.want, "", (key, example.want, said[key]))
            codes = {error.err_code for error in said[key] if isinstance(error, amdsmi.AmdSmiLibraryException)}
            self.assertTrue(codes & REFUSALS, (key, said[key]))
            refused += 1
        print("{} examples: {} print what they say, {} are refused by every machine here".format(count, count - refused, refused))

    @staticmethod
    def is_open():
        try:
            amdsmi.amdsmi_get_processor_handles()
        except amdsmi.AmdSmiLibraryException:
            return False
        return True


if __name__ == "__main__":
    unittest.main()
