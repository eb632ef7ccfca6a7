"""The prompt-based relation classifier (BioREx, section 3.4)."""
