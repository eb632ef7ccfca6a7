"""What each layer of a frozen encoder knows about relations."""
