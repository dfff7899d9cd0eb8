# The front door: every target is a plain command or two, which may as well be typed.
.POSIX:
.PHONY: build sanitize bench release demo test install uninstall abi soak faults docs dist deny fuzz clean help
