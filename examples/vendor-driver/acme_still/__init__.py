"""The ACME Still for the cataloguing workcell."""

from acme_still.camera import StillCamera, open_still
from workcell.kernel.drivers import Driver

CAMERA = Driver(api=1, open=open_still, text="ACME Still, firmware 3", met_hardware=False)
"""What the entry point ``camera.acme-still`` leads to."""

__all__ = ["CAMERA", "StillCamera", "open_still"]
