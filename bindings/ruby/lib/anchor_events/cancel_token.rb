# frozen_string_literal: true

module AnchorEvents
  # Ends calls from another thread, or from a trap. Any number of calls may share one.
  class CancelToken
    def initialize
      @is_cancelled = false
      @calls = {}.compare_by_identity
    end

    # Ends every call that was given the token, and every later one, with Cancelled.
    def cancel
      # No lock, which a trap could not take: a call is registered before it looks whether the token was cancelled.
      @is_cancelled = true
      @calls.keys.each(&:cancel) # rubocop:disable Style/HashEachMethods -- others may register meanwhile
    end

    def cancelled?
      @is_cancelled
    end

    # Raises if the token was cancelled: a call that has not begun does not begin.
    def self.check(token)
      return if token.nil?
      raise TypeError, "cancel must be a CancelToken, not #{token.class}" unless token.is_a?(CancelToken)

      raise Cancelled.new('the call was cancelled before it began', status: :cancelled) if token.cancelled?
    end

    # Cancels the call, an object with `cancel`, if the token is cancelled during the block.
    def self.during(token, call, &)
      token ? token.__send__(:during, call, &) : yield
    end

    private

    def during(call)
      @calls[call] = true
      call.cancel if @is_cancelled
      yield
    ensure
      @calls.delete(call)
    end
  end
end
