"""Says where the library is, and which one AMD's Python package loads here: `python -m amdgpu_smi_libamd_smi`."""
import pathlib
import sys

from . import path


def loaded():
    """The files that this process has mapped under the library's name."""
    lines = pathlib.Path("/proc/self/maps").read_text().splitlines()
    return sorted({line.split(maxsplit=5)[5] for line in lines if "libamd_smi.so" in line})


def main():
    print(f"installed: {path()}")
    try:
        import amdsmi  # noqa: F401
    except Exception as error:
        print(f"amdsmi cannot be imported: {error}")
        return 1
    files = loaded()
    print(f"loaded: {', '.join(files) or 'none'}")
    return 0 if files == [str(path())] else 1


if __name__ == "__main__":
    sys.exit(main())
