# frozen_string_literal: true

require 'json'
require_relative 'settings'

module AnchorEvents
  # A client of the library. It is freed when nobody refers to it any more, so nothing is freed under a call that runs.
  class NativeClient
    def initialize(settings)
      @pointer = Settings.new_client(settings)
      @is_closed = false
    end

    # The client, if it was not closed.
    def pointer
      raise ClosedError, 'the client is closed' if @is_closed

      @pointer
    end

    def close
      @is_closed = true
      cancel_all
    end

    # Another thread may have closed the client while a call began.
    def cancel_if_closed
      cancel_all if @is_closed
    end

    def replace_key(api_key)
      Error.check(Library[:anchor_client_set_api_key].call(pointer, Arguments.text('api_key', api_key)))
    end

    def stats
      out = Library.slot
      Error.check(Library[:anchor_client_stats].call(pointer, out))
      JSON.parse(Library.take_text(out))
    end

    private

    def cancel_all
      Library[:anchor_client_cancel_all].call(@pointer)
    end
  end
  private_constant :NativeClient
end
