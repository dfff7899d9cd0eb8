# frozen_string_literal: true

require_relative 'arguments'
require_relative 'errors'
require_relative 'library'

module AnchorEvents
  # Settings of a client and options of a call, and how they are set in the library.
  module Settings
    TRUST = %i[auto system bundled].freeze

    # How the value of a keyword becomes the arguments of its setter, once or several times.
    ONE = ->(check) { ->(what, value) { [[check.call(what, value)]] } }
    PAIR = lambda do |check|
      lambda do |what, value|
        raise TypeError, "#{what} must be an Array of two" unless value.is_a?(Array) && value.size == 2

        [value.map { |part| check.call(what, part) }]
      end
    end

    TEXT = Arguments.method(:text)
    PATH = Arguments.method(:path)
    FLAG = ONE[Arguments.method(:flag)]
    TIME = ONE[Arguments.method(:milliseconds)]
    HEADERS = lambda do |what, value|
      raise TypeError, "#{what} must be a Hash, not #{value.class}" unless value.is_a?(Hash)

      value.map { |header| header.map { |part| TEXT.call(what, part) } }
    end
    RETRIES = ONE[lambda do |what, value|
      value == Float::INFINITY ? Library::RETRY_ALWAYS : Arguments.count(what, value, Library::RETRY_ALWAYS)
    end]
    SIZE = ONE[->(what, value) { Arguments.count(what, value, (2**63) - 1) }]
    TRUSTED = ONE[lambda do |what, value|
      TRUST.index(value) or raise TypeError, "#{what} must be one of #{TRUST.map(&:inspect).join(', ')}"
    end]
    private_constant :ONE, :PAIR, :TEXT, :PATH, :FLAG, :TIME, :HEADERS, :RETRIES, :SIZE, :TRUSTED

    # By keyword: the setter without its prefix, and its arguments.
    SETTERS = {
      api_key: ['set_api_key', ONE[TEXT]],
      base_url: ['set_base_url', ONE[TEXT]],
      allow_http: ['set_allow_http', FLAG],
      headers: ['add_header', HEADERS],
      user_agent: ['set_user_agent', ONE[TEXT]],
      proxy: ['set_proxy', ONE[TEXT]],
      connect_to: ['set_connect_to', PAIR[TEXT]],
      ca_file: ['set_ca_file', ONE[PATH]],
      ca_pem: ['set_ca_pem', ONE[TEXT]],
      trust: ['set_trust', TRUSTED],
      crl_file: ['set_crl_file', ONE[PATH]],
      pinned_public_keys: ['set_pinned_public_keys', ONE[TEXT]],
      client_certificate: ['set_client_certificate', PAIR[PATH]],
      client_certificate_pem: ['set_client_certificate_pem', PAIR[TEXT]],
      connect_timeout: ['set_connect_timeout_ms', TIME],
      request_timeout: ['set_request_timeout_ms', TIME],
      max_response_bytes: ['set_max_response_bytes', SIZE],
      slice: ['set_slice_ms', TIME],
      grace: ['set_grace_ms', TIME],
      retries: ['set_retries', RETRIES],
      rearm: ['set_rearm', FLAG]
    }.freeze

    OPTIONS = {
      retries: ['set_retries', RETRIES],
      rearm: ['set_rearm', FLAG],
      slice: ['set_slice_ms', TIME],
      headers: ['add_header', HEADERS],
      request_id: ['set_request_id', ONE[TEXT]]
    }.freeze

    class << self
      # A client of the library, made from the environment and these settings.
      def new_client(settings)
        config = Library.own(Library[:anchor_config_new].call, :anchor_config_free)
        apply('anchor_config_', SETTERS, config, settings)
        out = Library.slot
        Error.check(Library[:anchor_client_new].call(config, out))
        Library.own(out.ptr, :anchor_client_free)
      ensure
        config&.call_free
      end

      # The options of a call as the library takes them; nil if there are none.
      def new_options(options)
        return if options.empty?

        handle = Library.own(Library[:anchor_options_new].call, :anchor_options_free)
        apply('anchor_options_', OPTIONS, handle, options)
        handle
      end

      private

      def apply(prefix, setters, handle, values)
        values.each do |what, value|
          setter, arguments = setters.fetch(what) { raise ArgumentError, "unknown keyword: #{what.inspect}" }
          arguments.call(what, value).each { |call| Error.check(Library[:"#{prefix}#{setter}"].call(handle, *call)) }
        end
      end
    end
  end
  private_constant :Settings
end
