"""Moved to harmonize.writing.replace."""

from harmonize.writing.replace import new_file, new_folder, new_path, put

__all__ = ["new_file", "new_folder", "new_path", "put"]
