# frozen_string_literal: true

require 'json'

module AnchorEvents
  # Ruby's values as the library takes them. What is wrong with one is a TypeError or an ArgumentError that names it.
  module Arguments
    LONGEST_MS = (2**63) - 1

    module_function

    # A String as UTF-8. C would cut it off at U+0000.
    def text(what, value)
      raise TypeError, "#{what} must be a String, not #{value.class}" unless value.is_a?(String)

      text = utf8(value)
      raise ArgumentError, "#{what} is not valid UTF-8" unless text&.valid_encoding?
      raise ArgumentError, "#{what} contains U+0000" if text.include?("\0")

      text
    end

    # A String or a Pathname.
    def path(what, value)
      text(what, value.respond_to?(:to_path) ? value.to_path : value)
    end

    def flag(what, value)
      raise TypeError, "#{what} must be true or false, not #{value.class}" unless [true, false].include?(value)

      value ? 1 : 0
    end

    # An Integer from 0 to `most`.
    def count(what, value, most)
      raise TypeError, "#{what} must be an Integer, not #{value.class}" unless value.is_a?(Integer)
      raise ArgumentError, "#{what} is not between 0 and #{most}" unless value.between?(0, most)

      value
    end

    # Seconds as whole milliseconds, rounded up. A little time is not none.
    def milliseconds(what, value)
      raise TypeError, "#{what} must be a number of seconds, not #{value.class}" unless value.is_a?(Numeric) && value.real?
      raise ArgumentError, "#{what} is not finite; nil sets no limit" unless value.finite?
      raise ArgumentError, "#{what} is negative" if value.negative?

      millis = (value * 1000).round(3).ceil
      raise ArgumentError, "#{what} is too long; nil sets no limit" if millis > LONGEST_MS

      millis
    end

    # A timeout, where nil is something else.
    def limit(value, without)
      value.nil? ? without : milliseconds('timeout', value)
    end

    # The data of a signal.
    def json_object(data)
      raise TypeError, "data must be a Hash, not #{data.class}" unless data.is_a?(Hash)

      JSON.generate(json_value(data), max_nesting: 0)
    end

    # JSON.generate would make a String of what JSON cannot express.
    def json_value(value)
      case value
      when nil, true, false, Integer then value
      when Float then finite(value)
      when String, Symbol then json_text(value.to_s)
      when Array then value.map { |item| json_value(item) }
      when Hash then value.to_h { |key, item| [json_key(key), json_value(item)] }
      else raise TypeError, "data contains an object of #{value.class}, which JSON cannot express"
      end
    end

    def finite(value)
      raise ArgumentError, 'data contains a number that is not finite' unless value.finite?

      value
    end

    def json_key(key)
      raise TypeError, "data has a key of #{key.class}, not a String or a Symbol" unless key.is_a?(String) || key.is_a?(Symbol)

      json_text(key.to_s)
    end

    def json_text(value)
      text = utf8(value)
      raise ArgumentError, 'data contains text that is not valid UTF-8' unless text&.valid_encoding?

      text
    end

    # Nil if it is in bytes of no encoding. The error of Ruby would quote it.
    def utf8(value)
      value.encode(Encoding::UTF_8)
    rescue EncodingError
      nil
    end
  end
  private_constant :Arguments
end
