package anchor

// #include <anchor.h>
import "C"

import "time"

// Option is what one call does otherwise than the settings of its client say.
type Option interface {
	apply(call *call) error
}

// SettingOrOption is for a client, or for one call.
type SettingOrOption interface {
	Setting
	Option
}

type option func(call *call) error

func (o option) apply(call *call) error { return o(call) }

type both struct {
	setting
	option
}

// RetryAlways means no limit of retries.
const RetryAlways uint32 = C.ANCHOR_RETRY_ALWAYS

// WithTimeout sets a time limit in addition to that of the context, if it has one. A wait with a timeout of 0 asks once.
func WithTimeout(timeout time.Duration) Option {
	return option(func(call *call) error {
		if timeout < 0 {
			return invalid("timeout is negative")
		}
		millis := roundUp(timeout)
		call.timeout = &millis
		return nil
	})
}

// WithRequestID sets the id that each request of the call carries in the header x-request-id.
func WithRequestID(id string) Option {
	return option(func(call *call) error {
		return withText("request_id", id, func(value *C.char) C.anchor_status {
			return C.anchor_options_set_request_id(call.options, value)
		})
	})
}

// WithHeader adds a header to each request. Its value is treated as the key is.
func WithHeader(name, value string) SettingOrOption {
	return both{
		func(config *C.anchor_config) error {
			return withPair("header", name, value, func(name, value *C.char) C.anchor_status {
				return C.anchor_config_add_header(config, name, value)
			})
		},
		func(call *call) error {
			return withPair("header", name, value, func(name, value *C.char) C.anchor_status {
				return C.anchor_options_add_header(call.options, name, value)
			})
		},
	}
}

// WithRetries sets after how many failures in a row a call gives up.
func WithRetries(retries uint32) SettingOrOption {
	return both{
		func(config *C.anchor_config) error {
			return check(func() C.anchor_status { return C.anchor_config_set_retries(config, C.uint32_t(retries)) })
		},
		func(call *call) error {
			return check(func() C.anchor_status { return C.anchor_options_set_retries(call.options, C.uint32_t(retries)) })
		},
	}
}

// WithRearm sets whether a wait continues after a connection broke to which its request had been written.
func WithRearm(rearm bool) SettingOrOption {
	return both{
		func(config *C.anchor_config) error {
			return check(func() C.anchor_status { return C.anchor_config_set_rearm(config, flag(rearm)) })
		},
		func(call *call) error {
			return check(func() C.anchor_status { return C.anchor_options_set_rearm(call.options, flag(rearm)) })
		},
	}
}

// WithSlice sets the longest time for which one request of a wait asks the service to hold it.
func WithSlice(slice time.Duration) SettingOrOption {
	return both{
		func(config *C.anchor_config) error {
			return withMillis("slice", slice, func(millis C.int64_t) C.anchor_status {
				return C.anchor_config_set_slice_ms(config, millis)
			})
		},
		func(call *call) error {
			return withMillis("slice", slice, func(millis C.int64_t) C.anchor_status {
				return C.anchor_options_set_slice_ms(call.options, millis)
			})
		},
	}
}
