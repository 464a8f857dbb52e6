//! Screens of machines, looked at by eye before they are kept.
