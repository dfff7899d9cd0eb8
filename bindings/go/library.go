package anchor

// #include <anchor.h>
// #include <stdlib.h>
import "C"

import (
	"runtime"
	"strings"
	"unsafe"
)

// check makes a call of the library. Why it failed is known to the thread that made it.
func check(call func() C.anchor_status) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	status := call()
	if status == C.ANCHOR_OK {
		return nil
	}
	err := &Error{Status: Status(status), Message: C.GoString(C.anchor_last_error())}
	err.TimedOut = err.Status == ErrTimeout
	return err
}

// withText makes a call that takes a text. C would cut it off at U+0000.
func withText(what, value string, call func(*C.char) C.anchor_status) error {
	if hasNUL(value) {
		return invalid(what + " contains U+0000")
	}
	text := C.CString(value)
	defer C.free(unsafe.Pointer(text))
	return check(func() C.anchor_status { return call(text) })
}

// withPair makes a call that takes two texts.
func withPair(what, first, second string, call func(first, second *C.char) C.anchor_status) error {
	if hasNUL(first) || hasNUL(second) {
		return invalid(what + " contains U+0000")
	}
	texts := [2]*C.char{C.CString(first), C.CString(second)}
	defer C.free(unsafe.Pointer(texts[0]))
	defer C.free(unsafe.Pointer(texts[1]))
	return check(func() C.anchor_status { return call(texts[0], texts[1]) })
}

// takeText copies a string that the library gave, and frees it.
func takeText(text *C.char) []byte {
	defer C.anchor_string_free(text)
	return []byte(C.GoString(text))
}

func hasNUL(text string) bool { return strings.IndexByte(text, 0) >= 0 }

func invalid(message string) error { return &Error{Status: ErrInvalidArgument, Message: message} }
