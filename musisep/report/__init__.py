"""A page for a browser that plays, shows and corrects what was separated."""

from musisep.report.page import (
    write_report as write_report,
)
