# frozen_string_literal: true

module AnchorEvents
  # That of the library.
  VERSION = '0.1.0'
end
