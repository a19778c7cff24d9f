"""Drivers of ACME for the cataloguing workcell: a camera, a record source and an OCR engine.

Each stands in a module of its own, which is imported only where its driver is used.
"""
