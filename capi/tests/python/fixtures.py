"""The fixtures, and copies of them whose GPUs report events. Needs no package."""
import atexit
import os
import pathlib
import shutil
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "fixtures"


def look_at(fixture):
    """What amdsmi_init finds from now on."""
    os.environ["AMDGPU_SMI_ROOT"] = str(FIXTURES / fixture)


def text(path):
    return path.read_bytes().replace(b"\0", b"").decode().strip()


def pairs(path):
    try:
        return dict(line.split(" ", 1) for line in path.read_text().splitlines() if " " in line)
    except OSError:
        return {}


def scripted(test, fixture, scripts):
    """A copy of a fixture whose GPUs report events: `scripts` has the lines for each KFD id.

    Each descriptor that is opened gets the script from its beginning. Removed after the test, or after the class.
    """
    directory = pathlib.Path(tempfile.mkdtemp(prefix="amdgpu-smi-events-"))
    # A class has cleanups since Python 3.8; what an older one leaves goes when the interpreter ends.
    later = getattr(test, "addClassCleanup", atexit.register) if isinstance(test, type) else test.addCleanup
    later(shutil.rmtree, str(directory), ignore_errors=True)
    root = directory / fixture
    shutil.copytree(str(FIXTURES / fixture), str(root), symlinks=True, copy_function=link_or_copy)
    (root / "dev/kfd.events").mkdir()
    for gpu_id, lines in scripts.items():
        (root / f"dev/kfd.events/{gpu_id}").write_text("".join(line + "\n" for line in lines))
    os.environ["AMDGPU_SMI_ROOT"] = str(root)
    return root


def link_or_copy(source, target):
    """The files of the copy are only read, so they may be the fixture's own."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def kfd_ids(fixture):
    """The KFD ids of a fixture's GPUs, in the order of their addresses."""
    nodes = (FIXTURES / fixture / "sys/class/kfd/kfd/topology/nodes").iterdir()
    known = [(int(pairs(node / "properties")["location_id"]), int(text(node / "gpu_id"))) for node in nodes
             if text(node / "gpu_id") != "0"]
    return [gpu_id for _, gpu_id in sorted(known)]
