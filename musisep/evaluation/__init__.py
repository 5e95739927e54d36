"""Folders of estimated stems against folders of true ones: what is measured, and tables of it."""
