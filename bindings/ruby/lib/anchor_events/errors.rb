# frozen_string_literal: true

require 'json'
require 'timeout'

module AnchorEvents
  # A call failed. `rescue AnchorEvents::Error` rescues all that this gem raises because of the service or the network.
  #
  # If time ended the call, the error is an EventTimeout, whatever its status is.
  module Error
    # The outcome, such as :unauthorized.
    attr_reader :status
    # The HTTP status, if there was one.
    attr_reader :code
    # How far the last request got: :dns, :connect, :tls, :send, :wait or :receive.
    attr_reader :phase
    # All that the library reports, such as attempts, elapsedMs, lastError, requestId and retryAfterMs.
    attr_reader :details

    def initialize(message = nil, status: nil, details: {})
      super(message || details['message'])
      @status = status
      @details = details
      @code = details['code']
      @phase = details['phase']&.to_sym
    end

    # Whether a request was sent and its answer never read, so that it may have taken an event or delivered a signal.
    def maybe_consumed?
      details.fetch('maybeConsumed', false)
    end

    # Whether the call ended because its time was over.
    def timed_out?
      is_a?(EventTimeout)
    end

    class << self
      # The exception for an outcome that is not a success.
      def from(status, details)
        name = name_of(status)
        kind = details['timedOut'] ? EventTimeout : KINDS.fetch(name, Failure)
        details = { 'message' => Library[:anchor_status_message].call(status) }.merge(details)
        kind.new(status: name, details: details)
      end

      # The same, with the error as JSON that the library gave.
      def from_json(status, text)
        from(status, text.empty? ? {} : JSON.parse(text, max_nesting: false).fetch('error'))
      end

      # Raises unless a function of the library succeeded.
      def check(status)
        raise from(status, { 'message' => Library.last_error }) unless status == Library::OK
      end

      private

      def name_of(status)
        Library[:anchor_status_name].call(status).delete_prefix('ANCHOR_').downcase.to_sym
      end
    end
  end

  # The event was not signaled, or a signal not delivered, within the time. The status says more: it is :not_sent in an outage.
  class EventTimeout < Timeout::Error
    include Error
  end

  # An argument, a setting or a variable of the environment is missing or not valid; the message names it.
  class InvalidArgument < ArgumentError
    include Error
  end

  # Any failure that has no class of its own.
  class Failure < StandardError
    include Error
  end

  # The call was cancelled, or its client closed.
  class Cancelled < Failure; end

  # The service was not reached. Nothing happened, and the call is safe to repeat.
  class NotSent < Failure; end

  # The certificate or the TLS handshake was refused.
  class TLSError < Failure; end

  # A request was sent and not completely answered: the event may have been consumed, or the signal delivered.
  class ConnectionLost < Failure; end

  # The answer is not one of the API's, or too large.
  class ProtocolError < Failure; end

  # The service refused the request, or failed.
  class ServiceError < Failure; end

  # The service refused the request as malformed.
  class BadRequest < ServiceError; end

  # The API key is not valid.
  class Unauthorized < ServiceError; end

  # The API key may not do this.
  class Forbidden < ServiceError; end

  # The service does not know this.
  class NotFound < ServiceError; end

  # Too many requests. `details['retryAfterMs']` is the pause that the service asked for, if it did.
  class RateLimited < ServiceError; end

  # The service or a gateway failed.
  class ServerError < ServiceError; end

  # The client, or the queue, was closed before the call.
  class ClosedError < IOError; end

  module Error
    KINDS = {
      timeout: EventTimeout,
      cancelled: Cancelled,
      invalid_argument: InvalidArgument,
      not_sent: NotSent,
      tls: TLSError,
      connection_lost: ConnectionLost,
      protocol: ProtocolError,
      response_too_large: ProtocolError,
      bad_request: BadRequest,
      unauthorized: Unauthorized,
      forbidden: Forbidden,
      not_found: NotFound,
      rate_limited: RateLimited,
      server_error: ServerError,
      http_error: ServiceError
    }.freeze
    private_constant :KINDS
  end
end
