"""The release of AMD SMI whose interface this package has, as the library numbers it.

It is not that of the distribution amdgpu-smi: programs ask for it to know what the functions answer.
"""
__version__ = "26.0.2"
