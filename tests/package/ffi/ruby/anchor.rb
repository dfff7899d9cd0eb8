# libanchor for Ruby, with Fiddle alone: wait until a named event is signaled, and signal one.
#
# Fiddle lets go of the interpreter's lock during a call, so other threads run while one waits. Settings come from the
# environment.
require 'fiddle/import'
require 'json'

module Anchor
  module Library
    extend Fiddle::Importer
    dlload 'libanchor.so.0'
    typealias 'int64_t', 'long long'
    typealias 'anchor_status', 'int'
    extern 'anchor_status anchor_client_new(void *config, void **out)'
    extern 'void anchor_client_free(void *client)'
    extern 'anchor_status anchor_wait_for_event(void *client, char *event_name, int64_t timeout_ms, void *cancel,
                                                void **out_json)'
    extern 'anchor_status anchor_signal_event(void *client, char *event_name, char *data_json, int64_t timeout_ms, void *cancel,
                                              void **out_json)'
    extern 'void *anchor_cancel_token_new()'
    extern 'void anchor_cancel_token_cancel(void *token)'
    extern 'void anchor_cancel_token_free(void *token)'
    extern 'char *anchor_status_name(int status)'
    extern 'void anchor_string_free(void *string)'

    FREE = { client: self['anchor_client_free'], token: self['anchor_cancel_token_free'] }.freeze
  end

  # What went wrong: `status` such as "ANCHOR_UNAUTHORIZED", and `details`, the library's error object.
  class Error < StandardError
    attr_reader :status, :details

    def initialize(status, details)
      super(details['message'] || status)
      @status = status
      @details = details
    end
  end

  # The event was not signaled within the time.
  class Timeout < Error; end

  # The call was cancelled from elsewhere.
  class Cancelled < Error; end

  # Brings calls back, from any thread.
  class CancelToken
    attr_reader :handle

    def initialize
      @handle = Library.anchor_cancel_token_new
      raise NoMemoryError, 'no memory or file descriptor left' if @handle.null?

      @handle.free = Library::FREE[:token]
    end

    def cancel
      Library.anchor_cancel_token_cancel(@handle)
    end
  end

  REQUEST_TIMEOUT = -2

  # One for the whole program: any number of threads may use it at once.
  class Client
    def initialize
      out = Anchor.slot
      status = Library.anchor_client_new(nil, out)
      raise Error.new(Anchor.name_of(status), {}) unless status.zero?

      @handle = out.ptr
      @handle.free = Library::FREE[:client]
    end

    # Blocks until the event is signaled; gives the answer, such as {"data" => {...}}. The timeout is in seconds.
    def wait(event, timeout: 60, cancel: nil)
      out = Anchor.slot
      milliseconds = (timeout * 1000).round
      Anchor.answer(Library.anchor_wait_for_event(@handle, event, milliseconds, cancel&.handle, out), out)
    end

    # Hands data to whoever waits for the event, now or later.
    def signal(event, data = {}, timeout: nil, cancel: nil)
      out = Anchor.slot
      text = JSON.generate(data)
      milliseconds = timeout ? (timeout * 1000).round : REQUEST_TIMEOUT
      Anchor.answer(Library.anchor_signal_event(@handle, event, text, milliseconds, cancel&.handle, out), out)
    end
  end

  # Room for one pointer, which a call fills.
  def self.slot
    slot = Fiddle::Pointer.malloc(Fiddle::SIZEOF_VOIDP, Fiddle::RUBY_FREE)
    slot[0, Fiddle::SIZEOF_VOIDP] = [0].pack('J')
    slot
  end

  def self.name_of(status)
    Library.anchor_status_name(status).to_s
  end

  def self.answer(status, out)
    answer = out.ptr.null? ? {} : JSON.parse(out.ptr.to_s.force_encoding('UTF-8'))
    return answer if status.zero?

    kind = { 1 => Timeout, 2 => Cancelled }.fetch(status, Error)
    raise kind.new(name_of(status), answer.fetch('error', {}))
  ensure
    Library.anchor_string_free(out.ptr)
  end
end
